import {
  type ClosedBy,
  isoTime,
  moment,
  type RawCollection,
  type RawDocuments,
  type RawEntry,
  rawDocumentOf,
} from '@godo/evidence';
import type { PipelineEvent, SessionStartEvent } from '../../src/events.ts';
import { Recorder } from '../../src/recorder/recorder.ts';
import { bootId, nsAt, sessionId, sessionStart, ticksAt } from './events.ts';

/** All but the links, which are made of these. */
export type Recorded = { readonly [C in Exclude<RawCollection, 'chain'>]: RawDocuments[C][] };

export function sorted(entries: readonly RawEntry[]): Recorded {
  const of = <C extends RawCollection>(collection: C) =>
    entries.filter((entry) => entry.collection === collection).map(rawDocumentOf) as RawDocuments[C][];
  return {
    pids: of('pids'),
    fds: of('fds'),
    files: of('files'),
    operations: of('operations'),
    events: of('events'),
    losses: of('losses'),
    sessions: of('sessions'),
  };
}

export function recordFrom(start: SessionStartEvent, events: readonly PipelineEvent[]): RawEntry[] {
  const entries: RawEntry[] = [];
  const recorder = new Recorder((entry) => entries.push(entry));
  for (const event of [start, ...events]) recorder.apply(event);
  return entries;
}

/** What a run that begins with sessionStart() writes down for the events. */
export function record(...events: readonly PipelineEvent[]): Recorded {
  return sorted(recordFrom(sessionStart(), events));
}

/** The fields that every document of the run has. */
export const runOrigin = { host: 'host-1', machineId: 'c0ffee', bootId, sessionId };

/** The fields of a task document that say who: a process that started at `startMs`. */
export function process(tgid: number, startMs: number) {
  return {
    ...runOrigin,
    key: `${bootId}:${tgid}:${ticksAt(startMs)}`,
    pid: tgid,
    tgid,
    startTicks: ticksAt(startMs),
    startNs: nsAt(startMs),
    start: isoTime(nsAt(startMs)),
  };
}

/** The fields that say where an observation is from and when it was. */
export function byConnector(ms: number) {
  const monotonicNs = ms * 1_000_000;
  const clock = { name: 'monotonic', value: String(monotonicNs) };
  return { _id: `boot:connector:0.${ms}.${monotonicNs}`, source: 'connector', clock, ...moment(nsAt(ms)) };
}

export function byAudit(ms: number) {
  const stamp = nsAt(ms) / 1_000_000n;
  return {
    _id: `boot:audit:${stamp}.${ms}`,
    source: 'audit',
    clock: { name: 'audit', value: String(stamp) },
    ...moment(nsAt(ms)),
  };
}

/** Counted writes, first and last in ms. */
export function writes(count: number, bytes: number, firstMs: number, lastMs: number) {
  const firstNs = nsAt(firstMs);
  const lastNs = nsAt(lastMs);
  return { count, bytes, firstNs, first: isoTime(firstNs), lastNs, last: isoTime(lastNs) };
}

export const noWrites = { count: 0, bytes: 0, firstNs: null, first: null, lastNs: null, last: null };

/** The document of the session that open(openedMs, tgid) begins, while it is open and nothing was written. */
export function fileSession(openedMs: number, tgid: number, startMs: number, fields: object = {}) {
  const { _id } = byAudit(openedMs);
  return {
    _id,
    ...runOrigin,
    kind: 'session',
    fileSessionId: _id,
    path: '/srv/out',
    pathResolved: true,
    dev: 'fe:00',
    inode: '42',
    fileType: 'regular',
    flags: 0o1101,
    access: 'write',
    created: true,
    key: process(tgid, startMs).key,
    pid: tgid,
    tgid,
    fd: 3,
    comm: 'sh',
    exe: '/bin/sh',
    containerId: null,
    openedBefore: false,
    openedNs: nsAt(openedMs),
    opened: isoTime(nsAt(openedMs)),
    closedNs: null,
    closed: null,
    closedBy: null,
    writes: noWrites,
    writers: [],
    ...fields,
  };
}

/** How a session ended. */
export function closed(ms: number, closedBy: ClosedBy) {
  return { closedNs: nsAt(ms), closed: isoTime(nsAt(ms)), closedBy };
}
