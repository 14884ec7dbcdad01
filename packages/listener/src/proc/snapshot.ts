/** What already runs when the listener starts: every process with its tasks and the files it has open for writing. */

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { FileType } from '@godo/evidence';
import { accessMode, fileType } from '../audit/opened-file.ts';
import { openDirectoryFlag, openFlag } from '../audit/syscalls.ts';
import { beforeDeletedMark } from '../deleted-suffix.ts';
import type { BinaryString, SnapshotDirectory, SnapshotEvent, SnapshotFile } from '../events.ts';
import { auditDevice } from './device.ts';
import { isExiting } from './proc-files.ts';
import type { ProcReader } from './proc-reader.ts';

export interface BootClock {
  /** Epoch ns of the boot: what start ticks are counted from. */
  readonly bootNs: bigint;
  /** Epoch ns now. */
  nowNs(): bigint;
}

const nanosecondsPerTick = 10_000_000n;

/** Rescans after the first find only what was made meanwhile; a host that makes processes faster than this is caught by the connector. */
const maxScans = 5;

/**
 * Scans /proc until a scan finds nothing new. Parents come before their children (sorted by start). `except` is our own
 * process: its threads are the listener.
 */
export function takeSnapshot(reader: ProcReader, clock: BootClock, except: number): SnapshotEvent[] {
  const found = new Map<number, SnapshotEvent>();
  for (let scan = 0; scan < maxScans; scan += 1) {
    let fresh = 0;
    for (const tgid of numericEntries('/proc')) {
      if (found.has(tgid)) continue;
      const event = snapshotOf(reader, clock, tgid, tgid !== except);
      if (event === null) continue;
      found.set(tgid, event);
      fresh += 1;
    }
    if (fresh === 0) break;
  }
  return [...found.values()].sort(byStart);
}

/** What a look through /proc shows after messages of the connector were lost. */
export interface Rescan {
  /** Parents before their children. */
  readonly snapshots: readonly SnapshotEvent[];
  /** All that /proc lists, those that have ended and are still waited for too. */
  readonly alive: readonly number[];
  readonly beganNs: bigint;
}

/**
 * Looks through /proc once more. Descriptors are read of processes that nobody told of; who is about to end is listed, and
 * not looked at, for its exit may have been told already.
 */
export function takeRescan(
  reader: ProcReader,
  clock: BootClock,
  except: number,
  isKnown: (tgid: number, startTicks: number) => boolean,
): Rescan {
  const beganNs = clock.nowNs();
  const alive = numericEntries('/proc');
  const snapshots: SnapshotEvent[] = [];
  for (const tgid of alive) {
    const stat = reader.stat(tgid);
    if (stat === null || isExiting(stat)) continue;
    const event = snapshotOf(reader, clock, tgid, tgid !== except && !isKnown(tgid, stat.startTicks));
    if (event !== null) snapshots.push({ ...event, again: true });
  }
  return { snapshots: snapshots.sort(byStart), alive, beganNs };
}

function byStart(a: SnapshotEvent, b: SnapshotEvent): number {
  return a.proc.startTicks - b.proc.startTicks || a.tgid - b.tgid;
}

function snapshotOf(reader: ProcReader, clock: BootClock, tgid: number, withFiles: boolean): SnapshotEvent | null {
  const observed = reader.observe(tgid);
  if (observed === null) return null;
  const { ppid, facts: proc } = observed;
  const tasks = numericEntries(`/proc/${tgid}/task`);
  const timeNs = clock.nowNs();
  return {
    kind: 'snapshot',
    timeNs,
    startNs: clock.bootNs + BigInt(proc.startTicks) * nanosecondsPerTick,
    tgid,
    parentTgid: ppid,
    tasks: tasks.length > 0 ? tasks : [tgid],
    proc,
    ...(withFiles ? openOf(tgid) : { files: [] }),
  };
}

/** Flags of what names may hang on. Looking at every other file too would have us wait for one that hangs. */
const hangsNames = openFlag.path | openDirectoryFlag[process.arch === 'arm64' ? 'aarch64' : 'x86_64'];

function openOf(tgid: number): Pick<SnapshotEvent, 'files' | 'directories'> {
  const files: SnapshotFile[] = [];
  const directories: SnapshotDirectory[] = [];
  for (const fd of numericEntries(`/proc/${tgid}/fd`)) {
    const path = linkTarget(`/proc/${tgid}/fd/${fd}`);
    // Sockets, pipes and anonymous files have no path.
    if (path === null || !path.startsWith('/') || path.startsWith('/memfd:')) continue;
    const flags = /^flags:\s+([0-7]+)/m.exec(contents(`/proc/${tgid}/fdinfo/${fd}`))?.[1];
    if (flags === undefined) continue;
    const value = Number.parseInt(flags, 8);
    const access = accessMode(value);
    const isWritten = (access === 'write' || access === 'readwrite') && (value & openFlag.path) === 0;
    if (!isWritten && (value & hangsNames) === 0) continue;
    const closeOnExec = (value & openFlag.closeOnExec) !== 0;
    const what = { fd, path: beforeDeletedMark(path) ?? path, closeOnExec, ...identity(`/proc/${tgid}/fd/${fd}`) };
    if (isWritten) files.push({ ...what, flags: value, access });
    else directories.push(what);
  }
  return directories.length === 0 ? { files } : { files, directories };
}

/** Absolute; null when the descriptor is closed again. */
function linkTarget(path: string): BinaryString | null {
  try {
    return readlinkSync(path, 'buffer').toString('latin1');
  } catch {
    return null;
  }
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function identity(path: string): { dev: string | null; inode: string | null; fileType: FileType } {
  try {
    const stat = statSync(path, { bigint: true });
    return { dev: auditDevice(stat.dev), inode: stat.ino.toString(), fileType: fileType(Number(stat.mode)) };
  } catch {
    return { dev: null, inode: null, fileType: 'unknown' };
  }
}

function numericEntries(directory: string): number[] {
  try {
    return readdirSync(directory).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}
