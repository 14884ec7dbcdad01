/** The OCI bundle of a container that a runtime is about to make: where its root file system lies on the host. */

import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, resolve } from 'node:path';
import type { BinaryString, ContainerRoot } from '../events.ts';
import { auditDevice } from './device.ts';
import { containerMadeBy } from './runtime-command.ts';

/** File names of the programs that make containers. */
export const runtimes: ReadonlySet<string> = new Set(['runc', 'crun', 'youki']);
const containerId = /^[0-9a-f]{64}$/;
const maxConfigBytes = 1024 * 1024;

export interface Bundle {
  readonly root: ContainerRoot;
  /** Of the bundle, on the host. */
  readonly directory: BinaryString;
  /** `linux.cgroupsPath`; null: there is none. */
  readonly cgroupsPath: string | null;
}

/**
 * What `runc create --bundle DIRECTORY … ID` (or run, restore) says of its container. The caller must have made sure
 * that the process is one of the host: a container could name any path.
 *
 * @param cwd - Where the runtime was started, which is its bundle where none is named; null: not known.
 */
export function bundleOf(exe: BinaryString, argv: readonly BinaryString[], cwd: BinaryString | null): Bundle | null {
  if (!runtimes.has(basename(exe))) return null;
  const id = argv.findLast((argument) => containerId.test(argument)) ?? containerMadeBy(exe, argv);
  if (id === null) return null;
  const named = bundleDirectory(argv) ?? '.';
  const directory = isAbsolute(named) ? named : cwd === null ? null : resolve(cwd, named);
  const config = directory === null ? null : readConfig(directory);
  if (directory === null || config === null) return null;
  const { root: rootfs, cgroupsPath } = config;
  let dev: string | null = null;
  try {
    dev = auditDevice(statSync(Buffer.from(rootfs, 'latin1'), { bigint: true }).dev);
  } catch {
    // It is not there yet, or no more.
  }
  return { root: { containerId: id, rootfs, dev }, directory, cgroupsPath };
}

function bundleDirectory(argv: readonly BinaryString[]): BinaryString | null {
  for (const [index, argument] of argv.entries()) {
    if (argument === '--bundle' || argument === '-b') return argv[index + 1] ?? null;
    if (argument.startsWith('--bundle=')) return argument.slice('--bundle='.length);
  }
  return null;
}

/** `root.path` of config.json, made absolute (runtime specification: relative to the bundle), and its cgroups' path. */
function readConfig(
  directory: BinaryString,
): { readonly root: BinaryString; readonly cgroupsPath: string | null } | null {
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
    const config = JSON.parse(readFileSync(fd, 'utf8')) as {
      root?: { path?: unknown };
      linux?: { cgroupsPath?: unknown };
    } | null;
    const path = config?.root?.path;
    if (typeof path !== 'string') return null;
    const cgroupsPath = config?.linux?.cgroupsPath;
    return {
      root: resolve(directory, Buffer.from(path, 'utf8').toString('latin1')),
      cgroupsPath: typeof cgroupsPath === 'string' && cgroupsPath !== '' ? cgroupsPath : null,
    };
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}
