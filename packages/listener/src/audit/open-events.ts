/** Which file an open call opened, and how. */

import type { BinaryString, Caller, OpenEvent } from '../events.ts';
import { callMeaning } from './call-table.ts';
import { inodeOf, nameOf, openedItem, parentsOf, type RecordBody, type Texts, typeOf } from './entry-items.ts';
import { eventAt, eventFlag, itemAt, itemFlag, nametype } from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';
import { accessMode } from './opened-file.ts';
import { absolutePath, pathBelow } from './paths.ts';
import { rawField } from './record.ts';
import { recordType } from './record-types.ts';
import { currentDirectory, openFlag } from './syscalls.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** RESOLVE_IN_ROOT of linux/openat2.h. */
const resolveInRoot = 0x10;
const slash = 47;

export function openEventOf(
  memory: EntryMemory,
  at: number,
  caller: Caller,
  texts: Texts,
  bases: Texts,
  bodies: readonly RecordBody[],
): OpenEvent {
  const meaning = memory.u8(at + eventAt.meaning);
  const how = meaning === callMeaning.openat2 ? bodies.find(({ type }) => type === recordType.openat2) : undefined;
  const flags = flagsOf(memory, at, meaning, how);
  const item = openedItem(memory, at);
  const given = item === 0 ? null : nameOf(memory, item);
  const tidy = item !== 0 && (memory.u8(item + itemAt.flags) & itemFlag.tidyName) !== 0;
  const directory = directoryOf(memory, at, meaning);
  // RESOLVE_IN_ROOT makes the directory the root of even an absolute name.
  const inRoot = how !== undefined && resolvesInRoot(how);
  const fromDirectory = directory !== currentDirectory && (inRoot || given === null || given.charCodeAt(0) !== slash);
  const cwd = memory.u32(at + eventAt.cwd);
  const absolute =
    given === null || fromDirectory
      ? null
      : inRoot
        ? absoluteInRoot(given, texts[cwd])
        : absoluteName(given, tidy, texts[cwd], bases[cwd]);
  const isUnnamed = flags !== null && (flags & openFlag.unnamed) !== 0;
  const named = item !== 0 && !isUnnamed;
  const event: Mutable<OpenEvent> = {
    kind: 'open',
    fd: memory.f64(at + eventAt.exit),
    flags,
    access: accessMode(flags),
    closeOnExec: flags !== null && (flags & openFlag.closeOnExec) !== 0,
    truncates: !isUnnamed && flags !== null && (flags & openFlag.truncate) !== 0,
    created: isUnnamed || (item !== 0 && memory.u8(item + itemAt.nametype) === nametype.create),
    // Of an unnamed file the records name the directory; its own inode is not told.
    path: isUnnamed ? null : (absolute ?? given),
    pathResolved: !isUnnamed && absolute !== null,
    dirfd: !isUnnamed && fromDirectory && directory !== null ? directory | 0 : null,
    dev: item === 0 ? null : (texts[memory.u32(item + itemAt.dev)] ?? null),
    inode: named ? inodeOf(memory, item, texts) : null,
    fileType: isUnnamed ? 'regular' : named ? typeOf(memory, item) : 'unknown',
    ms: memory.f64(at + eventAt.ms),
    serial: memory.u32(at + eventAt.serial),
    caller,
  };
  if (fromDirectory && !isUnnamed) {
    const parents = parentsOf(memory, at, texts);
    if (parents !== undefined) event.parents = parents;
    if (inRoot) event.inRoot = true;
  }
  const left = (memory.u8(at + 5) & eventFlag.itemsLeftOut) !== 0;
  const watched = (memory.u8(at + 5) & eventFlag.watched) !== 0;
  if (flags !== null && item !== 0 && !isUnnamed && !left && !inRoot) return watched ? { ...event, watched } : event;
  const warnings: string[] = [];
  if (flags === null) warnings.push('the flags of the open call are not known');
  if (item === 0) warnings.push('no PATH record names the file');
  if (left) warnings.push('it has more PATH records than are kept');
  // Names below another directory than the process's root mean something else there.
  if (inRoot)
    warnings.push('looked up with RESOLVE_IN_ROOT: absolute symbolic links in its path lead below the directory');
  const where = absolute ?? given;
  if (isUnnamed) warnings.push(`an unnamed file (O_TMPFILE)${where === null ? '' : ` in ${where}`}`);
  return { ...event, ...(watched && { watched }), warnings };
}

function flagsOf(memory: EntryMemory, at: number, meaning: number, how: RecordBody | undefined): number | null {
  const known = memory.u8(at + eventAt.argumentsKnown);
  switch (meaning) {
    case callMeaning.openat:
      return (known & 4) === 0 ? null : memory.u32(at + eventAt.a2);
    case callMeaning.open:
      return (known & 2) === 0 ? null : memory.u32(at + eventAt.a1);
    case callMeaning.creat:
      return openFlag.create | openFlag.writeOnly | openFlag.truncate;
    default: {
      // audit_log_openat2_how: `oflag=0%llo mode=0%llo resolve=0x%llx`.
      const raw = how === undefined ? undefined : rawField(how.body, 'oflag');
      return raw !== undefined && /^[0-7]+$/.test(raw) ? Number.parseInt(raw, 8) : null;
    }
  }
}

function directoryOf(memory: EntryMemory, at: number, meaning: number): number | null {
  if (meaning === callMeaning.open || meaning === callMeaning.creat) return currentDirectory;
  return (memory.u8(at + eventAt.argumentsKnown) & 1) === 0 ? null : memory.u32(at + eventAt.a0);
}

function resolvesInRoot(how: RecordBody): boolean {
  return (Number(rawField(how.body, 'resolve')) & resolveInRoot) !== 0;
}

/** RESOLVE_IN_ROOT in the working directory. */
function absoluteInRoot(name: BinaryString, cwd: BinaryString | null | undefined): BinaryString | null {
  if (cwd === null || cwd === undefined || !cwd.startsWith('/')) return null;
  return pathBelow(cwd, name, { isPhysical: true, isRoot: true });
}

/** As absolutePath, which is asked only where a segment must go. */
function absoluteName(
  name: BinaryString,
  tidy: boolean,
  cwd: BinaryString | null | undefined,
  base: BinaryString | null | undefined,
): BinaryString | null {
  if (tidy) {
    if (name.charCodeAt(0) === slash) return name;
    if (base !== null && base !== undefined) return base + name;
  }
  return absolutePath(name, cwd ?? null);
}
