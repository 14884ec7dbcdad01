/** The OCI bundle of a container that a runtime is about to make: where its root file system lies on the host. */

import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { BinaryString, ContainerRoot } from '../events.ts';
import { auditDevice } from './device.ts';
import { readJsonFile } from './json-file.ts';
import { containerMadeBy, programName, runtimes } from './runtime-command.ts';

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
  if (!runtimes.has(programName(exe, argv))) return null;
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
  const path = Buffer.from(`${directory}/config.json`, 'latin1');
  const config = readJsonFile(path, maxConfigBytes) as
    | {
        root?: { path?: unknown };
        linux?: { cgroupsPath?: unknown };
      }
    | null
    | undefined;
  const root = config?.root?.path;
  if (typeof root !== 'string') return null;
  const cgroupsPath = config?.linux?.cgroupsPath;
  return {
    root: resolve(directory, Buffer.from(root, 'utf8').toString('latin1')),
    cgroupsPath: typeof cgroupsPath === 'string' && cgroupsPath !== '' ? cgroupsPath : null,
  };
}
