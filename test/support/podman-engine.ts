/** podman with crun, with storage and state in a folder of its own, without network; leaves nothing behind. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeBusyboxRoot } from './busybox-image.ts';
import { ensureCgroups } from './cgroups.ts';
import { listMounts, unmountBelow } from './mounts.ts';
import { findProgram } from './needs.ts';
import { endProcesses, listProcesses } from './processes.ts';
import { runOrThrow } from './run-program.ts';

export interface PodmanEngine {
  readonly folder: string;
  /** Name of an image of a static busybox, as podman shows it. */
  readonly image: string;
  /** Resolves with stdout without the last line end; an exit code other than 0 rejects. */
  podman(args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

const image = 'localhost/godo-test:busybox';

export async function preparePodman(): Promise<PodmanEngine> {
  const [podmanPath, crun] = [findProgram('podman'), findProgram('crun')];
  if (podmanPath === null || crun === null) throw new Error('There is no podman here: install podman and crun.');
  await ensureCgroups();
  const folder = await mkdtemp('/tmp/godo-podman-');
  // Limits of its own are refused where a lower one holds already; there need be no systemd.
  const config = '[containers]\ndefault_ulimits = []\n[engine]\ncgroup_manager = "cgroupfs"\n';
  const configPath = join(folder, 'containers.conf');
  await writeFile(configPath, config);
  const places = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--tmpdir', join(folder, 'tmp')];
  const command = [podmanPath, ...places, '--runtime', crun];
  const [file = '', ...before] = [...(await withoutHybridCgroups()), ...command];
  const podman = async (args: readonly string[]) => {
    const options = { env: { CONTAINERS_CONF: configPath }, timeoutMs: 60_000 };
    return (await runOrThrow(file, [...before, ...args], options)).stdout.replace(/\n$/, '');
  };
  const stop = async () => {
    await podman(['rm', '--force', '--all', '--time', '0']).catch(() => undefined);
    await endProcesses(async () =>
      (await listProcesses()).filter(({ argv }) => argv.some((argument) => argument.includes(`${folder}/`))),
    );
    await unmountBelow(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await importImage(folder, podman);
  } catch (error) {
    await stop();
    throw error;
  }
  return { folder, image, podman, stop };
}

async function importImage(folder: string, podman: (args: readonly string[]) => Promise<string>): Promise<void> {
  const root = join(folder, 'image');
  const archive = join(folder, 'image.tar');
  await mkdir(root);
  await makeBusyboxRoot(root);
  await runOrThrow('tar', ['-C', root, '-cf', archive, '.']);
  await podman(['import', '--quiet', archive, image]);
  await rm(root, { recursive: true });
  await rm(archive);
}

/** crun wants one version of cgroups: where both are mounted, podman is shown the older alone. */
async function withoutHybridCgroups(): Promise<string[]> {
  const mounts = await listMounts();
  const unified = mounts.find(({ type, mountPoint }) => type === 'cgroup2' && mountPoint !== '/sys/fs/cgroup');
  if (unified === undefined || !mounts.some(({ type }) => type === 'cgroup')) return [];
  return ['unshare', '--mount', 'sh', '-c', `umount ${unified.mountPoint} && exec "$@"`, 'sh'];
}
