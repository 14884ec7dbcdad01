/** The mounts of the host and of containers as they were when each was first met: what a path leads to on the host. */

import type { BinaryString, MountEntry, MountTable } from '../events.ts';
import { auditDeviceOfMount } from './device.ts';
import { type Mount, parseMount, unescapeOctal } from './root-file-system.ts';

/** More of one namespace are left out, which is said. */
const mostMounts = 4_096;
/** Namespaces remembered; the bound is against a hostile host only. */
const mostTables = 65_536;

/** @param mountinfo contents of /proc/PID/mountinfo. */
export function mountTable(containerId: string | null, namespace: number | null, mountinfo: BinaryString): MountTable {
  const mounts = mountinfo
    .split('\n')
    .flatMap((line) => parseMount(line) ?? [])
    .filter(isNumbered);
  const entries = mounts.slice(0, mostMounts).map(entryOf);
  return { containerId, namespace, entries, ...(mounts.length > mostMounts && { cut: true as const }) };
}

function isNumbered({ id, parent }: Mount): boolean {
  return Number.isSafeInteger(id) && Number.isSafeInteger(parent);
}

function entryOf({ id, parent, device, root, mountPoint, type, source, superOptions }: Mount): MountEntry {
  const upper = type === 'overlay' ? /(?:^|,)upperdir=([^,]+)/.exec(superOptions)?.[1] : undefined;
  return {
    ...{ id, parent, mountPoint, root, dev: auditDeviceOfMount(device), fsType: type, source },
    ...(upper !== undefined && { upperDir: unescapeOctal(upper) }),
  };
}

/** Which mount namespaces of containers have been told of. */
export class ToldMounts {
  readonly #told = new Set<string>();

  /** Whether it is the first time. */
  isNew(containerId: string, namespace: number): boolean {
    const key = `${containerId} ${namespace}`;
    if (this.#told.has(key) || this.#told.size >= mostTables) return false;
    this.#told.add(key);
    return true;
  }
}
