/**
 * The activity that the pipeline has to explain: a container that ran before godo, a short one started under its
 * eyes, and processes put into the older one. What the programs in them do to files was checked with strace.
 */

import { mkdtemp, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DockerEngine } from './docker-engine.ts';

/** What the short container runs. busybox's shell turns itself into the last command of a line, here `cat` and `true`. */
export const shellLine = 'echo hi > /tmp/x; sh -c "cat /tmp/x > /root/y"; /bin/true arg';

/** Two processes that tell their own numbers in the container by their exit codes; the first is there to be looked at. */
export const numbersLine = "sleep 0.5; sh -c 'exit $$'; exit $$";

const namespaceKinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];

export interface OlderContainer {
  /** 64 hex digits. */
  readonly id: string;
  /** pid of its first process on the host. */
  readonly pid: number;
  /** pid of its shim. */
  readonly shimPid: number;
  /** Its root file system as the host sees it; null where the storage driver does not tell. */
  readonly rootfs: string | null;
  /** Inodes of its namespaces that are not the host's. */
  readonly namespaces: Readonly<Record<string, number>>;
}

export interface EngineFacts {
  readonly exe: string;
  readonly argv: readonly string[];
  readonly cwd: string;
}

/** The engine's own process as /proc shows it. */
export async function engineFacts(engine: DockerEngine): Promise<EngineFacts> {
  return {
    exe: await readlink(`/proc/${engine.pid}/exe`),
    argv: (await readFile(`/proc/${engine.pid}/cmdline`, 'utf8')).split('\0').slice(0, -1),
    cwd: await readlink(`/proc/${engine.pid}/cwd`),
  };
}

export async function startOlderContainer(engine: DockerEngine): Promise<OlderContainer> {
  const id = await engine.dockerOrThrow(['run', '-d', '--network', 'none', engine.image, 'sleep', '3600']);
  const pid = Number(await engine.dockerOrThrow(['inspect', '-f', '{{.State.Pid}}', id]));
  const graph = JSON.parse(await engine.dockerOrThrow(['inspect', '-f', '{{json .GraphDriver.Data}}', id])) as {
    MergedDir?: string;
  } | null;
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const shimPid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  return { id, pid, shimPid, rootfs: graph?.MergedDir ?? null, namespaces: await namespacesOf(pid) };
}

async function namespacesOf(pid: number): Promise<Record<string, number>> {
  const own: Record<string, number> = {};
  for (const kind of namespaceKinds) {
    const [host, its] = await Promise.all(['self', pid].map((of) => readlink(`/proc/${of}/ns/${kind}`)));
    if (its !== host) own[kind] = Number(/\[(\d+)\]/.exec(its ?? '')?.[1]);
  }
  return own;
}

/** Runs the short container and the two processes in the older one. Resolves with the short container's id. */
export async function useContainers(engine: DockerEngine, older: OlderContainer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'godo-cid-'));
  try {
    const idFile = join(folder, 'cid');
    const run = ['run', '--rm', '--network', 'none', '--cidfile', idFile, engine.image];
    await engine.dockerOrThrow([...run, 'sh', '-c', shellLine]);
    await engine.dockerOrThrow(['exec', older.id, 'sh', '-c', 'echo exec > /tmp/e']);
    await engine.dockerOrThrow(['exec', '-w', '/tmp', older.id, 'cp', 'e', 'copy']);
    await engine.dockerOrThrow(['exec', older.id, 'rm', '/tmp/e', '/tmp/copy']);
    await engine.docker(['exec', older.id, 'sh', '-c', numbersLine]);
    return await readFile(idFile, 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}
