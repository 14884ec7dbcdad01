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
  let opener = null;
  return Array.from({ length: count }, (_, index) => {
    const process = Math.floor(index / sessionsOfProcess);
    // All sessions of a process share the texts that tell of it, as with the listener.
    if (index % sessionsOfProcess === 0) opener = openerOf(process);
    const ms = startMs + Math.floor(index / sessionsOfMs);
    const written = index % 10 < 8;
    const document = fileDocument(evidence, {
      id: `${bootId}:audit:${ms}.${1000 + index * 8}`,
      path: `/work/build/module-${process % 400}/${index % 1000}/${files[index % files.length]}`,
      inode: `${9_900_000 + (index % 5000)}`,
      ...opener,
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

function openerOf(process) {
  const exe = programs[process % programs.length];
  return {
    key: keyOf(process),
    tgid: 2000 + process,
    comm: exe.slice(exe.lastIndexOf('/') + 1),
    exe,
    containerId: process % 10 === 0 ? null : containers[process % containers.length],
  };
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

/** Fields are put onto one object, as the listener does: V8 keeps those documents alike. */
const observations = [
  (process, evidence) => {
    const document = task(evidence, process, connector(process, 0), 'fork');
    putParent(document);
    putPlace(document, process);
    return document;
  },
  (process, evidence) => {
    const document = task(evidence, process, audit(process), 'exec');
    putParent(document);
    putProgram(document, process);
    document.tty = null;
    putPlace(document, process);
    document.success = true;
    return document;
  },
  (process, evidence) => {
    const document = task(evidence, process, connector(process, 1), 'exec');
    document.success = true;
    putProgram(document, process);
    putPlace(document, process);
    return document;
  },
  (process, evidence) => {
    const document = task(evidence, process, connector(process, 4), 'exit');
    document.exitCode = 0;
    document.exitSignal = null;
    document.coreDumped = false;
    return document;
  },
];

function putParent(document) {
  document.ppid = 1000;
  document.parentTgid = 1000;
  document.parentKey = parentKey;
}

function putProgram(document, process) {
  document.uid = 0;
  document.gid = 0;
  document.euid = 0;
  document.auid = 4_294_967_295;
  document.ses = 4_294_967_295;
  document.comm = 'cc1';
  document.exe = programs[1];
  document.argv = ['cc1', '-quiet', '-O2', `module-${process}.c`];
  document.cwd = '/work/build';
}

const parentKey = `${bootId}:1000:5000`;
const roots = containers.map((containerId) => `/var/lib/docker/overlay2/${containerId}/merged`);

function putPlace(document, process) {
  document.containerId = containers[process % containers.length];
  document.rootfs = roots[process % roots.length];
}

function startOf(process) {
  return BigInt(startMs) * 1_000_000n + BigInt(process) * 2_000_000n + 123_456n;
}

function connector(process, step) {
  const monotonicNs = 4_000_000_000_000n + BigInt(process) * 2_000_000n + BigInt(step) * 400_000n;
  return {
    id: `${bootId}:connector:${process & 1}.${process * 3 + step}.${monotonicNs}`,
    source: 'connector',
    clock: { name: 'monotonic', value: `${monotonicNs}` },
    timeNs: startOf(process) + BigInt(step) * 400_000n,
  };
}

function audit(process) {
  const ms = startOf(process) / 1_000_000n;
  return {
    id: `${bootId}:audit:${ms}.${5000 + process * 8}`,
    source: 'audit',
    clock: { name: 'audit', value: `${ms}` },
    timeNs: ms * 1_000_000n,
  };
}

function task({ isoTime }, process, { id, source, clock, timeNs }, observation) {
  const startNs = startOf(process);
  return {
    _id: id,
    host: origin.host,
    machineId: origin.machineId,
    bootId: origin.bootId,
    sessionId: origin.sessionId,
    observation,
    source,
    clock,
    timeNs,
    time: isoTime(timeNs),
    key: keyOf(process),
    pid: 2000 + process,
    tgid: 2000 + process,
    startTicks: 400_000 + process,
    startNs,
    start: isoTime(startNs),
  };
}
