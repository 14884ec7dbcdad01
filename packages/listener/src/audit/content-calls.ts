/** Calls that change a file's content, or what may be done with it, by a descriptor: fallocate, and those of ioctl. */

import { type AllocationKind, allocationKinds, type OperationName } from '@godo/evidence';
import type { Caller, ContentFacts, MapEvent, OperationEvent } from '../events.ts';
import type { RecordBody } from './entry-items.ts';
import { eventAt, eventFlag } from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';
import { rawField } from './record.ts';
import { recordType } from './record-types.ts';
import { allocationFlag, fileIoctl, mapShared, protectionWrite } from './syscalls.ts';

const operations = new Map<number, OperationName>([
  [fileIoctl.clone, 'clone'],
  [fileIoctl.cloneRange, 'clone'],
  [fileIoctl.dedupeRange, 'dedupe'],
  [fileIoctl.setFlags, 'setflags'],
  [fileIoctl.setFlags32, 'setflags'],
  [fileIoctl.setAttributes, 'setflags'],
]);

/** null: another command, or one that is not known. All else that such a call is given lies behind a pointer. */
export function fileIoctlEventOf(memory: EntryMemory, at: number, caller: Caller): OperationEvent | null {
  const given = memory.u8(at + eventAt.argumentsKnown);
  const command = memory.u32(at + eventAt.a1);
  const operation = (given & 3) === 3 ? operations.get(command) : undefined;
  if (operation === undefined) return null;
  const fromFd = command === fileIoctl.clone && (given & 4) !== 0 ? memory.u32(at + eventAt.a2) | 0 : null;
  return {
    kind: 'operation',
    operation,
    success: (memory.u8(at + 5) & eventFlag.succeeded) !== 0,
    exit: memory.f64(at + eventAt.exit),
    file: { path: null, pathResolved: false, dirfd: null },
    fd: memory.u32(at + eventAt.a0) | 0,
    to: null,
    exchange: false,
    target: null,
    directories: [],
    names: [],
    dev: null,
    inode: null,
    fileType: 'unknown',
    replacedInode: null,
    exchangedInode: null,
    mode: null,
    modeBefore: null,
    owner: null,
    size: null,
    ...(fromFd !== null && { content: { ...nothingTold, fromFd } }),
    ms: memory.f64(at + eventAt.ms),
    serial: memory.u32(at + eventAt.serial),
    caller,
  };
}

const nothingTold: ContentFacts = { allocation: null, keepSize: false, offset: null, length: null, fromFd: null };

/**
 * `mode` as fallocate(2) has it. `wide`: gives an argument of 64 bits, in two halves where arguments have 32, and null where
 * it is not told: a SYSCALL record has four of them.
 */
export function allocationOf(mode: number | null, wide: (index: 2 | 3) => number | null): ContentFacts {
  const keepSize = mode !== null && (mode & allocationFlag.keepSize) !== 0;
  const what = mode === null ? undefined : mode & ~allocationFlag.keepSize;
  const allocation = (what === undefined ? undefined : allocations.get(what)) ?? null;
  return { ...nothingTold, allocation, keepSize, offset: wide(2), length: wide(3) };
}

/** By their FALLOC_FL_*, in the order of the kinds; 4 was never one of Linux. */
const allocations = new Map<number, AllocationKind>(
  ([0, 0x02, 0x08, 0x10, 0x20, 0x40, 0x80] as const).map((flag, index) => [
    flag,
    allocationKinds[index] as AllocationKind,
  ]),
);

/** The MMAP record, which memory without a file has none of, tells the descriptor. */
export function mapEventOf(
  memory: EntryMemory,
  at: number,
  caller: Caller,
  bodies: readonly RecordBody[],
  protectionTold: boolean,
): MapEvent | null {
  const body = bodies.find(({ type }) => type === recordType.mmap)?.body;
  // audit_log_exit: `fd=%d flags=0x%x`.
  const fd = body === undefined ? undefined : rawField(body, 'fd');
  const flags = body === undefined ? Number.NaN : Number(rawField(body, 'flags'));
  if (fd === undefined || !/^\d{1,10}$/.test(fd) || (flags & mapShared) === 0) return null;
  const told = protectionTold && (memory.u8(at + eventAt.argumentsKnown) & 4) !== 0;
  return {
    kind: 'map',
    fd: Number(fd),
    writable: told ? (memory.u32(at + eventAt.a2) & protectionWrite) !== 0 : null,
    ms: memory.f64(at + eventAt.ms),
    serial: memory.u32(at + eventAt.serial),
    caller,
  };
}
