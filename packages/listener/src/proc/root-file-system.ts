/** Where on the host the root file system of a process lies. */

import type { BinaryString } from '../events.ts';
import type { ProcFiles } from './proc-reader.ts';

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
    mountPoint: unescape(mountPoint),
    type,
    superOptions: fields[dash + 3] ?? '',
  };
}

export class RootFileSystems {
  readonly #files: ProcFiles;
  readonly #byContainer = new Map<string, BinaryString>();

  constructor(files: ProcFiles) {
    this.#files = files;
  }

  /**
   * `/` for processes on the host's root. For a container the host path: beside the upper directory of an overlay
   * (`…/merged`), else the directory of the host's file system that is mounted as its root. undefined: not found out,
   * as before the container's first process has changed its root.
   */
  of(pid: number, containerId: string | null): BinaryString | undefined {
    if (containerId === null) return this.#files.link(`${pid}/root`) === '/' ? this.#hostOrUnknown(pid) : undefined;
    const known = this.#byContainer.get(containerId);
    if (known !== undefined) return known;
    const root = this.#rootMount(`${pid}/mountinfo`);
    const host = this.#rootMount('self/mountinfo');
    if (root === undefined || host === undefined) return undefined;
    if (root.device === host.device && root.root === host.root) return undefined;
    const path = this.#hostPath(root);
    // A container id is never used again, so what was found out stays true; the bound is against a hostile host only.
    if (path !== undefined && this.#byContainer.size < 65_536) this.#byContainer.set(containerId, path);
    return path;
  }

  #hostOrUnknown(pid: number): BinaryString | undefined {
    const mine = this.#files.link('self/ns/mnt');
    return mine !== null && mine === this.#files.link(`${pid}/ns/mnt`) ? '/' : undefined;
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
