/** Documents made from the recorder's state. Pure. */

import {
  type FileSessionDocument,
  isoTime,
  type Origin,
  type ProcessKey,
  type SourceClock,
  type TaskDocument,
  type WriteCount,
} from '@godo/evidence';
import type { AuditOrigin, Caller, ConnectorOrigin, ProcFacts } from '../events.ts';
import type { FileSession, WriteTotals } from './descriptor-table.ts';
import { argvFields, fittingArgv, textFields, textOrNull } from './document-text.ts';
import type { ProcessState } from './process-table.ts';

/** What all documents of a run have in common. */
export type RunOrigin = Omit<Origin, '_id'>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export const nanosecondsPerMs = 1_000_000n;

export function auditId(bootId: string, event: Pick<AuditOrigin, 'ms' | 'serial'>): string {
  return `${bootId}:audit:${event.ms}.${event.serial}`;
}

export function connectorId(bootId: string, event: ConnectorOrigin): string {
  return `${bootId}:connector:${event.cpu}.${event.seq}.${event.monotonicNs}`;
}

export function monotonicClock(event: ConnectorOrigin): SourceClock {
  return { name: 'monotonic', value: event.monotonicNs.toString() };
}

export function auditClock(event: AuditOrigin): SourceClock {
  return { name: 'audit', value: event.ms.toString() };
}

export interface Observation {
  readonly id: string;
  readonly observation: TaskDocument['observation'];
  readonly source: TaskDocument['source'];
  readonly clock: SourceClock | null;
  readonly timeNs: bigint;
  readonly pid: number;
}

/** The part of a task document that every observation has. */
export function taskDocument(origin: RunOrigin, process: ProcessState, seen: Observation): Mutable<TaskDocument> {
  return {
    _id: seen.id,
    ...origin,
    observation: seen.observation,
    source: seen.source,
    clock: seen.clock,
    timeNs: seen.timeNs,
    time: isoTime(seen.timeNs),
    key: process.key,
    pid: seen.pid,
    tgid: process.tgid,
    startTicks: process.startTicks,
    startNs: process.startNs,
    start: process.startNs === null ? null : isoTime(process.startNs),
  };
}

/** Container and root file system as known now; nothing where they never were read. */
export function placeFields(process: ProcessState): Partial<TaskDocument> {
  return {
    ...(process.containerId !== undefined && { containerId: process.containerId }),
    ...(process.rootfs !== null && textFields('rootfs', process.rootfs)),
  };
}

export function parentFields(process: ProcessState): Partial<TaskDocument> {
  return {
    ...(process.ppid !== null && { ppid: process.ppid }),
    ...(process.parentTgid !== null && { parentTgid: process.parentTgid }),
    parentKey: process.parentKey,
  };
}

/** Fields that audit gives with every call; numbers it did not give are left out. */
export function callerFields(caller: Caller): Partial<TaskDocument> {
  return {
    ...numberFields(caller),
    tty: textOrNull(caller.tty),
    ...textFields('comm', caller.comm),
    ...textFields('exe', caller.exe),
  };
}

/** What /proc told; only what was read. The container and the root are the process's (see placeFields). */
export function procFields(facts: ProcFacts): Partial<TaskDocument> {
  return {
    ...numberFields(facts),
    ...(facts.argv !== undefined && argvFields(fittingArgv(facts.argv).argv)),
    ...(facts.comm !== undefined && textFields('comm', facts.comm)),
    ...(facts.exe !== undefined && textFields('exe', facts.exe)),
    ...(facts.cwd !== undefined && textFields('cwd', facts.cwd)),
  };
}

const credentialNames = ['uid', 'gid', 'euid', 'auid', 'ses'] as const;

function numberFields(from: Partial<Record<(typeof credentialNames)[number], number>>): Partial<TaskDocument> {
  const fields: Partial<Record<(typeof credentialNames)[number], number>> = {};
  for (const name of credentialNames) {
    const value = from[name];
    if (value !== undefined && !Number.isNaN(value)) fields[name] = value;
  }
  return fields;
}

/** `closed` and `closedBy` are null while the session is open. */
export function fileDocument(origin: RunOrigin, session: FileSession): Mutable<FileSessionDocument> {
  const open = session.references > 0;
  const writers = [...session.writers].map(([key, totals]) => ({ key: key as ProcessKey, ...writeCount(totals) }));
  return {
    _id: session.id,
    ...origin,
    kind: 'session',
    fileSessionId: session.id,
    ...textFields('path', session.path),
    pathResolved: session.pathResolved,
    ...(session.dirfd !== null && { dirfd: session.dirfd }),
    dev: session.dev,
    inode: session.inode,
    fileType: session.fileType,
    flags: session.flags,
    access: session.access,
    created: session.created,
    key: session.key,
    pid: session.tgid,
    tgid: session.tgid,
    fd: session.fd,
    comm: textOrNull(session.comm),
    exe: textOrNull(session.exe),
    containerId: session.containerId,
    openedBefore: session.openedBefore,
    openedNs: session.openedNs,
    opened: isoTime(session.openedNs),
    closedNs: open ? null : session.releasedNs,
    closed: open ? null : isoTime(session.releasedNs),
    closedBy: open ? null : session.releasedBy,
    writes: writeCount(sumWrites(session)),
    writers,
    ...(session.warnings.length > 0 && { warnings: session.warnings }),
  };
}

function sumWrites(session: FileSession): WriteTotals | null {
  let sum: WriteTotals | null = null;
  for (const totals of session.writers.values()) {
    if (sum === null) {
      sum = { ...totals };
      continue;
    }
    sum.count += totals.count;
    sum.bytes += totals.bytes;
    if (totals.firstNs < sum.firstNs) sum.firstNs = totals.firstNs;
    if (totals.lastNs > sum.lastNs) sum.lastNs = totals.lastNs;
  }
  return sum;
}

function writeCount(totals: WriteTotals | null): WriteCount {
  if (totals === null) return { count: 0, bytes: 0, firstNs: null, first: null, lastNs: null, last: null };
  return {
    count: totals.count,
    bytes: totals.bytes,
    firstNs: totals.firstNs,
    first: isoTime(totals.firstNs),
    lastNs: totals.lastNs,
    last: isoTime(totals.lastNs),
  };
}
