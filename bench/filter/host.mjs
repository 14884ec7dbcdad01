/**
 * One host as its listener sees it: makes entries of raw evidence as the listener makes them, and counts what the
 * filter must find in them. Time goes on a little with each entry.
 */

const startUs = 1_735_689_600_000_000;
const bootUs = startUs - 86_400_000_000;

export class Host {
  #isoTime;
  #random;
  #us = startUs;
  #serial = 1000;
  #sequence = 1;
  #lastPid = 1000;
  #containersSeen = new Set();
  #openSeen = new Set();

  /** What the filter must make of all entries so far. */
  expected = {
    ...{ processes: 0, threads: 0, containers: 0, filesSeen: 0, filesKept: 0 },
    ...{ operations: 0, events: 0, losses: 0 },
  };

  constructor(name, random, isoTime) {
    this.#isoTime = isoTime;
    this.#random = random;
    const bootId = `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-8${random.hex(3)}-${random.hex(12)}`;
    this.origin = {
      host: name,
      machineId: random.hex(32),
      bootId,
      sessionId: `${bootId}:${Math.floor(startUs / 1000)}`,
    };
  }

  get random() {
    return this.#random;
  }

  now() {
    this.#us += this.#random.from(5, 60);
    return this.#us;
  }

  sessionStart() {
    const us = this.now();
    return {
      collection: 'sessions',
      document: {
        _id: this.origin.sessionId,
        ...this.origin,
        ...this.#moment(us),
        phase: 'start',
        mode: 'live',
        kernel: '6.1.0-18-amd64',
        version: '0.1.0',
        intake: 'unicast',
        rules: [],
      },
    };
  }

  loss() {
    const us = this.now();
    this.#sequence += 3;
    this.expected.losses += 1;
    return {
      collection: 'losses',
      document: {
        _id: `${this.origin.sessionId}:loss:${this.#sequence}`,
        ...this.origin,
        ...this.#moment(us),
        severity: 'loss',
        source: 'connector',
        from: String(this.#sequence - 2),
        to: String(this.#sequence - 1),
        count: 2,
        reason: '2 messages of the process connector were lost; forks, execs and exits may be missing.',
      },
    };
  }

  /** A call that is neither of a process nor of a file. */
  event(process) {
    const us = this.now();
    this.#serial += 1;
    if (process.inside) this.expected.events += 1;
    return {
      collection: 'events',
      document: {
        _id: this.#auditId(us),
        ...this.origin,
        ...this.#moment(us),
        kind: 'connect',
        key: process.key,
        tgid: process.tgid,
        containerId: process.containerId,
        data: { family: 'inet', address: `10.0.0.${this.#random.from(1, 254)}`, port: 443, success: true },
      },
    };
  }

  /** A process that ran before; `program` as for {@link exec}. */
  running(tgid, parent, program, { star = false, containerId = null, rootfs = '/' } = {}) {
    const startTicks = tgid;
    const process = this.#process(tgid, startTicks, bootUs + startTicks * 10_000, parent, {
      star,
      containerId,
      rootfs,
    });
    Object.assign(process, programOf(program), { cwd: '/' });
    const id = `${this.origin.sessionId}:proc:${tgid}.${startTicks}`;
    const entry = this.#observe(process, 'snapshot', 'proc', id, null, this.now(), {
      ...parentFields(process),
      ...credentials,
      ...programFields(process),
      containerId,
      rootfs,
      ...(star && { star: true }),
    });
    return { process, entry };
  }

  fork(parent) {
    this.#lastPid += 1;
    const us = this.now();
    const startTicks = Math.floor((us - bootUs) / 10_000);
    const { containerId, rootfs, exe, comm, argv, cwd } = parent;
    const process = this.#process(this.#lastPid, startTicks, us, parent, { star: false, containerId, rootfs });
    Object.assign(process, { exe, comm, argv, cwd });
    const entry = this.#connector(process, 'fork', us, { ...parentFields(process), containerId, rootfs });
    return { process, entry };
  }

  thread(process) {
    this.#lastPid += 1;
    const us = this.now();
    if (process.inside) this.expected.threads += 1;
    return {
      pid: this.#lastPid,
      entry: this.#connector(
        process,
        'fork',
        us,
        { ppid: process.parent.tgid, parentTgid: process.parent.tgid },
        this.#lastPid,
      ),
    };
  }

  /** A program that was looked for at the wrong place of PATH. */
  failedExec(process, argv) {
    const us = this.now();
    return this.#audit(process, 'exec', us, {
      ...parentFields(process),
      ...credentials,
      tty: null,
      comm: process.comm,
      exe: `/usr/local/bin/${argv[0]}`,
      argv,
      cwd: process.cwd,
      ...placeOf(process),
      success: false,
      errno: -2,
    });
  }

  /** Both sources tell of it. `program`: the arguments, the first being the path of the executable. */
  *exec(process, program, changes = {}) {
    Object.assign(process, programOf(program), changes);
    yield this.#audit(process, 'exec', this.now(), {
      ...parentFields(process),
      ...credentials,
      tty: null,
      comm: process.comm,
      exe: process.exe,
      argv: process.argv,
      cwd: process.cwd,
      ...placeOf(process),
      success: true,
    });
    if (process.containerId !== null) this.#sawContainer(process);
    yield this.#connector(process, 'exec', this.now(), {
      success: true,
      ...credentials,
      ...programFields(process),
      ...placeOf(process),
    });
  }

  /** runc's child has been moved into the cgroup of its container. */
  enterContainer(process, containerId) {
    process.containerId = containerId;
    this.#sawContainer(process);
    return this.#connector(process, 'exec', this.now(), {
      success: true,
      ...credentials,
      ...programFields(process),
      ...placeOf(process),
    });
  }

  changeRoot(process, rootfs) {
    process.rootfs = rootfs;
    return this.#audit(process, 'root', this.now(), { rootfs, containerId: process.containerId });
  }

  /** The tree gets it though its parent is outside: the filter hangs shims under their engine. */
  takeInside(process) {
    process.inside = true;
    this.expected.processes += 1;
    this.expected.threads += 1;
  }

  exit(process, pid = process.tgid) {
    return this.#connector(
      process,
      'exit',
      this.now(),
      { exitCode: this.#random.chance(0.05) ? 1 : 0, exitSignal: null, coreDumped: false },
      pid,
    );
  }

  /**
   * A file session as it stands now. `file`: { path, access, flags, inode, created, writes (count), bytes, writers
   * (processes that wrote, none: the opener) }; `session`: an earlier checkpoint of it that goes on.
   */
  file(process, file, { checkpoint = false, session = null } = {}) {
    const openedUs = session?.openedUs ?? this.now();
    const wroteUs = this.now();
    const us = this.now();
    if (session === null) this.#serial += 1;
    const serial = session?.serial ?? this.#serial;
    const { path, access, flags, inode, created = false, writes = 0, bytes = 0, writers = [] } = file;
    const first = writes === 0 ? null : stamp(wroteUs);
    const total = { count: writes, bytes, first, last: first };
    const keeps = process.inside || writers.some(({ inside }) => inside);
    this.#countFile(serial, checkpoint, keeps);
    return {
      openedUs,
      serial,
      entry: {
        collection: checkpoint ? 'fds' : 'files',
        session: {
          origin: this.origin,
          id: serial,
          path,
          pathHex: null,
          pathResolved: true,
          dirfd: null,
          dev: process.containerId === null ? 'fe:00' : '00:3a',
          inode,
          fileType: 'regular',
          flags,
          access,
          created,
          key: process.key,
          pid: process.tgid,
          tgid: process.tgid,
          fd: this.#random.from(3, 12),
          comm: process.comm,
          exe: process.exe,
          containerId: process.containerId,
          openedBefore: false,
          opened: stamp(openedUs),
          closed: checkpoint ? null : stamp(us),
          closedBy: checkpoint ? null : 'close',
          writes: total,
          writers: writers.length === 0 ? null : writers.map(({ key }) => ({ key, ...total })),
          changes: null,
          mapped: null,
          warnings: null,
          checkpoint: checkpoint ? { ...stamp(us), ns: (us % 1000) * 1000 } : null,
        },
      },
    };
  }

  #countFile(serial, checkpoint, keeps) {
    const known = this.#openSeen.has(serial);
    if (checkpoint) this.#openSeen.add(serial);
    else this.#openSeen.delete(serial);
    if (known) return;
    this.expected.filesSeen += 1;
    if (keeps) this.expected.filesKept += 1;
  }

  #sawContainer(process) {
    const { containerId, inside } = process;
    if (!inside || containerId === null || this.#containersSeen.has(containerId)) return;
    this.#containersSeen.add(containerId);
    this.expected.containers += 1;
  }

  #process(tgid, startTicks, us, parent, place) {
    const inside = place.star || parent?.inside === true;
    if (inside) {
      this.expected.processes += 1;
      this.expected.threads += 1;
    }
    return {
      key: `${this.origin.bootId}:${tgid}:${startTicks}`,
      tgid,
      startTicks,
      startUs: us,
      parent,
      inside,
      ...place,
    };
  }

  #moment(us) {
    const timeNs = BigInt(us) * 1000n;
    return { timeNs, time: this.#isoTime(timeNs) };
  }

  #auditId(us) {
    return `${this.origin.bootId}:audit:${Math.floor(us / 1000)}.${this.#serial}`;
  }

  #connector(process, observation, us, fields, pid = process.tgid) {
    this.#sequence += 1;
    const monotonicNs = `${us - bootUs}000`;
    const id = `${this.origin.bootId}:connector:${this.#sequence % 8}.${this.#sequence}.${monotonicNs}`;
    return this.#observe(
      process,
      observation,
      'connector',
      id,
      { name: 'monotonic', value: monotonicNs },
      us,
      fields,
      pid,
    );
  }

  /** Audit's clock is coarse. */
  #audit(process, observation, us, fields) {
    this.#serial += 1;
    const ms = Math.floor(us / 4000) * 4;
    const clock = { name: 'audit', value: String(ms) };
    return this.#observe(process, observation, 'audit', this.#auditId(us), clock, ms * 1000, fields);
  }

  #observe(process, observation, source, id, clock, us, fields, pid = process.tgid) {
    const startNs = BigInt(process.startUs) * 1000n;
    return {
      collection: 'pids',
      document: {
        _id: id,
        ...this.origin,
        observation,
        source,
        clock,
        ...this.#moment(us),
        key: process.key,
        pid,
        tgid: process.tgid,
        startTicks: process.startTicks,
        startNs,
        start: this.#isoTime(startNs),
        ...fields,
      },
    };
  }
}

/** Audit's stamps have whole ms. */
function stamp(us) {
  return { ms: Math.floor(us / 1000), ns: 0 };
}

const credentials = { uid: 0, gid: 0, euid: 0, auid: 4294967295, ses: 4294967295 };

function programOf(argv) {
  const [exe] = argv;
  return { exe, comm: exe.slice(exe.lastIndexOf('/') + 1).slice(0, 15), argv };
}

function programFields({ argv, comm, exe, cwd }) {
  return { argv, comm, exe, cwd };
}

function parentFields({ parent }) {
  if (parent === null) return { ppid: 0, parentTgid: 0, parentKey: null };
  return { ppid: parent.tgid, parentTgid: parent.tgid, parentKey: parent.key };
}

function placeOf({ containerId, rootfs }) {
  return { containerId, rootfs };
}
