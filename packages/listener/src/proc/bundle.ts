/** The OCI bundle of a container that a runtime is about to make: where its root file system lies on the host. */

import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, resolve } from 'node:path';
import type { BinaryString, ContainerRoot } from '../events.ts';
import { auditDevice } from './device.ts';

/** File names of the programs that make containers. */
export const runtimes: ReadonlySet<string> = new Set(['runc', 'crun', 'youki']);
const containerId = /^[0-9a-f]{64}$/;
const maxConfigBytes = 1024 * 1024;

/**
 * What `runc create --bundle DIRECTORY … ID` (or run, restore) says of its container. The caller must have made sure
 * that the process is one of the host: a container could name any path.
 */
export function bundleOf(exe: BinaryString, argv: readonly BinaryString[]): ContainerRoot | null {
  if (!runtimes.has(basename(exe))) return null;
  const id = argv.findLast((argument) => containerId.test(argument));
  const directory = bundleDirectory(argv);
  if (id === undefined || directory === null || !isAbsolute(directory)) return null;
  const root = rootPath(directory);
  if (root === null) return null;
  try {
    return {
      containerId: id,
      rootfs: root,
      dev: auditDevice(statSync(Buffer.from(root, 'latin1'), { bigint: true }).dev),
    };
  } catch {
    return { containerId: id, rootfs: root, dev: null };
  }
}

function bundleDirectory(argv: readonly BinaryString[]): BinaryString | null {
  for (const [index, argument] of argv.entries()) {
    if (argument === '--bundle' || argument === '-b') return argv[index + 1] ?? null;
    if (argument.startsWith('--bundle=')) return argument.slice('--bundle='.length);
  }
  return null;
}

/** `root.path` of config.json, made absolute (runtime specification: relative to the bundle). */
function rootPath(directory: BinaryString): BinaryString | null {
  let fd: number;
  try {
    // A path from a command line may name anything: never wait for a pipe, never follow a link.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    fd = openSync(Buffer.from(`${directory}/config.json`, 'latin1'), flags);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > maxConfigBytes) return null;
    const config = JSON.parse(readFileSync(fd, 'utf8')) as { root?: { path?: unknown } } | null;
    const path = config?.root?.path;
    return typeof path === 'string' ? resolve(directory, Buffer.from(path, 'utf8').toString('latin1')) : null;
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}
