/** Where on the host the root file system of a process lies. */

import type { BinaryString, ContainerRoot } from '../events.ts';
import { auditDeviceOfMount } from './device.ts';
import { type OpenProcess, type ProcFiles, procPart } from './proc-files.ts';

export interface Mount {
  /** Numbers of the mount, and of the one that it is mounted on. */
  readonly id: number;
  readonly parent: number;
  readonly device: string;
  /** Directory of the file system that is mounted. */
  readonly root: BinaryString;
  readonly mountPoint: BinaryString;
  readonly type: string;
  readonly source: BinaryString;
  readonly superOptions: BinaryString;
}

/** One line of /proc/PID/mountinfo (proc_pid_mountinfo(5)); null when it is none. */
export function parseMount(line: BinaryString): Mount | null {
  const fields = line.split(' ');
  const dash = fields.indexOf('-', 6);
  const [id, parent, device, root, mountPoint] = fields;
  const type = fields[dash + 1];
  if (dash < 0 || device === undefined || root === undefined || mountPoint === undefined || type === undefined)
    return null;
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: unescapeOctal(root),
    mountPoint: unescapeOctal(mountPoint),
    type,
    source: unescapeOctal(fields[dash + 2] ?? ''),
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
  #own: BinaryString | null = null;

  constructor(files: ProcFiles) {
    this.#files = files;
  }

  /**
   * The host path of a container's root: beside the upper directory of an overlay (`…/merged`), else the directory of
   * the host's file system that is mounted as its root. undefined: not found out, as before the container's first
   * process has changed its root. May look at the process again.
   */
  of(process: OpenProcess, containerId: string): RootFileSystem | undefined {
    const known = this.#byContainer.get(containerId);
    if (known !== undefined) return known;
    process.look(procPart.mountinfo);
    const root = rootMount(mountsOf(process));
    const hostMounts = this.#hostMounts();
    const host = rootMount(hostMounts);
    if (root === undefined || host === undefined) return undefined;
    if (root.device === host.device && root.root === host.root) return undefined;
    const path = hostPath(root, hostMounts);
    if (path === undefined) return undefined;
    return this.#remember(containerId, { path, dev: auditDeviceOfMount(root.device) });
  }

  /** Whether nothing needs to be looked at any more to know it. */
  knows(containerId: string): boolean {
    return this.#byContainer.has(containerId);
  }

  /** Whether the root that was just looked at is ours: the same directory in the same mount namespace. */
  isOfHost(process: OpenProcess): boolean {
    const root = process.text(procPart.root);
    if (root === null) return false;
    this.#own ??= this.#readOwn();
    return root === this.#own;
  }

  /** What a container runtime was told to make. */
  learn({ containerId, rootfs, dev }: ContainerRoot): void {
    if (!this.#byContainer.has(containerId)) this.#remember(containerId, { path: rootfs, dev });
  }

  #remember(containerId: string, root: RootFileSystem): RootFileSystem {
    if (this.#byContainer.size < maxContainers) this.#byContainer.set(containerId, root);
    return root;
  }

  #readOwn(): BinaryString | null {
    return this.#ofHost((host) => {
      host.look(procPart.root);
      return host.text(procPart.root);
    });
  }

  #hostMounts(): Mount[] {
    const mounts = this.#ofHost((host) => {
      host.look(procPart.mountinfo);
      return mountsOf(host);
    });
    return mounts ?? [];
  }

  #ofHost<Value>(read: (host: OpenProcess) => Value): Value | null {
    const host = this.#files.open('host');
    if (host === null) return null;
    try {
      return read(host);
    } finally {
      host.close();
    }
  }
}

function mountsOf(process: OpenProcess): Mount[] {
  const text = process.text(procPart.mountinfo) ?? '';
  return text
    .split('\n')
    .map(parseMount)
    .filter((mount) => mount !== null);
}

function rootMount(mounts: readonly Mount[]): Mount | undefined {
  return mounts.findLast((mount) => mount.mountPoint === '/');
}

function hostPath(root: Mount, hostMounts: readonly Mount[]): BinaryString | undefined {
  const upper = /(?:^|,)upperdir=([^,]+)/.exec(root.superOptions)?.[1];
  if (root.type === 'overlay' && upper?.startsWith('/')) return `${upper.slice(0, upper.lastIndexOf('/'))}/merged`;
  for (const mount of hostMounts) {
    if (mount.device !== root.device || !isBelow(root.root, mount.root)) continue;
    const rest = mount.root === '/' ? root.root : root.root.slice(mount.root.length);
    return mount.mountPoint === '/' ? rest || '/' : `${mount.mountPoint}${rest === '/' ? '' : rest}`;
  }
  return undefined;
}

function isBelow(path: BinaryString, directory: BinaryString): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

/** Blanks, tabs, newlines and backslashes are written as three octal digits. */
export function unescapeOctal(text: BinaryString): BinaryString {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
