/** Raw evidence for the stores: file sessions of a host that builds and serves, and the observations of its spawns. */

const bootId = '5d0c7a52-8a0b-4f6e-9d43-1c2b3a4d5e6f';
const startMs = 1_764_000_000_000;
const origin = { host: 'node-a', machineId: 'c'.repeat(32), bootId, sessionId: `${bootId}:run:1764000000000000000` };
const containers = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(64));
const programs = ['/usr/bin/make', '/usr/lib/gcc/x86_64-linux-gnu/12/cc1', '/usr/bin/dash', '/usr/sbin/nginx'];
const files = ['object.o', 'dependencies.d', 'output.tmp', 'access.log', 'state.json'];

/** Sessions that one process has, in a row. */
const sessionsOfProcess = 20;
/** What goes on in one millisecond of audit's clock. */
const sessionsOfMs = 12;

/**
 * `count` file sessions, as the listener hands them over: in the order of their ends.
 *
 * @param evidence - The module @godo/evidence; one from before file sessions had a short form gets documents.
 */
export function fileEntries(count, evidence) {
  return Array.from({ length: count }, (_, index) => {
    const process = Math.floor(index / sessionsOfProcess);
    const ms = startMs + Math.floor(index / sessionsOfMs);
    const written = index % 10 < 8;
    const exe = programs[process % programs.length];
    const document = fileDocument(evidence, {
      id: `${bootId}:audit:${ms}.${1000 + index * 8}`,
      path: `/work/build/module-${process % 400}/${index % 1000}/${files[index % files.length]}`,
      inode: `${9_900_000 + (index % 5000)}`,
      key: keyOf(process),
      tgid: 2000 + process,
      comm: exe.slice(exe.lastIndexOf('/') + 1),
      exe,
      containerId: process % 10 === 0 ? null : containers[process % containers.length],
      openedNs: BigInt(ms) * 1_000_000n,
      closedNs: BigInt(ms + (index % 25 === 0 ? 40 : 0)) * 1_000_000n,
      count: written ? 1 + (index % 3) : 0,
    });
    if (evidence.fileSessionOf === undefined) return { collection: 'files', document };
    return { collection: 'files', session: evidence.fileSessionOf(document, () => origin) };
  });
}

/** `count` observations of tasks: of each process its fork, its exec as audit and as the connector tell it, its exit. */
export function taskEntries(count, evidence) {
  return Array.from({ length: count }, (_, index) => {
    const process = index >> 2;
    const document = observations[index & 3](process, evidence);
    return { collection: 'pids', document };
  });
}

function keyOf(process) {
  return `${bootId}:${2000 + process}:${400_000 + process}`;
}

function fileDocument({ isoTime }, given) {
  const { id, count, openedNs, closedNs, key, tgid } = given;
  const at = count === 0 ? null : openedNs;
  const iso = at === null ? null : isoTime(at);
  const writes = { count, bytes: count * 4096, firstNs: at, first: iso, lastNs: at, last: iso };
  return {
    _id: id,
    ...origin,
    kind: 'session',
    fileSessionId: id,
    path: given.path,
    pathResolved: true,
    dev: 'fe:00',
    inode: given.inode,
    fileType: 'regular',
    flags: 577,
    access: 'write',
    created: true,
    key,
    pid: tgid,
    tgid,
    fd: 3,
    comm: given.comm,
    exe: given.exe,
    containerId: given.containerId,
    openedBefore: false,
    openedNs,
    opened: isoTime(openedNs),
    closedNs,
    closed: isoTime(closedNs),
    closedBy: 'close',
    writes,
    writers: count === 0 ? [] : [{ key, ...writes }],
  };
}

const observations = [
  (process, evidence) =>
    task(evidence, process, 0, { observation: 'fork', ...connector(process, 0), ...parent, ...place(process) }),
  (process, evidence) =>
    task(evidence, process, 1, {
      observation: 'exec',
      source: 'audit',
      ...parent,
      ...credentials,
      tty: null,
      ...program(process),
      ...place(process),
      success: true,
    }),
  (process, evidence) =>
    task(evidence, process, 1, {
      observation: 'exec',
      ...connector(process, 1),
      success: true,
      ...credentials,
      ...program(process),
      ...place(process),
    }),
  (process, evidence) =>
    task(evidence, process, 4, {
      observation: 'exit',
      ...connector(process, 2),
      exitCode: 0,
      exitSignal: null,
      coreDumped: false,
    }),
];

const parent = { ppid: 1000, parentTgid: 1000, parentKey: `${bootId}:1000:5000` };
const credentials = { uid: 0, gid: 0, euid: 0, auid: 4_294_967_295, ses: 4_294_967_295 };

function place(process) {
  const containerId = containers[process % containers.length];
  return { containerId, rootfs: `/var/lib/docker/overlay2/${containerId}/merged` };
}

function program(process) {
  return { comm: 'cc1', exe: programs[1], argv: ['cc1', '-quiet', '-O2', `module-${process}.c`], cwd: '/work/build' };
}

function connector(process, step) {
  const monotonicNs = 4_000_000_000_000n + BigInt(process) * 2_000_000n + BigInt(step) * 400_000n;
  return {
    _id: `${bootId}:connector:${process & 1}.${process * 3 + step}.${monotonicNs}`,
    source: 'connector',
    clock: { name: 'monotonic', value: `${monotonicNs}` },
  };
}

function task({ isoTime }, process, ms, fields) {
  const startNs = BigInt(startMs) * 1_000_000n + BigInt(process) * 2_000_000n + 123_456n;
  const timeNs = fields.source === 'audit' ? (startNs / 1_000_000n) * 1_000_000n : startNs + BigInt(ms) * 400_000n;
  const auditMs = timeNs / 1_000_000n;
  const tgid = 2000 + process;
  return {
    _id: `${bootId}:audit:${auditMs}.${5000 + process * 8}`,
    ...origin,
    clock: { name: 'audit', value: `${auditMs}` },
    timeNs,
    time: isoTime(timeNs),
    key: keyOf(process),
    pid: tgid,
    tgid,
    startTicks: 400_000 + process,
    startNs,
    start: isoTime(startNs),
    ...fields,
  };
}
