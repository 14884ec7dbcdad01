/** Containers of runc without any engine: a bundle each, and names of their own. */

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBusyboxRoot } from './busybox-image.ts';
import { ensureCgroups } from './cgroups.ts';
import { findProgram } from './needs.ts';
import { runOrThrow, runProgram } from './run-program.ts';

export interface PlainRunc {
  readonly folder: string;
  /** Runs a container to its end, or only starts it. */
  run(id: string, args: readonly string[], how: 'to its end' | 'detached'): Promise<void>;
  /** pid of the first process of a container on the host. */
  pidOf(id: string): Promise<number>;
  stop(): Promise<void>;
}

/** Its state lies where runc keeps it by default, as everybody's who does not ask for more. */
export async function preparePlainRunc(): Promise<PlainRunc> {
  const runc = findProgram('runc');
  if (runc === null) throw new Error('There is no runc here: install the package runc.');
  await ensureCgroups();
  const folder = await mkdtemp(join(tmpdir(), 'godo-runc-'));
  const ids: string[] = [];
  return {
    folder,
    async run(id, args, how) {
      const bundle = await makeBundle(runc, join(folder, id), args);
      ids.push(id);
      if (how === 'to its end') await runOrThrow(runc, ['run', id], { cwd: bundle });
      // It would hold our pipes for as long as it runs.
      else await runOrThrow('sh', ['-c', '"$@" > /dev/null 2>&1', 'sh', runc, 'run', '-d', '--bundle', bundle, id]);
    },
    async pidOf(id) {
      const state = JSON.parse((await runOrThrow(runc, ['state', id])).stdout) as { pid: number };
      return state.pid;
    },
    async stop() {
      for (const id of ids) await runProgram(runc, ['delete', '--force', id]);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function makeBundle(runc: string, bundle: string, args: readonly string[]): Promise<string> {
  const root = join(bundle, 'rootfs');
  await mkdir(root, { recursive: true });
  await makeBusyboxRoot(root);
  await runOrThrow(runc, ['spec', '--bundle', bundle]);
  const path = join(bundle, 'config.json');
  const config = JSON.parse(await readFile(path, 'utf8')) as { process: object; root: object };
  const changed = {
    ...config,
    process: { ...config.process, terminal: false, args },
    root: { path: 'rootfs', readonly: false },
    annotations: { purpose: 'test' },
  };
  await writeFile(path, JSON.stringify(changed));
  return bundle;
}
