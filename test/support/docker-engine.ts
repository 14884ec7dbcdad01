/**
 * A real Docker engine of our own: dockerd with its own containerd, data and socket in one folder, without network.
 * It stands beside an engine that the machine may run already, and leaves nothing behind.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeBusyboxRoot } from './busybox-image.ts';
import { ensureCgroups } from './cgroups.ts';
import { unmountBelow } from './mounts.ts';
import { findProgram } from './needs.ts';
import { endProcesses, listProcesses } from './processes.ts';
import { type Outcome, runOrThrow, runProgram } from './run-program.ts';
import { waitFor } from './wait-for.ts';

export interface DockerEngine {
  /** pid of dockerd. */
  readonly pid: number;
  /** Path of the dockerd binary, as started. */
  readonly exe: string;
  /** For `docker -H`. */
  readonly host: string;
  /** Host folder that holds everything of this engine; the containers' root file systems are in its `data`. */
  readonly folder: string;
  /** Name of an image with a static busybox whose applets are links to /bin/busybox. */
  readonly image: string;
  /** Runs the docker client; the exit code is the caller's business. */
  docker(args: readonly string[], timeoutMs?: number): Promise<Outcome>;
  /** The same, but an exit code other than 0 rejects. Resolves with stdout without the last line end. */
  dockerOrThrow(args: readonly string[], timeoutMs?: number): Promise<string>;
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;
const stopTimeoutMs = 30_000;
const image = 'godo-test:busybox';
const engineProgram = /^(dockerd|containerd|containerd-shim.*|runc|docker-proxy)$/;

/**
 * @param containerd - Socket of a containerd that runs already; by default dockerd starts one of its own.
 * @param inside - Words before dockerd, of a program that becomes it (nsenter).
 * @throws Error with the engine's log when it does not answer within a minute.
 */
export async function startDockerEngine(
  containerd: string | null = null,
  inside: readonly string[] = [],
): Promise<DockerEngine> {
  const dockerd = findProgram('dockerd');
  const client = findProgram('docker');
  if (dockerd === null || client === null) throw new Error('There is no Docker here: install the package docker.io.');
  await ensureCgroups();
  // Not os.tmpdir(): the path of a unix socket has room for 107 bytes only.
  const folder = await mkdtemp('/tmp/godo-docker-');
  const host = `unix://${join(folder, 'docker.sock')}`;
  const logPath = join(folder, 'dockerd.log');
  // An own, empty configuration: an administrator's daemon.json may contradict these options.
  await writeFile(join(folder, 'daemon.json'), '{}\n');
  const child = startDaemon([...inside, dockerd], folder, host, logPath, containerd);
  const docker = (args: readonly string[], timeoutMs = 60_000) =>
    runProgram(client, ['-H', host, ...args], { timeoutMs, env: { DOCKER_CONTEXT: undefined } });
  const dockerOrThrow = async (args: readonly string[], timeoutMs = 60_000) =>
    (await runOrThrow(client, ['-H', host, ...args], { timeoutMs, env: { DOCKER_CONTEXT: undefined } })).stdout.replace(
      /\n$/,
      '',
    );
  const killAtExit = () => child.kill('SIGTERM');
  process.once('exit', killAtExit);
  const stop = async () => {
    process.removeListener('exit', killAtExit);
    await stopEngine(child, folder, docker);
  };
  try {
    await waitFor(
      'dockerd to answer',
      async () => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error('dockerd ended at once.');
        return (await docker(['version'])).code === 0;
      },
      startTimeoutMs,
      200,
    );
    await importImage(folder, dockerOrThrow);
  } catch (error) {
    const log = await readFile(logPath, 'utf8').catch(() => '(no log)');
    await stop();
    throw new Error(`The Docker engine could not be started: ${(error as Error).message}\n${log}`);
  }
  if (child.pid === undefined) throw new Error('dockerd has no pid.');
  return { pid: child.pid, exe: dockerd, host, folder, image, docker, dockerOrThrow, stop };
}

function startDaemon(
  [program = '', ...words]: readonly string[],
  folder: string,
  host: string,
  logPath: string,
  containerd: string | null,
): ChildProcess {
  const log = openSync(logPath, 'a');
  try {
    return spawn(
      program,
      [
        ...words,
        ...['--config-file', join(folder, 'daemon.json')],
        ...['--iptables=false', '--ip6tables=false', '--bridge=none'],
        ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
        ...['--host', host, '--pidfile', join(folder, 'docker.pid')],
        // There is no manager of the system's to be asked for cgroups where it looks like it.
        ...(words.length === 0 ? [] : ['--exec-opt', 'native.cgroupdriver=cgroupfs']),
        ...(containerd === null ? [] : ['--containerd', containerd]),
      ],
      // A session of its own, as a service would have: Ctrl-C at the tests must not reach it before they can clean up.
      { stdio: ['ignore', log, log], detached: true },
    );
  } finally {
    closeSync(log);
  }
}

async function importImage(folder: string, dockerOrThrow: (args: readonly string[]) => Promise<string>): Promise<void> {
  const root = join(folder, 'image');
  const archive = join(folder, 'image.tar');
  await mkdir(root);
  await makeBusyboxRoot(root);
  await runOrThrow('tar', ['-C', root, '-cf', archive, '.']);
  await dockerOrThrow(['import', archive, image]);
  await rm(root, { recursive: true });
  await rm(archive);
}

/** Containers first, then dockerd (it ends its containerd), then whatever of this engine is still there. */
async function stopEngine(
  child: ChildProcess,
  folder: string,
  docker: (args: readonly string[]) => Promise<Outcome>,
): Promise<void> {
  const alive = () => child.exitCode === null && child.signalCode === null;
  if (alive()) {
    const containers = (await docker(['ps', '-aq', '--no-trunc'])).stdout.split('\n').filter((id) => id !== '');
    if (containers.length > 0) await docker(['rm', '--force', '--volumes', ...containers]);
    child.kill('SIGTERM');
    await waitFor('dockerd to end', () => !alive(), stopTimeoutMs).catch(() => child.kill('SIGKILL'));
  }
  await endProcesses(async () => (await listProcesses()).filter((p) => belongsTo(p.comm, p.argv, folder)));
  await unmountBelow(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Every program of this engine has a path below its folder among its arguments. */
function belongsTo(comm: string, argv: readonly string[], folder: string): boolean {
  const name = argv[0]?.split('/').at(-1) ?? comm;
  return engineProgram.test(name) && argv.some((argument) => argument.includes(`${folder}/`));
}
