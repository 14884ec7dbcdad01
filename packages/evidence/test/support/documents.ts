/** Whole documents for tests; each test gives only the fields that it is about. */

import type {
  ContainerDocument,
  CookedEntry,
  CookedFileDocument,
  EventDocument,
  FileSession,
  FileSessionDocument,
  LossDocument,
  OperationDocument,
  ProcessDocument,
  RawEntry,
  RunDocument,
  SessionDocument,
  TaskDocument,
  TaskObservation,
} from '../../src/index.ts';
import { fileSessionOf, isoTime, moment } from '../../src/index.ts';

export const bootId = '0d6ee3b1-4a1a-4d52-9d6e-5a7f7f0f6a11';
/** Does not fit the 53 bits of a JavaScript number. */
export const someNs = 1763792240123456789n;

export function keyOf(tgid: number, startTicks = 100): string {
  return `${bootId}:${tgid}:${startTicks}`;
}

const origin = { host: 'host-1', machineId: 'c0ffee', bootId, sessionId: 'session-1' };

export function task(fields: Partial<TaskDocument> & { _id: string }): TaskDocument {
  return {
    ...origin,
    ...moment(someNs),
    observation: 'fork',
    source: 'connector',
    clock: { name: 'monotonic', value: '123456789012345' },
    key: keyOf(10),
    pid: 10,
    tgid: 10,
    startTicks: 100,
    ...fields,
  };
}

/** ISO texts follow from the times. */
export function fileSession(fields: Partial<FileSessionDocument> & { _id: string }): FileSessionDocument {
  const { openedNs = someNs, closedNs = someNs + 3n } = fields;
  const write = { firstNs: someNs + 1n, first: isoTime(someNs + 1n), lastNs: someNs + 2n, last: isoTime(someNs + 2n) };
  return {
    ...origin,
    kind: 'session',
    fileSessionId: fields._id,
    path: '/tmp/hello',
    pathResolved: true,
    dev: 'fe:00',
    inode: '18446744073709551615',
    flags: 0o1101,
    access: 'write',
    created: true,
    key: keyOf(10),
    pid: 10,
    tgid: 10,
    fd: 3,
    comm: 'sh',
    exe: '/bin/sh',
    containerId: null,
    openedBefore: false,
    openedNs,
    opened: isoTime(openedNs),
    closedNs,
    closed: closedNs === null ? null : isoTime(closedNs),
    closedBy: 'close',
    writes: { count: 1, bytes: 6_000_000_000, ...write },
    writers: [{ key: keyOf(10), count: 1, bytes: 6_000_000_000, ...write }],
    ...fields,
  };
}

/** A state of an open session in `fds`. */
export function checkpoint(
  fileSessionId: string,
  checkpointNs: bigint,
  fields: Partial<FileSessionDocument> = {},
): FileSessionDocument {
  return fileSession({
    _id: `${fileSessionId}@${checkpointNs}`,
    fileSessionId,
    checkpointNs,
    checkpoint: isoTime(checkpointNs),
    closedNs: null,
    closedBy: null,
    ...fields,
  });
}

/** The entry of a document of `files`, or of `fds` where it is a checkpoint. */
export function fileEntry(document: FileSessionDocument): RawEntry {
  return { collection: document.checkpointNs === undefined ? 'files' : 'fds', session: sessionOf(document) };
}

export function cookedFileEntry(document: CookedFileDocument): CookedEntry {
  return { collection: 'files', session: { ...sessionOf(document), closeInferred: document.closeInferred } };
}

export function sessionOf(document: FileSessionDocument): FileSession {
  const session = fileSessionOf(document);
  if (session === null) throw new Error(`${document._id} is no file session`);
  return session;
}

/** A task document as readers give it. */
export function observed({ time: _, start: __, ...task }: TaskDocument): TaskObservation {
  return task;
}

export function event(fields: Partial<EventDocument> & { _id: string }): EventDocument {
  return {
    ...origin,
    ...moment(someNs),
    kind: 'module',
    key: keyOf(10),
    tgid: 10,
    containerId: null,
    data: {},
    ...fields,
  };
}

export function operation(fields: Partial<OperationDocument> & { _id: string }): OperationDocument {
  return {
    ...origin,
    ...moment(someNs),
    operation: 'unlink',
    success: true,
    path: '/tmp/gone',
    pathResolved: true,
    dev: 'fe:00',
    inode: '131075',
    fileType: 'regular',
    key: keyOf(10),
    pid: 10,
    tgid: 10,
    comm: 'rm',
    exe: '/bin/rm',
    containerId: null,
    ...fields,
  };
}

export function loss(fields: Partial<LossDocument> & { _id: string }): LossDocument {
  return {
    ...origin,
    ...moment(someNs),
    severity: 'loss',
    source: 'audit-serial',
    from: '18446744073709551614',
    to: '18446744073709551615',
    count: 2,
    reason: 'Two serials are missing.',
    ...fields,
  };
}

export function session(fields: Partial<SessionDocument> & { _id: string }): SessionDocument {
  return { ...origin, ...moment(someNs), phase: 'start', mode: 'live', ...fields };
}

export function process(fields: Partial<ProcessDocument> & { _id: string }): ProcessDocument {
  return {
    host: origin.host,
    machineId: origin.machineId,
    bootId,
    sessionIds: ['session-1'],
    key: fields._id,
    tgid: 10,
    startTicks: 100,
    startNs: someNs,
    start: isoTime(someNs),
    startedBefore: false,
    exitNs: null,
    exit: null,
    exitCode: null,
    exitSignal: null,
    coreDumped: false,
    star: false,
    parentKey: null,
    ppid: 1,
    parentTgid: 1,
    parentSource: 'kernel',
    children: [],
    depth: 1,
    threads: [],
    executions: [],
    exe: '/bin/sh',
    comm: 'sh',
    argv: ['sh'],
    cwd: '/',
    rootfs: '/',
    containerId: null,
    warnings: [],
    ...fields,
  };
}

export function cookedFile(fields: Partial<CookedFileDocument> & { _id: string }): CookedFileDocument {
  return { ...fileSession(fields), closeInferred: fields.closeInferred ?? false };
}

export function container(containerId: string, fields: Partial<ContainerDocument> = {}): ContainerDocument {
  return {
    _id: `${bootId}:${containerId}`,
    containerId,
    host: origin.host,
    machineId: origin.machineId,
    bootId,
    sessionIds: ['session-1'],
    rootfs: '/var/lib/docker/rootfs',
    rootDev: null,
    runtime: null,
    outermostContainerId: null,
    engine: null,
    name: null,
    image: null,
    imageId: null,
    labels: null,
    createdNs: null,
    created: null,
    mounts: null,
    engineKey: null,
    rootKeys: [],
    processes: 1,
    filesChanged: 0,
    firstNs: someNs,
    first: isoTime(someNs),
    lastNs: someNs + 5n,
    last: isoTime(someNs + 5n),
    ...fields,
  };
}

export function listenerRun(fields: Partial<RunDocument> & { _id: string }): RunDocument {
  return {
    host: origin.host,
    machineId: origin.machineId,
    bootId,
    mode: 'live',
    startNs: someNs,
    start: isoTime(someNs),
    endNs: null,
    end: null,
    reason: null,
    kernel: '6.18.0',
    version: '0.1.0',
    intake: 'multicast',
    rules: [],
    command: null,
    counters: {},
    ...fields,
  };
}
