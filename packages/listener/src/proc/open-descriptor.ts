/** What descriptors of processes refer to, asked of the kernel alone: no file server is waited for. */

import {
  closeProcess,
  compareDescriptorTables,
  compareFiles,
  openProcess,
  readDescriptor,
  readProcess,
} from '@godo/native';
import { accessMode, fileType } from '../audit/opened-file.ts';
import { openFlag } from '../audit/syscalls.ts';
import { beforeDeletedMark } from '../deleted-suffix.ts';
import type { FoundFile, HeldDescriptor } from '../events.ts';
import { auditDeviceOf } from './device.ts';
import { procPart, statIn } from './proc-files.ts';

export type ProcessLife = Pick<HeldDescriptor, 'tgid' | 'startTicks'>;

const known = { status: 1, flags: 2 } as const;
const headBytes = 40;
/** The kernel makes no link longer than a page. */
const memory = Buffer.from(new ArrayBuffer(headBytes + 4096 + 1));
const statMemory = Buffer.from(new ArrayBuffer(1024));
/** Majors of terminals: virtual consoles, /dev/tty and /dev/console, and pseudo terminals (admin-guide/devices.txt). */
const isTerminal = (major: number) => major === 4 || major === 5 || (major >= 136 && major <= 143);
/** A start that a fork told and the one that /proc shows differ by no more. */
const tickTolerance = 1;

/** Does something with this life of a process, opened; null where it is over. */
function withProcess<T>({ tgid, startTicks }: ProcessLife, look: (process: number) => T | null): T | null {
  const process = openProcess(tgid);
  if (process < 0) return null;
  try {
    // What is opened stays one life: its start says whose, wherever it is read (see OpenProcess).
    readProcess(process, procPart.stat, statMemory);
    const stat = statIn(statMemory, 0);
    if (stat === null || Math.abs(stat.startTicks - startTicks) > tickTolerance) return null;
    return look(process);
  } finally {
    closeProcess(process);
  }
}

/** null: it is not open, or that life of the process is over. */
export function openFileOf(descriptor: HeldDescriptor): FoundFile | null {
  return withProcess(descriptor, (process) => fileBehind(process, descriptor.fd));
}

/** `process`: what openProcess gave. */
export function fileBehind(process: number, fd: number): FoundFile | null {
  if (readDescriptor(process, fd, memory) < 0) return null;
  const has = memory.readUInt32LE(28);
  const target = memory.toString('latin1', headBytes, headBytes + memory.readUInt32LE(32));
  const cut = target.startsWith('/') ? beforeDeletedMark(target) : null;
  const hasStatus = (has & known.status) !== 0;
  const isGone = hasStatus && memory.readUInt32LE(20) === 0;
  const type = hasStatus ? fileType(memory.readUInt32LE(16)) : 'unknown';
  const flags = (has & known.flags) === 0 ? null : memory.readUInt32LE(24);
  return {
    path: isGone && cut !== null ? cut : target,
    ...(cut !== null && { deleted: isGone ? true : null }),
    flags,
    access: accessMode(flags),
    closeOnExec: flags !== null && (flags & openFlag.closeOnExec) !== 0,
    dev: hasStatus ? auditDeviceOf(memory.readUInt32LE(8), memory.readUInt32LE(12)) : null,
    inode: hasStatus ? memory.readBigUInt64LE(0).toString() : null,
    fileType: type,
    ...(type === 'character' && isTerminal(memory.readUInt32LE(36)) && { terminal: true }),
  };
}

/** Whether both refer to one open file description now. False also where that is not to be had. */
export function isSameOpenFile(one: HeldDescriptor, other: HeldDescriptor): boolean {
  const isSame = () => compareFiles(one.tgid, one.fd, other.tgid, other.fd) === 0;
  return ofBoth(one, other, isSame);
}

/** Whether two processes share their descriptors now. False also where that is not to be had. */
export function haveSameDescriptors(one: ProcessLife, other: ProcessLife): boolean {
  return ofBoth(one, other, () => compareDescriptorTables(one.tgid, other.tgid) === 0);
}

/** The kernel takes numbers: neither may have been given to another process before it answered. */
function ofBoth(one: ProcessLife, other: ProcessLife, holds: () => boolean): boolean {
  if (!holds()) return false;
  return withProcess(one, () => withProcess(other, () => true)) === true;
}
