import {
  type EventDocument,
  type FileSessionDocument,
  isoTime,
  type LossDocument,
  moment,
  type OperationDocument,
  type SessionDocument,
  type TaskDocument,
} from '@godo/evidence';

/** Scenario time: ms since the start of 2024. */
export function at(ms: number): bigint {
  return 1_704_067_200_000_000_000n + BigInt(Math.round(ms * 1_000_000));
}

export const boot = 'boot-a';

const origin = { host: 'host-a', machineId: null, bootId: boot, sessionId: 'run-1' } as const;

export function keyOf(tgid: number, bootId: string = boot): string {
  return `${bootId}:${tgid}:${tgid * 10}`;
}

type TaskChanges = Partial<TaskDocument> & { readonly parent?: number };

/** An observation of the main task of process `tgid` at `ms`; the fields a source would give by default. */
export function task(
  observation: TaskDocument['observation'],
  tgid: number,
  ms: number,
  { parent, ...changes }: TaskChanges = {},
): TaskDocument {
  const bootId = changes.bootId ?? boot;
  const source =
    changes.source ?? (observation === 'snapshot' ? 'proc' : observation === 'star' ? 'listener' : 'connector');
  const pid = changes.pid ?? tgid;
  return {
    _id: `${bootId}:${source}:${ms}:${observation}:${pid}`,
    host: 'host-a',
    machineId: null,
    bootId,
    sessionId: 'run-1',
    timeNs: at(ms),
    time: isoTime(at(ms)),
    observation,
    source,
    clock: null,
    key: keyOf(tgid, bootId),
    pid,
    tgid,
    startTicks: tgid * 10,
    ...(parent !== undefined && { ppid: parent, parentTgid: parent, parentKey: keyOf(parent, bootId) }),
    ...changes,
  };
}

export function fork(parent: number, tgid: number, ms: number, changes: TaskChanges = {}): TaskDocument {
  return task('fork', tgid, ms, { parent, ...changes });
}

/** An exec as audit tells it. */
export function auditExec(tgid: number, ms: number, exe: string, changes: TaskChanges = {}): TaskDocument {
  return task('exec', tgid, ms, { source: 'audit', success: true, exe, argv: [exe], cwd: '/', ...changes });
}

/** An exec as the connector tells it, with what was read from /proc. */
export function became(tgid: number, ms: number, changes: TaskChanges = {}): TaskDocument {
  return task('exec', tgid, ms, changes);
}

export function exit(tgid: number, ms: number, changes: TaskChanges = {}): TaskDocument {
  return task('exit', tgid, ms, { exitCode: 0, exitSignal: null, coreDumped: false, ...changes });
}

export function writes(count: number, bytes: number, ms: number | null): FileSessionDocument['writes'] {
  const timeNs = ms === null ? null : at(ms);
  const time = timeNs === null ? null : isoTime(timeNs);
  return { count, bytes, firstNs: timeNs, first: time, lastNs: timeNs, last: time };
}

export function file(
  tgid: number,
  path: string,
  openedMs: number,
  changes: Partial<FileSessionDocument> = {},
): FileSessionDocument {
  const id = changes.fileSessionId ?? `${boot}:file:${tgid}:${openedMs}:${path}`;
  const closedNs = changes.closedNs ?? null;
  return {
    _id: id,
    ...origin,
    kind: 'session',
    fileSessionId: id,
    path,
    pathResolved: true,
    dev: 'fe:00',
    inode: '12',
    fileType: 'regular',
    flags: 0o1,
    access: 'write',
    created: false,
    key: keyOf(tgid),
    pid: tgid,
    tgid,
    fd: 3,
    comm: null,
    exe: null,
    containerId: null,
    openedBefore: false,
    openedNs: at(openedMs),
    opened: isoTime(at(openedMs)),
    closedNs,
    closed: closedNs === null ? null : isoTime(closedNs),
    closedBy: closedNs === null ? null : 'close',
    writes: writes(0, 0, null),
    writers: [],
    ...changes,
  };
}

/** A session as a checkpoint in `fds` has it. */
export function openFile(
  tgid: number,
  path: string,
  openedMs: number,
  changes: Partial<FileSessionDocument> = {},
): FileSessionDocument {
  const document = file(tgid, path, openedMs, changes);
  const checkpointNs = at(openedMs + 1000);
  return { ...document, _id: `${document.fileSessionId}@1`, checkpointNs, checkpoint: isoTime(checkpointNs) };
}

/** Calls counted, all at one time. */
export function calls(count: number, ms: number) {
  const time = isoTime(at(ms));
  return { count, firstNs: at(ms), first: time, lastNs: at(ms), last: time };
}

export function operation(tgid: number, ms: number, changes: Partial<OperationDocument> = {}): OperationDocument {
  return {
    _id: `${boot}:operation:${tgid}:${ms}`,
    ...origin,
    ...moment(at(ms)),
    operation: 'unlink',
    success: true,
    path: '/tmp/gone',
    pathResolved: true,
    dev: 'fe:00',
    inode: '12',
    fileType: 'regular',
    key: keyOf(tgid),
    pid: tgid,
    tgid,
    comm: null,
    exe: null,
    containerId: null,
    ...changes,
  };
}

export function event(tgid: number | null, ms: number, changes: Partial<EventDocument> = {}): EventDocument {
  return {
    _id: `${boot}:event:${tgid}:${ms}`,
    ...origin,
    ...moment(at(ms)),
    kind: 'module',
    key: tgid === null ? null : keyOf(tgid),
    tgid,
    containerId: null,
    data: {},
    ...changes,
  };
}

export function loss(ms: number): LossDocument {
  return {
    _id: `${boot}:loss:${ms}`,
    ...origin,
    ...moment(at(ms)),
    severity: 'loss',
    source: 'connector',
    from: '1',
    to: '2',
    count: 2,
    reason: 'two messages are missing',
  };
}

export function session(phase: 'start' | 'end', ms: number, changes: Partial<SessionDocument> = {}): SessionDocument {
  const sessionId = changes.sessionId ?? 'run-1';
  return {
    _id: phase === 'start' ? sessionId : `${sessionId}:end`,
    host: 'host-a',
    machineId: null,
    bootId: boot,
    sessionId,
    timeNs: at(ms),
    time: isoTime(at(ms)),
    phase,
    mode: 'live',
    ...changes,
  };
}

/** A container id made of one letter. */
export function containerId(letter: string): string {
  return letter.repeat(64);
}
