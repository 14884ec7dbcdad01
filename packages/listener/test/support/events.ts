/** Events of the pipeline for tests: each test gives only the fields that it is about. Times are ms after `baseMs`. */

import type {
  AuditEvent,
  BecameEvent,
  Caller,
  CheckpointEvent,
  ChrootEvent,
  CloneEvent,
  CloseEvent,
  CloseRangeEvent,
  DescriptorFlagsEvent,
  DupEvent,
  ExecEvent,
  ExitEvent,
  ForkEvent,
  LossEvent,
  MapEvent,
  OpenEvent,
  OperationEvent,
  PipeEvent,
  PivotRootEvent,
  RescanEvent,
  SessionEndEvent,
  SessionStartEvent,
  SetnsEvent,
  SnapshotEvent,
  StarEvent,
  UnmountEvent,
  UnshareEvent,
  WriteEvent,
} from '../../src/events.ts';

export const baseMs = 1_700_000_000_000;
export const bootId = 'boot';
export const sessionId = 'boot:run:1';

export const nsAt = (ms: number) => BigInt(baseMs + ms) * 1_000_000n;
/** The clock ticks at 100 Hz, and counted 5000 at `baseMs`. */
export const ticksAt = (ms: number) => 5000 + Math.floor(ms / 10);
export const keyOf = (tgid: number, startMs: number) => `${bootId}:${tgid}:${ticksAt(startMs)}`;

export function sessionStart(fields: Partial<SessionStartEvent> = {}): SessionStartEvent {
  return {
    kind: 'session-start',
    timeNs: nsAt(0),
    sessionId,
    host: 'host-1',
    machineId: 'c0ffee',
    bootId,
    mode: 'live',
    intake: 'unicast',
    kernel: '6.18.0',
    version: '0.1.0',
    rules: [],
    command: null,
    stars: ['/usr/bin/dockerd'],
    ...fields,
  };
}

export const sessionEnd = (ms: number): SessionEndEvent => ({
  kind: 'session-end',
  timeNs: nsAt(ms),
  reason: 'SIGTERM',
  counters: { auditRecords: 7 },
});

export const checkpoint = (ms: number): CheckpointEvent => ({ kind: 'checkpoint', timeNs: nsAt(ms) });
export const star = (ms: number, tgid: number): StarEvent => ({ kind: 'star', timeNs: nsAt(ms), tgid });

export function loss(ms: number, fields: Partial<LossEvent> = {}): LossEvent {
  const nothing = { from: null, to: null, count: null };
  const facts = { severity: 'loss', source: 'audit-socket', reason: 'Records were lost.' } as const;
  return { kind: 'loss', timeNs: nsAt(ms), ...facts, ...nothing, ...fields };
}

const connectorOrigin = (ms: number) => ({ cpu: 0, seq: ms, monotonicNs: BigInt(ms) * 1_000_000n, timeNs: nsAt(ms) });

type ForkFields = Pick<ForkEvent, 'tgid' | 'parentTgid'> & Partial<ForkEvent>;

/** A new process, or a thread where `pid` is given. */
export function fork(ms: number, fields: ForkFields): ForkEvent {
  const ids = { parentPid: fields.parentTgid, pid: fields.tgid };
  return { kind: 'fork', ...connectorOrigin(ms), ticks: ticksAt(ms), proc: null, ...ids, ...fields };
}

export function became(ms: number, fields: Pick<BecameEvent, 'tgid'> & Partial<BecameEvent>): BecameEvent {
  return { kind: 'became', ...connectorOrigin(ms), pid: fields.tgid, proc: null, ...fields };
}

export function exit(ms: number, fields: Pick<ExitEvent, 'tgid'> & Partial<ExitEvent>): ExitEvent {
  return { kind: 'exit', ...connectorOrigin(ms), pid: fields.tgid, status: 0, ...fields };
}

type SnapshotFields = Pick<SnapshotEvent, 'tgid'> & Partial<SnapshotEvent>;

/** A process that started `startMs` (before `baseMs` unless told) and ran at `ms`. */
export function snapshot(ms: number, fields: SnapshotFields, startMs = -10_000): SnapshotEvent {
  const proc = { startTicks: ticksAt(startMs), comm: 'sh', exe: '/bin/sh', cwd: '/', rootfs: '/', containerId: null };
  const nothing = { parentTgid: 1, tasks: [fields.tgid], files: [] };
  return { kind: 'snapshot', timeNs: nsAt(ms), startNs: nsAt(startMs), proc, ...nothing, ...fields };
}

/** The end of a look through /proc that took 10 ms. */
export function rescan(ms: number, alive: readonly number[]): RescanEvent {
  return { kind: 'rescan', timeNs: nsAt(ms), beganNs: nsAt(ms - 10), sinceNs: nsAt(ms - 500), alive };
}

export function caller(tgid: number, fields: Partial<Caller> = {}): Caller {
  const ids = { uid: 0, gid: 0, euid: 0, auid: 4294967295, ses: 4294967295 };
  return { tgid, ppid: 1, ...ids, tty: null, comm: 'sh', exe: '/bin/sh', ...fields };
}

type Unique<E extends AuditEvent> = Partial<Omit<E, 'kind' | 'caller' | 'ms'>> & { readonly caller?: Partial<Caller> };

/** The serial is the time unless it is given. */
const auditOrigin = (ms: number, tgid: number, fields: { readonly caller?: Partial<Caller> }) => ({
  serial: ms,
  ...fields,
  ms: baseMs + ms,
  caller: caller(tgid, fields.caller),
});

export function open(ms: number, tgid: number, fields: Unique<OpenEvent> = {}): OpenEvent {
  const how = { flags: 0o1101, access: 'write', closeOnExec: false, truncates: true, created: true } as const;
  const file = {
    path: '/srv/out',
    pathResolved: true,
    dirfd: null,
    dev: 'fe:00',
    inode: '42',
    fileType: 'regular',
  } as const;
  return { kind: 'open', fd: 3, ...how, ...file, ...auditOrigin(ms, tgid, fields) };
}

export const close = (ms: number, tgid: number, fd: number, fields: Unique<CloseEvent> = {}): CloseEvent => ({
  kind: 'close',
  fd,
  ...auditOrigin(ms, tgid, fields),
});

export function closeRange(
  ms: number,
  tgid: number,
  first: number,
  last: number,
  fields: Unique<CloseRangeEvent> = {},
): CloseRangeEvent {
  return { kind: 'close-range', first, last, onExec: false, ...auditOrigin(ms, tgid, fields) };
}

export function write(
  ms: number,
  tgid: number,
  fd: number,
  bytes: number,
  fields: Unique<WriteEvent> = {},
): WriteEvent {
  return { kind: 'write', fd, bytes, ...auditOrigin(ms, tgid, fields) };
}

export const map = (ms: number, tgid: number, fd: number, fields: Unique<MapEvent> = {}): MapEvent => ({
  kind: 'map',
  fd,
  writable: true,
  ...auditOrigin(ms, tgid, fields),
});

/** dup2 unless `replaces` is false. */
export function dup(ms: number, tgid: number, from: number, to: number, fields: Unique<DupEvent> = {}): DupEvent {
  return { kind: 'dup', from, to, replaces: true, closeOnExec: false, ...auditOrigin(ms, tgid, fields) };
}

export function pipe(ms: number, tgid: number, fds: readonly [number, number], closeOnExec = false): PipeEvent {
  return { kind: 'pipe', fds, closeOnExec, ...auditOrigin(ms, tgid, {}) };
}

export function setFlags(ms: number, tgid: number, fd: number, closeOnExec: boolean): DescriptorFlagsEvent {
  return { kind: 'descriptor-flags', fd, closeOnExec, ...auditOrigin(ms, tgid, {}) };
}

export const cloned = (ms: number, tgid: number, childPid: number, fields: Unique<CloneEvent> = {}): CloneEvent => ({
  kind: 'clone',
  childPid,
  flags: 0,
  ...auditOrigin(ms, tgid, fields),
});

export const unshare = (ms: number, tgid: number, flags: number): UnshareEvent => ({
  kind: 'unshare',
  flags,
  ...auditOrigin(ms, tgid, {}),
});

export function exec(ms: number, tgid: number, fields: Unique<ExecEvent> = {}): ExecEvent {
  const what = { success: true, exit: 0, argv: ['sh', '-c', 'true'], cwd: '/srv', name: '/bin/sh', dev: 'fe:00' };
  return { kind: 'exec', ...what, ...auditOrigin(ms, tgid, fields) };
}

/** unlink unless another is given. */
export function operation(ms: number, tgid: number, fields: Unique<OperationEvent> = {}): OperationEvent {
  const nothing = { fd: null, to: null, exchange: false, target: null, directories: [], names: [] } as const;
  const file = { dev: 'fe:00', inode: '42', fileType: 'regular', replacedInode: null, exchangedInode: null } as const;
  return {
    kind: 'operation',
    operation: 'unlink',
    success: true,
    exit: 0,
    file: { path: '/srv/out', pathResolved: true, dirfd: null },
    ...nothing,
    ...file,
    ...{ mode: null, modeBefore: null, owner: null, size: null },
    ...auditOrigin(ms, tgid, fields),
  };
}

/** Counts from the root of the caller where `isWhole` is not given. */
export function chroot(ms: number, tgid: number, path: string | null, fields: Unique<ChrootEvent> = {}): ChrootEvent {
  return { kind: 'chroot', path, isWhole: false, dev: 'fe:00', inode: '1', ...auditOrigin(ms, tgid, fields) };
}

export const unmount = (ms: number, tgid: number): UnmountEvent => ({ kind: 'unmount', ...auditOrigin(ms, tgid, {}) });

export const setns = (ms: number, tgid: number, flags: number): SetnsEvent => ({
  kind: 'setns',
  flags,
  ...auditOrigin(ms, tgid, {}),
});

export function pivotRoot(ms: number, tgid: number, newRoot: string | null): PivotRootEvent {
  return { kind: 'pivot-root', newRoot, ...auditOrigin(ms, tgid, {}) };
}
