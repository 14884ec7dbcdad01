/** From the entry of an operation to its event: what was done to which file. */

import type { BinaryString, Caller, FileIdentity, GivenName, OperationEvent, OwnerChange } from '../events.ts';
import { allocationOf } from './content-calls.ts';
import type { RecordBody, Texts } from './entry-items.ts';
import { eventAt, eventFlag, nametype } from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';
import { fileType } from './opened-file.ts';
import type { Argument, OperationCall } from './operation-calls.ts';
import { type NamedItems, namedItems } from './operation-names.ts';
import { withoutLayers } from './overlay-items.ts';
import { type PathItem, pathItems } from './path-items.ts';
import { absolutePath, directoryPart } from './paths.ts';
import { rawField } from './record.ts';
import { recordType } from './record-types.ts';
import { currentDirectory, removesDirectory } from './syscalls.ts';

/** Set-user-id, set-group-id, sticky, and read, write, execute of the three. */
const permissionBits = 0o7777;
/** __AUDIT_ARCH_64BIT of linux/audit.h. */
const arch64 = 0x8000_0000;

export function operationEventOf(
  memory: EntryMemory,
  at: number,
  call: OperationCall,
  caller: Caller,
  texts: Texts,
  bodies: readonly RecordBody[],
): OperationEvent {
  const flags = memory.u8(at + 5);
  const success = (flags & eventFlag.succeeded) !== 0;
  const argument = (index: Argument | undefined): number | null => argumentOf(memory, at, index);
  const removesDirectories = ((argument(call.flags) ?? 0) & removesDirectory) !== 0;
  const operation = removesDirectories ? 'rmdir' : call.operation;
  const cwd = texts[memory.u32(at + eventAt.cwd)] ?? null;
  const items = withoutLayers(pathItems(memory, at, texts));
  const sorted = namedItems(operation, items, { success, exchanges: call.exchanges === true });
  const told = isOneName(call, argument) ? withSharedName(sorted) : sorted;

  const directory = call.dirfd === undefined ? currentDirectory : argument(call.dirfd);
  const toDirectory = call.toDirfd === undefined ? currentDirectory : argument(call.toDirfd);
  const fd = descriptorOf(call, told.file, argument);
  // What another name is made of is only looked up: the PARENT is that of the new name.
  const file = fd === null ? given(told.file, directory, cwd, operation === 'link' ? [] : items) : notGiven;
  const hasTwo = operation === 'rename' || operation === 'link';
  const to = hasTwo ? given(told.to, toDirectory, cwd, items) : null;
  const atCwd = directory === currentDirectory && toDirectory === currentDirectory;
  const isUntold = (file.path === null && fd === null) || to?.path === null;
  const mode = argument(call.mode);
  const event: OperationEvent = {
    kind: 'operation',
    operation,
    success,
    exit: memory.f64(at + eventAt.exit),
    file,
    fd,
    to,
    exchange: told.exchanged !== null,
    target: told.target?.name ?? null,
    directories: isUntold ? directoriesOf(items, atCwd, cwd) : [],
    names: told.unsorted.flatMap(({ name }) => name ?? []).map((name) => (atCwd && hasTwo ? placed(name, cwd) : name)),
    dev: told.file?.dev ?? null,
    inode: told.file?.inode ?? null,
    fileType: told.file?.mode == null ? wantedType(operation, mode) : told.file.fileType,
    replacedInode: told.replaced,
    exchangedInode: told.exchanged,
    mode: mode === null ? null : mode & permissionBits,
    modeBefore: operation === 'chmod' && told.file?.mode != null ? told.file.mode & permissionBits : null,
    owner: operation === 'chown' ? ownerOf(call, argument, bodies, told.file) : null,
    size: call.size === undefined ? null : sizeOf(call.size, call.sizeInHalves === true, bodies),
    ...(call.allocation !== undefined && {
      content: allocationOf(argument(call.allocation), (index) => wideArgument(index, bodies)),
    }),
    ms: memory.f64(at + eventAt.ms),
    serial: memory.u32(at + eventAt.serial),
    caller,
  };
  const warnings: string[] = [];
  if (success && isUntold) warnings.push('the records do not tell all names of the call');
  if ((flags & eventFlag.itemsLeftOut) !== 0) warnings.push('it has more PATH records than are kept');
  return warnings.length === 0 ? event : { ...event, warnings };
}

const notGiven: GivenName = { path: null, pathResolved: false, dirfd: null };

function argumentOf(memory: EntryMemory, at: number, index: Argument | undefined): number | null {
  if (index === undefined || (memory.u8(at + eventAt.argumentsKnown) & (1 << index)) === 0) return null;
  return memory.u32(at + eventAt.a0 + index * 4);
}

/** The kernel takes two names at one address for one, and tells it once. */
function isOneName(call: OperationCall, argument: (index: Argument | undefined) => number | null): boolean {
  const path = argument(call.path);
  return path !== null && path === argument(call.toPath);
}

function withSharedName(told: NamedItems): NamedItems {
  const { file, to } = told;
  if (file === undefined || to === undefined) return told;
  return { ...told, file: { ...file, name: file.name ?? to.name }, to: { ...to, name: to.name ?? file.name } };
}

/** The descriptor that alone says which file is meant: the call takes one, or it was given no path (AT_EMPTY_PATH). */
function descriptorOf(
  call: OperationCall,
  file: PathItem | undefined,
  argument: (index: Argument | undefined) => number | null,
): number | null {
  const fd = argument(call.fd);
  if (fd !== null) return fd | 0;
  const directory = argument(call.dirfd);
  if (directory === null || directory === currentDirectory) return null;
  const name = file?.name ?? null;
  const isLeftOut = name === null && call.toPath === undefined && argument(call.path) === 0;
  return name === '' || isLeftOut ? directory | 0 : null;
}

/** `directory`: what a relative name hangs on; null: not told. */
function given(
  item: PathItem | undefined,
  directory: number | null,
  cwd: BinaryString | null,
  items: readonly PathItem[],
): GivenName {
  const name = item?.name ?? null;
  if (name === null) return notGiven;
  const atCwd = directory === currentDirectory;
  // An empty path that led somewhere (AT_EMPTY_PATH) led to the directory itself.
  const isDirectory = name === '' && item?.nametype === nametype.normal;
  const absolute = absolutePath(isDirectory ? '.' : name, atCwd ? cwd : null);
  if (absolute !== null) return { path: absolute, pathResolved: true, dirfd: null };
  if (atCwd || directory === null) return { path: name, pathResolved: false, dirfd: null };
  const parents = isDirectory ? [] : parentsOf(name, items);
  return { path: name, pathResolved: false, dirfd: directory | 0, ...(parents.length > 0 && { parents }) };
}

/** The directory is told by as much of the name as leads to it; if that is nothing, by the working directory's path. */
export function parentsOf(name: BinaryString, items: readonly PathItem[]): FileIdentity[] {
  const part = directoryPart(name);
  return items.flatMap(({ nametype: type, name: told, dev, inode }) => {
    if (type !== nametype.parent || inode === null) return [];
    const isIts = part === '' ? told === null || isWorkingDirectory(told) : told === part;
    return isIts ? [{ dev, inode }] : [];
  });
}

/**
 * Of a name without a directory the kernel tells the working directory, whatever descriptor it hangs on: it is the one
 * of two absolute paths that does not end with a slash, but for the root.
 */
function isWorkingDirectory(parent: BinaryString): boolean {
  return parent.startsWith('/') && (parent.length === 1 || !parent.endsWith('/'));
}

function placed(name: BinaryString, cwd: BinaryString | null): BinaryString {
  return absolutePath(name, cwd) ?? name;
}

/** Each once. */
function directoriesOf(items: readonly PathItem[], atCwd: boolean, cwd: BinaryString | null): BinaryString[] {
  const found = new Set<BinaryString>();
  for (const { nametype: type, name } of items) {
    if (type !== nametype.parent || name === null) continue;
    if (atCwd) found.add(placed(name, cwd));
    else if (!isWorkingDirectory(name)) found.add(placed(name, null));
  }
  return [...found];
}

/** What was to be made, where the records do not tell what it is. */
function wantedType(operation: OperationEvent['operation'], mode: number | null): OperationEvent['fileType'] {
  if (operation === 'mkdir') return 'directory';
  if (operation === 'symlink') return 'symlink';
  if (operation !== 'mknod' || mode === null) return 'unknown';
  // Without a type mknod makes a regular file.
  return (mode & 0xf000) === 0 ? 'regular' : fileType(mode & 0xffff);
}

function ownerOf(
  { uid, gid, narrow }: OperationCall,
  argument: (index: Argument | undefined) => number | null,
  bodies: readonly RecordBody[],
  item: PathItem | undefined,
): OwnerChange {
  const number = (index: Argument | undefined): number | null => {
    const value = argument(index);
    if (value === null) return null;
    const own = narrow ? value & 0xffff : value;
    return own === (narrow ? 0xffff : 0xffff_ffff) ? null : own;
  };
  const path = bodies.find(
    ({ type, body }) => type === recordType.path && rawField(body, 'item') === `${item?.number}`,
  );
  const before = (name: string): number | null => {
    const text = path === undefined ? undefined : rawField(path.body, name);
    return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : null;
  };
  return { uid: number(uid), gid: number(gid), uidBefore: before('ouid'), gidBefore: before('ogid') };
}

/** Of 64 bits where arguments have 32: the third and the fourth are its halves, and what would follow is not told. */
function wideArgument(index: 2 | 3, bodies: readonly RecordBody[]): number | null {
  const body = bodies.find(({ type }) => type === recordType.syscall)?.body;
  const arch = body === undefined ? Number.NaN : Number.parseInt(rawField(body, 'arch') ?? '', 16);
  if ((arch & arch64) !== 0) return sizeOf(index, false, bodies);
  return index === 2 ? sizeOf(index, true, bodies) : null;
}

/** Of 64 bits, or what the architecture's arguments have; negative ones are refused by the kernel. null: not exact. */
function sizeOf(index: Argument, inHalves: boolean, bodies: readonly RecordBody[]): number | null {
  const body = bodies.find(({ type }) => type === recordType.syscall)?.body;
  if (body === undefined) return null;
  const hex = (name: string): bigint | null => {
    const text = rawField(body, name);
    return text !== undefined && /^[0-9a-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : null;
  };
  const low = hex(`a${index}`);
  const high = inHalves ? hex(`a${index + 1}`) : 0n;
  const arch = hex('arch');
  if (low === null || high === null || arch === null) return null;
  const bits = inHalves || (Number(arch) & arch64) !== 0 ? 64 : 32;
  const size = Number(BigInt.asIntN(bits, (high << 32n) | low));
  return Number.isSafeInteger(size) ? size : null;
}
