/** Where on the host the root file system of a process lies. */

import type { BinaryString, ContainerRoot } from '../events.ts';
import { auditDeviceOfMount } from './device.ts';
import type { ProcFiles } from './proc-files.ts';

interface Mount {
  readonly device: string;
  /** Directory of the file system that is mounted. */
  readonly root: BinaryString;
  readonly mountPoint: BinaryString;
  readonly type: string;
  readonly superOptions: BinaryString;
}

/** One line of /proc/PID/mountinfo (proc_pid_mountinfo(5)); null when it is none. */
export function parseMount(line: BinaryString): Mount | null {
  const fields = line.split(' ');
  const dash = fields.indexOf('-', 6);
  const [, , device, root, mountPoint] = fields;
  const type = fields[dash + 1];
  if (dash < 0 || device === undefined || root === undefined || mountPoint === undefined || type === undefined)
    return null;
  return {
    device,
    root: unescapeOctal(root),
    mountPoint: unescapeOctal(mountPoint),
    type,
    superOptions: fields[dash + 3] ?? '',
  };
}

export interface RootFileSystem {
  /** On the host. */
  readonly path: BinaryString;
  /** As audit writes it; null: not known. */
  readonly dev: string | null;
}

/** A container id is never used again, so what was found out stays true; the bound is against a hostile host only. */
const maxContainers = 65_536;

export class RootFileSystems {
  readonly #files: ProcFiles;
  readonly #byContainer = new Map<string, RootFileSystem>();

  constructor(files: ProcFiles) {
    this.#files = files;
  }

  /**
   * `/` for processes on the host's root. For a container the host path: beside the upper directory of an overlay
   * (`…/merged`), else the directory of the host's file system that is mounted as its root. undefined: not found out,
   * as before the container's first process has changed its root.
   */
  of(pid: number, containerId: string | null): RootFileSystem | undefined {
    if (containerId === null) return this.#onHost(pid) ? { path: '/', dev: null } : undefined;
    const known = this.#byContainer.get(containerId);
    if (known !== undefined) return known;
    const root = this.#rootMount(`${pid}/mountinfo`);
    const host = this.#rootMount('self/mountinfo');
    if (root === undefined || host === undefined) return undefined;
    if (root.device === host.device && root.root === host.root) return undefined;
    const path = this.#hostPath(root);
    if (path === undefined) return undefined;
    return this.#remember(containerId, { path, dev: auditDeviceOfMount(root.device) });
  }

  /** What a container runtime was told to make. */
  learn({ containerId, rootfs, dev }: ContainerRoot): void {
    if (!this.#byContainer.has(containerId)) this.#remember(containerId, { path: rootfs, dev });
  }

  #remember(containerId: string, root: RootFileSystem): RootFileSystem {
    if (this.#byContainer.size < maxContainers) this.#byContainer.set(containerId, root);
    return root;
  }

  #onHost(pid: number): boolean {
    if (this.#files.link(`${pid}/root`) !== '/') return false;
    const mine = this.#files.link('self/ns/mnt');
    return mine !== null && mine === this.#files.link(`${pid}/ns/mnt`);
  }

  #rootMount(path: string): Mount | undefined {
    return this.#mounts(path).findLast((mount) => mount.mountPoint === '/');
  }

  #mounts(path: string): Mount[] {
    const text = this.#files.read(path) ?? '';
    return text
      .split('\n')
      .map(parseMount)
      .filter((mount) => mount !== null);
  }

  #hostPath(root: Mount): BinaryString | undefined {
    const upper = /(?:^|,)upperdir=([^,]+)/.exec(root.superOptions)?.[1];
    if (root.type === 'overlay' && upper?.startsWith('/')) return `${upper.slice(0, upper.lastIndexOf('/'))}/merged`;
    for (const mount of this.#mounts('self/mountinfo')) {
      if (mount.device !== root.device || !isBelow(root.root, mount.root)) continue;
      const rest = mount.root === '/' ? root.root : root.root.slice(mount.root.length);
      return mount.mountPoint === '/' ? rest || '/' : `${mount.mountPoint}${rest === '/' ? '' : rest}`;
    }
    return undefined;
  }
}

function isBelow(path: BinaryString, directory: BinaryString): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

/** Blanks, tabs, newlines and backslashes are written as three octal digits. */
function unescapeOctal(text: BinaryString): BinaryString {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
