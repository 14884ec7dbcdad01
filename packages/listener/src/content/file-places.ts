/** Where a file of a process can be found now, and on what kind of file system it is. */

import { readdirSync, readFileSync } from 'node:fs';
import type { BinaryString } from '../events.ts';
import { auditDeviceOfMount } from '../proc/device.ts';
import { parseMount } from '../proc/root-file-system.ts';
import type { ContentJob } from './content-job.ts';

/** A directory that a path is looked up below, and whose mounts are seen there. */
export interface FilePlace {
  readonly root: BinaryString;
  readonly mountinfo: string;
}

/** A reading of /proc for the process of a container is good for this long. */
const foundMs = 2_000;
const mostFound = 1_024;

export class FilePlaces {
  readonly #now: () => number;
  readonly #found = new Map<string, { readonly pid: number | null; readonly ms: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** In the order in which they are tried; whether the file there is the one that is meant its inode must tell. */
  *of({ tgid, containerId, rootfs }: ContentJob): Generator<FilePlace> {
    if (containerId === null) yield { root: '/', mountinfo: '/proc/self/mountinfo' };
    else if (rootfs !== null) yield { root: rootfs, mountinfo: '/proc/self/mountinfo' };
    yield { root: `/proc/${tgid}/root`, mountinfo: `/proc/${tgid}/mountinfo` };
    if (containerId === null) return;
    // Volumes are mounted in the container alone; its other processes see them.
    const pid = this.#processIn(containerId);
    if (pid !== null && pid !== tgid) yield { root: `/proc/${pid}/root`, mountinfo: `/proc/${pid}/mountinfo` };
  }

  #processIn(containerId: string): number | null {
    const known = this.#found.get(containerId);
    if (known !== undefined && this.#now() - known.ms < foundMs) return known.pid;
    const pid = known?.pid != null && isIn(known.pid, containerId) ? known.pid : findProcess(containerId);
    if (this.#found.size >= mostFound) this.#found.clear();
    this.#found.set(containerId, { pid, ms: this.#now() });
    return pid;
  }
}

/** The type of the file system with this device, as audit writes it; null: none of these mounts is of it. */
export function mountedType(mountinfo: string, dev: string): string | null {
  for (const line of contents(mountinfo).split('\n')) {
    const mount = parseMount(line);
    if (mount !== null && auditDeviceOfMount(mount.device) === dev) return mount.type;
  }
  return null;
}

/** Device of the mount that a descriptor of ours was opened by: of some file systems stat(2) tells another one. */
export function deviceOfDescriptor(fd: number, mountinfo: string): string | null {
  const id = /^mnt_id:\s*(\d+)$/m.exec(contents(`/proc/self/fdinfo/${fd}`))?.[1];
  if (id === undefined) return null;
  const line = contents(mountinfo)
    .split('\n')
    .find((one) => one.startsWith(`${id} `));
  const mount = line === undefined ? null : parseMount(line);
  return mount === null ? null : auditDeviceOfMount(mount.device);
}

function findProcess(containerId: string): number | null {
  for (const name of directory('/proc')) {
    if (/^\d+$/.test(name) && isIn(Number(name), containerId)) return Number(name);
  }
  return null;
}

function isIn(pid: number, containerId: string): boolean {
  return contents(`/proc/${pid}/cgroup`).includes(containerId);
}

function directory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
