/** What is told of sensitive files alone: connections to sockets, and opens that failed. */

import type { BinaryString, Caller, OperationEvent } from '../events.ts';
import { callMeaning } from './call-table.ts';
import type { RecordBody, Texts } from './entry-items.ts';
import { eventAt, eventFlag, nametype } from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';
import { openEventOf } from './open-events.ts';
import { pathItems } from './path-items.ts';
import { absolutePath } from './paths.ts';
import { socketcallConnect } from './syscalls.ts';

export function isOpen(meaning: number): boolean {
  return meaning >= callMeaning.open && meaning <= callMeaning.creat;
}

/** Fields of operations that these have nothing of. */
const nothing = {
  ...{ fd: null, to: null, exchange: false, target: null, directories: [], names: [] },
  ...{ replacedInode: null, exchangedInode: null, mode: null, modeBefore: null, owner: null, size: null },
} as const;

/** An open that failed makes an event only where the file is sensitive. */
export function failedOpenOf(
  memory: EntryMemory,
  at: number,
  caller: Caller,
  texts: Texts,
  bases: Texts,
  bodies: readonly RecordBody[],
): OperationEvent | null {
  if ((memory.u8(at + 5) & eventFlag.watched) === 0) return null;
  const open = openEventOf(memory, at, caller, texts, bases, bodies);
  const { path, pathResolved, dirfd, dev, inode, fileType, ms, serial, warnings } = open;
  return {
    kind: 'operation',
    operation: 'open',
    success: false,
    exit: memory.f64(at + eventAt.exit),
    file: { path, pathResolved, dirfd },
    ...nothing,
    ...{ dev, inode, fileType, watched: true, ms, serial, caller },
    ...(warnings !== undefined && { warnings }),
  };
}

/** connect(2) looks the name of a unix socket up: without a name it was to another kind of address. */
export function connectEventOf(memory: EntryMemory, at: number, caller: Caller, texts: Texts): OperationEvent | null {
  const flags = memory.u8(at + 5);
  const ofI386 = memory.u8(at + eventAt.meaning) === callMeaning.socketcall;
  if (ofI386 && memory.u32(at + eventAt.a0) !== socketcallConnect) return null;
  const item = pathItems(memory, at, texts).find(
    ({ nametype: type, name }) => type === nametype.normal && name !== null,
  );
  if (item === undefined) return null;
  const path = absolutePath(item.name, texts[memory.u32(at + eventAt.cwd)] ?? null);
  return {
    kind: 'operation',
    operation: 'connect',
    success: (flags & eventFlag.succeeded) !== 0,
    exit: memory.f64(at + eventAt.exit),
    file: { path: path ?? (item.name as BinaryString), pathResolved: path !== null, dirfd: null },
    ...nothing,
    ...{ dev: item.dev, inode: item.inode, fileType: item.fileType },
    ...((flags & eventFlag.watched) !== 0 && { watched: true as const }),
    ms: memory.f64(at + eventAt.ms),
    serial: memory.u32(at + eventAt.serial),
    caller,
  };
}
