/** A containerd of our own, as a service beside the engines that use it: its shims are nobody's children but init's. */

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unmountBelow } from './mounts.ts';
import { findProgram } from './needs.ts';
import { endProcesses, listProcesses } from './processes.ts';
import { waitFor } from './wait-for.ts';

export interface ContainerdService {
  readonly pid: number;
  /** Path of its socket. */
  readonly address: string;
  stop(): Promise<void>;
}

const startTimeoutMs = 30_000;

/** @throws Error with its log when it does not listen within half a minute. */
export async function startContainerd(): Promise<ContainerdService> {
  const containerd = findProgram('containerd');
  if (containerd === null) throw new Error('There is no containerd here: install the package containerd.');
  // Not os.tmpdir(): the path of a unix socket has room for 107 bytes only.
  const folder = await mkdtemp('/tmp/godo-ctrd-');
  const address = join(folder, 'state/containerd.sock');
  const config = [
    'version = 2',
    `root = "${join(folder, 'root')}"`,
    `state = "${join(folder, 'state')}"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    `[grpc]\naddress = "${address}"`,
  ];
  const configPath = join(folder, 'config.toml');
  await writeFile(configPath, `${config.join('\n')}\n`);
  const logPath = join(folder, 'containerd.log');
  const log = openSync(logPath, 'a');
  const child = spawn(containerd, ['--config', configPath, '--address', address], {
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const killAtExit = () => child.kill('SIGTERM');
  process.once('exit', killAtExit);
  const stop = async () => {
    process.removeListener('exit', killAtExit);
    const ours = async () =>
      (await listProcesses()).filter(({ argv }) => argv.some((argument) => argument.includes(`${folder}/`)));
    await endProcesses(ours);
    await unmountBelow(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await waitFor('containerd to listen', () => stat(address).catch(() => undefined), startTimeoutMs);
  } catch (error) {
    const text = await readFile(logPath, 'utf8').catch(() => '(no log)');
    await stop();
    throw new Error(`${(error as Error).message}\n${text}`);
  }
  return { pid: child.pid ?? -1, address, stop };
}
