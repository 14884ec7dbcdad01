import {
  type ContainerDocument,
  type CookedEventDocument,
  type CookedFileDocument,
  type CookedOperationDocument,
  cookedFileDocument,
  type Execution,
  fileSessionOf,
  isoTime,
  type LossDocument,
  type ProcessDocument,
  type RunDocument,
} from '@godo/evidence';

/** 2025-11-22 13:05:00 UTC. */
export const startOfStory = 1_763_816_700_000_000_000n;
export const boot = '6f1c1f0e-8a3c-4c53-9d0a-5a1f0c2b7e11';
export const container = '3f2a9c1b7d4e8f6051a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708';

/** `seconds` after the story began. */
export function at(seconds: number): bigint {
  return startOfStory + BigInt(Math.round(seconds * 1000)) * 1_000_000n;
}

const isoOrNull = (time: bigint | null) => (time === null ? null : isoTime(time));

export function keyOf(tgid: number): string {
  return `${boot}:${tgid}:${tgid * 10}`;
}

const origin = { host: 'web-1', machineId: null, bootId: boot, sessionId: 'run-1' };

export function execution(
  seconds: number,
  exe: string,
  argv: readonly string[],
  more: Partial<Execution> = {},
): Execution {
  const comm = argv[0]?.slice(-15) ?? null;
  return { timeNs: at(seconds), time: isoTime(at(seconds)), exe, argv, cwd: '/', comm, success: true, ...more };
}

type ProcessGiven = Partial<ProcessDocument> & { readonly tgid: number };

/** A process that started `seconds` after the story began; its last execution is its state. */
export function processOf(seconds: number | null, given: ProcessGiven): ProcessDocument {
  const key = given.key ?? keyOf(given.tgid);
  const startNs = seconds === null ? null : at(seconds);
  const last = given.executions?.findLast((one) => one.success);
  const exitNs = given.exitNs ?? null;
  return {
    _id: key,
    key,
    host: 'web-1',
    machineId: null,
    bootId: boot,
    sessionIds: ['run-1'],
    startTicks: given.tgid * 10,
    startNs,
    start: isoOrNull(startNs),
    startedBefore: false,
    exitNs,
    exit: isoOrNull(exitNs),
    exitCode: null,
    exitSignal: null,
    coreDumped: false,
    star: false,
    parentKey: given.parentTgid === undefined || given.parentTgid === null ? null : keyOf(given.parentTgid),
    ppid: given.parentTgid ?? null,
    parentTgid: null,
    parentSource: 'kernel',
    children: [],
    depth: 0,
    threads: [],
    executions: [],
    exe: last?.exe ?? null,
    ...(last?.exeHex === undefined ? {} : { exeHex: last.exeHex }),
    comm: last?.comm ?? null,
    argv: last?.argv ?? null,
    ...(last?.argvHex === undefined ? {} : { argvHex: last.argvHex }),
    cwd: last?.cwd ?? null,
    rootfs: null,
    containerId: null,
    warnings: [],
    ...given,
  };
}

export interface FileGiven extends Partial<Omit<CookedFileDocument, 'writes' | 'closedNs'>> {
  readonly tgid: number;
  readonly path: string | null;
  readonly wrote?: readonly [count: number, bytes: number];
  readonly closedNs?: bigint | null;
}

/** A file session opened `seconds` after the story began. */
export function fileOf(seconds: number, { wrote: [count, bytes] = [0, 0], ...given }: FileGiven): CookedFileDocument {
  const openedNs = at(seconds);
  const closedNs = given.closedNs === undefined ? openedNs + 5_000_000n : given.closedNs;
  const id = given._id ?? `file-${seconds}-${given.tgid}`;
  const firstNs = count > 0 ? openedNs : null;
  return asStored({
    _id: id,
    ...origin,
    kind: 'session',
    fileSessionId: id,
    pathResolved: true,
    dev: 'fe:00',
    inode: '4711',
    flags: 577,
    access: 'write',
    created: false,
    key: keyOf(given.tgid),
    pid: given.tgid,
    fd: 3,
    comm: null,
    exe: null,
    containerId: null,
    openedBefore: false,
    openedNs,
    opened: isoTime(openedNs),
    closed: isoOrNull(closedNs),
    closedBy: closedNs === null ? null : 'close',
    closeInferred: false,
    writes: { count, bytes, firstNs, first: isoOrNull(firstNs), lastNs: firstNs, last: isoOrNull(firstNs) },
    writers: [],
    ...given,
    closedNs,
  });
}

/** As it comes from a store, with its fields in order, where a store can hold it. */
function asStored(document: CookedFileDocument): CookedFileDocument {
  const session = fileSessionOf(document);
  return session === null ? document : cookedFileDocument({ ...session, closeInferred: document.closeInferred });
}

/** An operation `seconds` after the story began. */
export function operationOf(
  seconds: number,
  given: Partial<CookedOperationDocument> & Pick<CookedOperationDocument, 'operation' | 'tgid' | 'path'>,
): CookedOperationDocument {
  const timeNs = at(seconds);
  return {
    _id: `${boot}:audit:${seconds}.${given.tgid}`,
    ...origin,
    timeNs,
    time: isoTime(timeNs),
    success: true,
    pathResolved: true,
    dev: 'fe:00',
    inode: '4711',
    fileType: 'regular',
    key: keyOf(given.tgid),
    pid: given.tgid,
    comm: null,
    exe: null,
    containerId: null,
    ...given,
  };
}

export function lossOf(seconds: number, given: Partial<LossDocument>): LossDocument {
  const timeNs = at(seconds);
  return {
    _id: `loss-${seconds}`,
    ...origin,
    timeNs,
    time: isoTime(timeNs),
    severity: 'loss',
    source: 'audit-kernel',
    from: null,
    to: null,
    count: null,
    reason: 'The kernel had no room for records.',
    ...given,
  };
}

export function eventOf(seconds: number, given: Partial<CookedEventDocument>): CookedEventDocument {
  const timeNs = at(seconds);
  const base = { _id: `event-${seconds}`, ...origin, timeNs, time: isoTime(timeNs) };
  return { ...base, kind: 'connect', key: null, tgid: null, containerId: null, data: {}, ...given };
}

export function containerOf(seconds: number, given: Partial<ContainerDocument>): ContainerDocument {
  return {
    _id: `${boot}:${container}`,
    containerId: container,
    host: 'web-1',
    machineId: null,
    bootId: boot,
    sessionIds: ['run-1'],
    rootfs: null,
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
    processes: 0,
    filesChanged: 0,
    firstNs: at(seconds),
    first: isoTime(at(seconds)),
    lastNs: at(seconds),
    last: isoTime(at(seconds)),
    ...given,
  };
}

export function runOf(seconds: number, given: Partial<RunDocument>): RunDocument {
  return {
    _id: 'run-1',
    host: 'web-1',
    machineId: null,
    bootId: boot,
    mode: 'live',
    startNs: at(seconds),
    start: isoTime(at(seconds)),
    endNs: null,
    end: null,
    reason: null,
    kernel: '6.18.0',
    version: '0.1.0',
    intake: 'unicast',
    rules: [],
    command: null,
    counters: {},
    ...given,
  };
}
