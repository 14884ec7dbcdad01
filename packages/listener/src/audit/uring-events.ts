/**
 * What io_uring did, from the entry of its event. Audit tells little of it (io_issue_sqe in io_uring/io_uring.c): the result
 * is always 0, whatever became of the operation, and there are no arguments. Where a worker of the kernel does it, which is
 * most often, its PATH records have no names either, for those belong to the call that handed it over.
 */

import type { Caller, GivenName, OperationEvent, UringFile, UringOpenEvent } from '../events.ts';
import type { Texts } from './entry-items.ts';
import { eventAt, eventFlag, nametype } from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';
import type { OperationCall } from './operation-calls.ts';
import { parentsOf } from './operation-events.ts';
import { namedItems } from './operation-names.ts';
import { type PathItem, pathItems } from './path-items.ts';
import { absolutePath } from './paths.ts';

const notGiven: GivenName = { path: null, pathResolved: false, dirfd: null };
const leftOut = 'it has more PATH records than are kept';

/** null: nothing tells which file it was. */
export function uringOpenOf(memory: EntryMemory, at: number, caller: Caller, texts: Texts): UringOpenEvent | null {
  const items = pathItems(memory, at, texts);
  const files = items.flatMap((item) => openedFile(item, items) ?? []);
  if (files.length === 0) return null;
  const origin = { ms: memory.f64(at + eventAt.ms), serial: memory.u32(at + eventAt.serial), caller };
  const warnings = [
    'opened by io_uring: audit tells neither the descriptor nor how, so its writes and its end are not seen',
  ];
  if (files.some(({ created }) => !created)) warnings.push('whether the open succeeded is not told');
  // Names of other operations that the same call handed over stand among them.
  if (files.length > memory.u32(at + eventAt.a0)) {
    warnings.push('the call that opened it named more files to io_uring than were opened: it may be another of them');
  }
  if ((memory.u8(at + 5) & eventFlag.itemsLeftOut) !== 0) warnings.push(leftOut);
  return { kind: 'uring-open', files, ...origin, warnings };
}

function openedFile(item: PathItem, items: readonly PathItem[]): UringFile | null {
  const { nametype: type, name, dev, inode, fileType } = item;
  const made = type === nametype.create;
  if (inode === null || !(made || type === nametype.normal) || fileType === 'directory' || fileType === 'symlink') {
    return null;
  }
  // A name that must be a directory's, and leads to a file: one without a name in it (O_TMPFILE).
  const isUnnamed = name !== null && /(?:^|\/)(?:\.{0,2})$/.test(name);
  const { dirfd: _, ...named } = isUnnamed ? notGiven : given(item, items);
  return { ...named, created: made || isUnnamed, dev, inode, fileType };
}

/** A relative name hangs on a descriptor, or the working directory, which is not told; that a name was made or taken away, is. */
function given(item: PathItem | undefined, items: readonly PathItem[]): GivenName {
  const name = item?.name ?? null;
  const absolute = absolutePath(name, null);
  if (absolute !== null) return { ...notGiven, path: absolute, pathResolved: true };
  const parents = name === null || item?.nametype === nametype.normal ? [] : parentsOf(name, items);
  return { ...notGiven, path: name, ...(parents.length > 0 && { parents }) };
}

export function uringOperationOf(
  memory: EntryMemory,
  at: number,
  call: OperationCall | undefined,
  caller: Caller,
  texts: Texts,
): OperationEvent | null {
  if (call === undefined) return null;
  const all = pathItems(memory, at, texts);
  const items = all.filter((item) => !isSaidAgain(item, all));
  const removed = items.find(({ nametype: type }) => type === nametype.delete);
  const removesDirectory = call.operation === 'unlink' && removed?.fileType === 'directory';
  const operation = removesDirectory ? 'rmdir' : call.operation;
  const outcome = outcomeOf(operation, all);
  const told = namedItems(operation, items, { success: outcome !== 'failed', exchanges: call.exchanges === true });
  // A link has the inode of what it is made of.
  const file = told.file ?? (operation === 'link' && told.to !== undefined ? { ...told.to, name: null } : undefined);
  const hasTwo = operation === 'rename' || operation === 'link';
  const warnings = [...unsureOf(operation, outcome), ...untoldOf(file, items)];
  if ((memory.u8(at + 5) & eventFlag.itemsLeftOut) !== 0) warnings.push(leftOut);
  return {
    kind: 'operation',
    operation,
    success: outcome !== 'failed',
    // 0 also where it failed: the error is not told.
    exit: memory.f64(at + eventAt.exit),
    file: given(file, items),
    fd: null,
    to: hasTwo ? given(told.to, items) : null,
    exchange: told.exchanged !== null,
    target: told.target?.name ?? null,
    directories: [],
    names: told.unsorted.flatMap(({ name }) => name ?? []),
    dev: file?.dev ?? null,
    inode: file?.inode ?? null,
    fileType: file?.inode != null ? file.fileType : wantedType(operation),
    replacedInode: told.replaced,
    exchangedInode: told.exchanged,
    ...{ mode: null, modeBefore: null, owner: null, size: null },
    ms: memory.f64(at + eventAt.ms),
    serial: memory.u32(at + eventAt.serial),
    caller,
    byUring: true,
    warnings,
  };
}

/** Before a name is made it is told without a file; without a name, that is nothing beside what is told once it was made. */
function isSaidAgain(item: PathItem, items: readonly PathItem[]): boolean {
  if (item.nametype !== nametype.create || item.inode !== null) return false;
  return (
    item.name === null || items.some((other) => other !== item && other.inode !== null && other.name === item.name)
  );
}

type Outcome = 'done' | 'failed' | 'unknown';

/** Of a name that is made, its inode is told once it was; one that is taken away is told before. */
function outcomeOf(operation: OperationEvent['operation'], items: readonly PathItem[]): Outcome {
  const has = (type: number) => items.some((item) => item.nametype === type);
  switch (operation) {
    case 'rename':
    case 'mkdir':
    case 'link':
    case 'symlink':
      if (items.some((item) => item.nametype === nametype.create && item.inode !== null)) return 'done';
      return has(nametype.create) ? 'unknown' : 'failed';
    case 'unlink':
    case 'rmdir':
      return has(nametype.delete) ? 'unknown' : 'failed';
    default:
      return 'unknown';
  }
}

function unsureOf(operation: OperationEvent['operation'], outcome: Outcome): string[] {
  if (outcome === 'done') return [];
  if (outcome === 'unknown') return ['done by io_uring: whether it succeeded is not told'];
  if (operation !== 'rename') return ['tried by io_uring: the error is not told'];
  // It then does nothing, and tells nothing.
  return ['tried by io_uring: it failed, with an error that is not told, or both names were of one file'];
}

function untoldOf(file: PathItem | undefined, items: readonly PathItem[]): string[] {
  if (file === undefined) return ['io_uring does not tell which file'];
  if (file.name !== null) return [];
  const [directory] = items.filter(({ nametype: type, inode }) => type === nametype.parent && inode !== null);
  const where =
    directory === undefined ? '' : `: it is in the directory with inode ${directory.inode} on ${directory.dev}`;
  return [`io_uring does not tell the name${where}`];
}

function wantedType(operation: OperationEvent['operation']): OperationEvent['fileType'] {
  if (operation === 'mkdir') return 'directory';
  return operation === 'symlink' ? 'symlink' : 'unknown';
}
