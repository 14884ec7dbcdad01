/** What goes on on a container host, as generators of entries: each is one thing that runs beside the others. */

const includes = Array.from({ length: 3000 }, (_, index) => `/usr/include/lib${index % 60}/header-${index}.h`);
const libraries = ['/etc/ld.so.cache', '/lib/x86_64-linux-gnu/libc.so.6', '/lib/x86_64-linux-gnu/libz.so.1'];
const tools = ['/bin/date', '/usr/bin/cut', '/bin/sed', '/usr/bin/awk', '/bin/grep', '/usr/bin/tr', '/bin/cat'];

/** What runs before: the engine of the tree, and what is outside of it. */
export function boot(host) {
  const entries = [];
  const run = (tgid, parent, argv, options) => {
    const { process, entry } = host.running(tgid, parent, argv, options);
    entries.push(entry);
    return process;
  };
  const init = run(1, null, ['/sbin/init']);
  const containerd = run(700, init, ['/usr/bin/containerd']);
  const dockerd = run(800, init, ['/usr/bin/dockerd', '-H', 'fd://'], { star: true });
  const cron = run(600, init, ['/usr/sbin/cron', '-f']);
  const proxies = Array.from({ length: 12 }, (_, index) =>
    run(820 + index, dockerd, ['/usr/bin/docker-proxy', '-proto', 'tcp', '-host-port', String(8000 + index)]),
  );
  return { entries, containerd, cron, proxies };
}

/** A container from its shim to its last process; `work` is what its first process does. */
export function* container(host, { containerd }, argv, work) {
  const { random } = host;
  const id = random.hex(64);
  const address = ['-namespace', 'moby', '-id', id, '-address', '/run/containerd/containerd.sock'];
  const shimArgv = ['/usr/bin/containerd-shim-runc-v2', ...address];
  const starter = yield* child(host, containerd);
  // containerd is a service of its own here, so its shims are not of the tree until they are known as shims.
  host.takeInside(starter);
  yield* host.exec(starter, [...shimArgv, 'start']);
  const shim = yield* child(host, starter);
  yield* host.exec(shim, shimArgv);
  yield host.exit(starter);
  const runc = yield* child(host, shim);
  yield* host.exec(runc, [
    '/usr/bin/runc',
    '--root',
    '/run/docker/runtime-runc/moby',
    'create',
    '--bundle',
    `/run/${id}`,
    id,
  ]);
  const first = yield* child(host, runc);
  yield* host.exec(first, ['/usr/bin/runc', 'init']);
  yield host.enterContainer(first, id);
  yield host.changeRoot(first, `/var/lib/docker/overlay2/${random.hex(64)}/merged`);
  yield* files(host, runc, 3);
  yield host.exit(runc);
  yield* host.exec(first, argv, { cwd: '/work' });
  yield* work(host, first);
  yield host.exit(first);
  yield host.exit(shim);
}

/** make: a shell, the compiler and its passes for each file, then the linker. */
export function* build(host, make) {
  const { random } = host;
  const project = `/work/project-${random.from(1, 400)}`;
  const objects = [];
  for (let count = random.from(5, 30); count > 0; count -= 1) {
    const name = `${random.one(['net', 'fs', 'core', 'ui'])}_${random.hex(6)}`;
    const source = `${project}/src/${name}.c`;
    const object = `${project}/build/${name}.o`;
    const temporary = `/tmp/cc${random.hex(6)}.s`;
    const options = ['-O2', '-Wall', '-Iinclude', '-DNDEBUG', `-DUNIT=${name}`];
    objects.push(object);
    const shell = yield* child(host, make);
    yield* host.exec(shell, [
      '/bin/sh',
      '-c',
      `gcc ${options.join(' ')} -c ${source} -o ${object} && ranlib ${object}`,
    ]);
    yield* files(host, shell, 2);
    const gcc = yield* child(host, shell);
    yield* host.exec(gcc, ['/usr/bin/gcc', ...options, '-c', source, '-o', object]);
    yield* files(host, gcc, 3);
    const cc1 = yield* child(host, gcc);
    yield* host.exec(cc1, ['/usr/lib/gcc/x86_64-linux-gnu/12/cc1', '-quiet', ...options, source, '-o', temporary]);
    yield read(host, cc1, source);
    for (let header = random.from(20, 60); header > 0; header -= 1) yield read(host, cc1, random.one(includes));
    yield written(host, cc1, temporary, true);
    yield host.exit(cc1);
    const assembler = yield* child(host, gcc);
    yield* host.exec(assembler, ['/usr/bin/as', '--64', '-o', object, temporary]);
    yield read(host, assembler, temporary);
    yield written(host, assembler, object, true);
    yield host.exit(assembler);
    yield host.exit(gcc);
    // The rest of the line is run by the shell itself, in a copy of it that executes nothing.
    const subshell = yield* child(host, shell);
    yield inheritedWrite(host, shell, subshell, `${project}/build/log`);
    yield host.exit(subshell);
    yield host.exit(shell);
  }
  const linker = yield* child(host, make);
  yield* host.exec(linker, ['/usr/bin/ld', '-o', `${project}/build/program`, ...objects]);
  for (const object of objects) yield read(host, linker, object);
  yield written(host, linker, `${project}/build/program`, true);
  yield host.exit(linker);
}

/** A script with its small tools, and subshells that execute nothing. */
export function* script(host, shell) {
  const { random } = host;
  for (let line = random.from(10, 60); line > 0; line -= 1) {
    const process = yield* child(host, shell);
    if (random.chance(0.25)) {
      yield inheritedWrite(host, shell, process, `/tmp/out-${random.from(1, 50)}`);
    } else {
      const tool = random.one(tools);
      if (random.chance(0.3)) yield host.failedExec(process, [tool.slice(tool.lastIndexOf('/') + 1)]);
      yield* host.exec(process, [
        tool,
        random.one(['-d', '-f1', '-n', '+%s']),
        random.one(['a', 'b', `/tmp/in-${random.hex(4)}`]),
      ]);
      yield* files(host, process, random.from(3, 6));
      if (random.chance(0.2)) yield written(host, process, `/tmp/out-${random.hex(6)}`, true);
    }
    yield host.exit(process);
  }
}

/** A server with some threads that serves requests: many files, no processes. */
export function* server(host, process) {
  const { random } = host;
  const threads = [];
  for (let count = random.from(4, 16); count > 0; count -= 1) {
    const { pid, entry } = host.thread(process);
    yield entry;
    threads.push(pid);
  }
  const log = { path: '/var/log/access.log', access: 'write', flags: 0o2001, inode: '4711', writes: 5, bytes: 900 };
  let session = host.file(process, log, { checkpoint: true });
  yield session.entry;
  for (let request = random.from(100, 900); request > 0; request -= 1) {
    yield read(host, process, `/srv/www/page-${random.from(1, 5000)}.html`);
    if (random.chance(0.2)) yield written(host, process, `/var/cache/item-${random.hex(5)}`, random.chance(0.5));
    if (random.chance(0.02)) yield host.event(process);
    if (random.chance(0.01)) {
      session = host.file(process, log, { checkpoint: true, session });
      yield session.entry;
    }
  }
  // One in four is never seen to be closed.
  if (random.chance(0.75)) yield host.file(process, log, { session }).entry;
  for (const pid of threads) yield host.exit(process, pid);
}

/** Work of the host itself: outside of the tree. */
export function* housekeeping(host, { cron }) {
  const process = yield* child(host, cron);
  yield* host.exec(process, ['/bin/sh', '-c', 'run-parts --report /etc/cron.hourly']);
  yield* script(host, process);
  yield host.exit(process);
}

/** Forks, and gives the child. */
function* child(host, parent) {
  const { process, entry } = host.fork(parent);
  yield entry;
  return process;
}

function* files(host, process, count) {
  for (const path of libraries) yield read(host, process, path);
  for (let left = count; left > 0; left -= 1) yield read(host, process, host.random.one(includes));
}

function read(host, process, path) {
  return host.file(process, { path, access: 'read', flags: 0o2000000, inode: String(path.length * 7919) }).entry;
}

function written(host, process, path, created) {
  const writes = host.random.from(1, 40);
  const inode = String(host.random.from(100_000, 9_000_000));
  return host.file(process, { path, access: 'write', flags: 0o1101, inode, created, writes, bytes: writes * 4096 })
    .entry;
}

/** The parent opened it, the child wrote to it too. */
function inheritedWrite(host, parent, writer, path) {
  const file = {
    path,
    access: 'write',
    flags: 0o2101,
    inode: '31337',
    writes: 2,
    bytes: 80,
    writers: [parent, writer],
  };
  return host.file(parent, file).entry;
}
