/** What already runs when the listener starts: every process with its tasks and the files it has open for writing. */

import { closeProcess, openProcess } from '@godo/native';
import { openDirectoryFlag, openFlag } from '../audit/syscalls.ts';
import { beforeDeletedMark } from '../deleted-suffix.ts';
import type { OtherDescriptor, SnapshotDirectory, SnapshotEvent, SnapshotFile } from '../events.ts';
import { fileBehind } from './open-descriptor.ts';
import { linkTarget, numericEntries } from './proc-entries.ts';
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
      const event = snapshotOf(reader, clock, tgid, tgid === except ? 'inherited' : 'all');
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
    const isNew = tgid !== except && !isKnown(tgid, stat.startTicks);
    const event = snapshotOf(reader, clock, tgid, isNew ? 'all' : 'none');
    if (event !== null) snapshots.push({ ...event, again: true });
  }
  return { snapshots: snapshots.sort(byStart), alive, beganNs };
}

function byStart(a: SnapshotEvent, b: SnapshotEvent): number {
  return a.proc.startTicks - b.proc.startTicks || a.tgid - b.tgid;
}

type WhichDescriptors = 'all' | 'inherited' | 'none';

const standardError = 2;

function snapshotOf(
  reader: ProcReader,
  clock: BootClock,
  tgid: number,
  descriptors: WhichDescriptors,
): SnapshotEvent | null {
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
    // Of the listener itself only what the command of `godo record` inherits.
    ...(descriptors === 'all' ? descriptorsOf(tgid, Number.POSITIVE_INFINITY) : { files: [] }),
    ...(descriptors === 'inherited' && { others: descriptorsOf(tgid, standardError).others ?? [] }),
    ...viewOf(tgid, reader.hostMountNamespace),
  };
}

/** Flags of what names may hang on. */
const hangsNames = openFlag.path | openDirectoryFlag[process.arch === 'arm64' ? 'aarch64' : 'x86_64'];

/** What it has open: for writing, for names to hang on, or else. */
function descriptorsOf(
  tgid: number,
  most: number,
): Pick<SnapshotEvent, 'files' | 'directories' | 'others' | 'ioUring'> {
  const files: SnapshotFile[] = [];
  const directories: SnapshotDirectory[] = [];
  const others: OtherDescriptor[] = [];
  let ioUring = false;
  const opened = openProcess(tgid);
  if (opened < 0) return { files };
  for (const fd of numericEntries(`/proc/${tgid}/fd`)) {
    const file = fd > most ? null : fileBehind(opened, fd);
    if (file === null) continue;
    if (file.path === 'anon_inode:[io_uring]') ioUring = true;
    // Sockets, pipes and anonymous files have no path.
    const { flags, access, closeOnExec, dev, inode, fileType } = file;
    const isWritten = (access === 'write' || access === 'readwrite') && flags !== null && (flags & openFlag.path) === 0;
    const path = beforeDeletedMark(file.path) ?? file.path;
    const what = { fd, path, closeOnExec, dev, inode, fileType };
    if (isWritten && path.startsWith('/')) files.push({ ...what, flags, access });
    else {
      others.push({ fd, closeOnExec });
      if (flags !== null && (flags & hangsNames) !== 0 && path.startsWith('/')) directories.push(what);
    }
  }
  closeProcess(opened);
  return { files, ...(directories.length > 0 && { directories }), others, ...(ioUring && { ioUring }) };
}

/** What its paths count from, where that is not what those of the host do. */
function viewOf(tgid: number, hostMounts: number | null): Pick<SnapshotEvent, 'chroot' | 'mountNamespace'> {
  const root = linkTarget(`/proc/${tgid}/root`);
  const mounts = Number(/^mnt:\[(\d+)\]$/.exec(linkTarget(`/proc/${tgid}/ns/mnt`) ?? '')?.[1]);
  const isOther = hostMounts !== null && Number.isSafeInteger(mounts) && mounts !== hostMounts;
  return {
    ...(root?.startsWith('/') && root !== '/' && { chroot: root }),
    ...(isOther && { mountNamespace: mounts }),
  };
}
