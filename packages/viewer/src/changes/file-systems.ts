/** To which system of files a recorded path belongs, and by which names: that of a container, or of the host. */

import type { ContainerDocument } from '@godo/evidence';
import { fields, list, text } from '../render/lenient.ts';
import { partsOf } from './path-parts.ts';

/** What of a document says where a file is. */
export interface Located {
  readonly bootId: string;
  readonly containerId: string | null;
  readonly path: string | null;
}

/** Where the kernel shows itself: nothing there is kept. */
const ofKernel = [['proc'], ['sys']];
/** Mounted by every engine, where it is not known on which device the root is. */
const mountedByEngines = [['dev'], ['etc', 'hosts'], ['etc', 'hostname'], ['etc', 'resolv.conf']];

export class FileSystems {
  readonly #containers = new Map<string, Container>();
  /** By boot and path of the root on the host. */
  readonly #byRoot = new Map<string, Container>();
  readonly #rootLengths = new Set<number>();

  constructor(containers: readonly ContainerDocument[]) {
    for (const document of containers) {
      const container = new Container(document);
      const { bootId } = document;
      this.#containers.set(`${bootId}:${document.containerId}`, container);
      const rootfs = text(document.rootfs);
      if (rootfs === null || rootfs.length < 2) continue;
      this.#byRoot.set(`${bootId} ${rootfs}`, container);
      this.#rootLengths.add(rootfs.length);
    }
  }

  /** The container that somebody in it, or somebody on the host, sees the file in; null: it is the host's. */
  containerOf({ bootId, containerId, path }: Located): Container | null | 'unknown' {
    if (containerId !== null) return this.#containers.get(`${bootId}:${containerId}`) ?? 'unknown';
    const whole = text(path);
    if (whole === null) return null;
    for (const length of this.#rootLengths) {
      if (whole.charCodeAt(length) !== slash) continue;
      const container = this.#byRoot.get(`${bootId} ${whole.slice(0, length)}`);
      if (container !== undefined) return container;
    }
    return null;
  }

  /** The container whose root on the host this is. */
  rootedAt(bootId: string, rootfs: string | null): Container | null {
    return (rootfs !== null && this.#byRoot.get(`${bootId} ${rootfs}`)) || null;
  }
}

const slash = 47;

export class Container {
  readonly document: ContainerDocument;
  readonly rootDev: string | null;
  readonly #root: readonly string[] | null;
  readonly #mounts: readonly (readonly string[])[];

  constructor(document: ContainerDocument) {
    this.document = document;
    this.rootDev = text(document.rootDev);
    this.#root = partsOf(document.rootfs, document.rootfsHex);
    this.#mounts = list(document.mounts).flatMap((mount) => {
      const parts = partsOf(fields(mount).destination, null);
      return parts === null || parts.length === 0 ? [] : [parts];
    });
  }

  /** Anonymous devices belong to one overlay; on one of disks there may be the roots of many containers. */
  get hasOwnDevice(): boolean {
    return this.rootDev?.startsWith('00:') === true;
  }

  /**
   * Names below its root; null: the file is not in its own file system.
   *
   * @param dev null: not known.
   * @param inside The path is what somebody with its root sees, or is going to have it.
   */
  locate(path: readonly string[], dev: string | null, inside: boolean): string[] | null {
    const isOnRoot = this.hasOwnDevice && dev === this.rootDev;
    if (this.hasOwnDevice && dev !== null && !isOnRoot) return null;
    // Who has not changed its root yet sees the file where the host has it.
    const own = this.#belowRoot(path) ?? (inside ? [...path] : null);
    if (own === null || isMounted(own, ofKernel)) return null;
    return !isOnRoot && (isMounted(own, mountedByEngines) || isMounted(own, this.#mounts)) ? null : own;
  }

  #belowRoot(path: readonly string[]): string[] | null {
    const root = this.#root;
    const isBelow = root !== null && root.length > 0 && root.every((name, depth) => path[depth] === name);
    return isBelow ? path.slice(root.length) : null;
  }
}

/** Names of a file of the host; null: nothing is kept there. */
export function locateOnHost(path: readonly string[]): string[] | null {
  return isMounted(path, ofKernel) ? null : [...path];
}

function isMounted(path: readonly string[], mounts: readonly (readonly string[])[]): boolean {
  return mounts.some((mount) => mount.every((name, depth) => path[depth] === name));
}
