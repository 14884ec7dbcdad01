/**
 * Containers of a runtime that is used by itself may have any name, and their cgroups are called just that: which
 * groups they are is told by the runtime's command line while it makes one, and by its state afterwards.
 */

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ContainerRuntime } from '@godo/evidence';
import { readJsonFile } from './json-file.ts';
import { isContainerId } from './runtime-command.ts';

export interface NamedContainer {
  readonly id: string;
  readonly runtime: ContainerRuntime;
  /** Its cgroup in each hierarchy, as /proc/PID/cgroup names them. */
  readonly cgroups: readonly string[];
}

/**
 * Where a runtime puts the cgroups of a container (opencontainers/runc, its fs and fs2 managers): at the path that the
 * configuration names, or called as the container; from the root where that is absolute, else in v1 below its own group
 * and in v2 beside it. `SLICE:PREFIX:NAME` is an order to systemd.
 *
 * @param configured - `linux.cgroupsPath` of the configuration; null: there is none.
 * @param ownCgroup - /proc/PID/cgroup of the runtime.
 */
export function cgroupsOf(id: string, configured: string | null, ownCgroup: string): string[] {
  const path = configured ?? id;
  const [slice = '', prefix, name] = path.split(':');
  if (prefix !== undefined) return name === undefined ? [] : [join('/', slice, `${prefix}-${name}.scope`)];
  if (path.startsWith('/')) return [join(path)];
  const paths = ownCgroup.split('\n').flatMap((line) => {
    const colon = line.indexOf(':', line.indexOf(':') + 1);
    if (colon < 0) return [];
    const own = line.slice(colon + 1);
    return [join('/', line.startsWith('0::') ? dirname(own) : own, path)];
  });
  return [...new Set(paths)];
}

/** Where runc keeps the state of the containers of a runtime, by default. */
const stateFolders = [['/run/runc', 'runc']] as const;
/** The same in a folder for each containerd namespace. */
const stateFoldersByNamespace = [['/run/containerd/runc', 'containerd']] as const;
const maxContainers = 256;
const hexId = /^[0-9a-f]{64}$/;
const maxStateBytes = 4 * 1024 * 1024;

/**
 * The containers whose state lies where runc keeps it by default: those that run, or wait for their start. Names of 64
 * hex digits are passed over: those are known wherever they stand.
 */
export function readRuncStates(): NamedContainer[] {
  const byNamespace = stateFoldersByNamespace.flatMap(([folder, runtime]) =>
    entries(folder).map((namespace) => [join(folder, namespace), runtime] as const),
  );
  return [...stateFolders, ...byNamespace]
    .flatMap(([folder, runtime]) =>
      entries(folder)
        .filter((id) => !hexId.test(id))
        .map((id) => [join(folder, id, 'state.json'), runtime] as const),
    )
    .slice(0, maxContainers)
    .map(([path, runtime]) => namedContainer(readJsonFile(path, maxStateBytes), runtime))
    .filter((container) => container !== null);
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** What runc's state.json says; null where it is none. */
export function namedContainer(state: unknown, runtime: ContainerRuntime): NamedContainer | null {
  const { id, cgroup_paths: paths } = (state ?? {}) as { id?: unknown; cgroup_paths?: unknown };
  if (typeof id !== 'string' || !isContainerId(id) || typeof paths !== 'object' || paths === null) return null;
  const cgroups = Object.values(paths).flatMap((path) => (typeof path === 'string' ? belowMount(path) : []));
  return { id, runtime, cgroups: [...new Set(cgroups)] };
}

/** The path within its hierarchy, which is mounted at /sys/fs/cgroup (v2) or in a folder below that (v1, hybrid). */
function belowMount(path: string): string[] {
  const rest = /^\/sys\/fs\/cgroup(\/.+)$/.exec(path)?.[1];
  if (rest === undefined) return [];
  const below = /^\/[^/]+(\/.+)$/.exec(rest)?.[1];
  return below === undefined ? [rest] : [rest, below];
}
