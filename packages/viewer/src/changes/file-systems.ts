/** To which system of files a recorded path belongs, and by which names: that of a container, or of the host. */

import type { ContainerDocument } from '@godo/evidence';
import { fields, list, ns, text } from '../render/lenient.ts';
import { partsOf } from './path-parts.ts';

/** What of a document says where a file is. */
export interface Located {
  readonly bootId: string;
  readonly containerId: string | null;
  readonly dev: string | null;
}

export interface FileSystem {
  readonly bootId: string;
  readonly host: string;
  readonly machineId: string | null;
  /** null: that of the host. */
  readonly containerId: string | null;
  /** null: no document tells of the container. */
  readonly container: ContainerDocument | null;
}

/** Where the kernel shows itself: nothing there is kept. */
const ofKernel = ['proc', 'sys'];
/** Mounted by every engine, where it is not known on which device the root is. */
const mountedByEngines = [
  ...ofKernel.map((name) => [name]),
  ['dev'],
  ['etc', 'hosts'],
  ['etc', 'hostname'],
  ['etc', 'resolv.conf'],
];

export class FileSystems {
  readonly #containers = new Map<string, Container>();
  /** Containers by boot and device of their root, in the order in which they began. */
  readonly #byDevice = new Map<string, Container[]>();

  constructor(containers: readonly ContainerDocument[]) {
    for (const document of containers) {
      const container = new Container(document);
      this.#containers.set(`${document.bootId}:${document.containerId}`, container);
      if (!container.hasOwnDevice) continue;
      const key = `${document.bootId} ${container.rootDev}`;
      this.#byDevice.set(key, [...(this.#byDevice.get(key) ?? []), container]);
    }
  }

  /** The container that a file is in the file system of, whoever it was that looked; null: none. */
  containerOf({ bootId, containerId, dev }: Located, timeNs: bigint): Container | null | 'unknown' {
    if (containerId !== null) return this.#containers.get(`${bootId}:${containerId}`) ?? 'unknown';
    const there = this.#byDevice.get(`${bootId} ${dev}`);
    return there?.findLast((container) => container.mayHave(timeNs)) ?? null;
  }
}

/** Engines make the file system a while before the first process of a container, and keep it a while after the last. */
const aroundNs = 10_000_000_000n;

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

  mayHave(timeNs: bigint): boolean {
    const [firstNs, lastNs] = [ns(this.document.firstNs), ns(this.document.lastNs)];
    if (firstNs !== null && timeNs < firstNs - aroundNs) return false;
    return lastNs === null || timeNs <= lastNs + aroundNs;
  }

  /** Names below its root; null: the file is not in its own file system. */
  locate(path: readonly string[], dev: string | null): string[] | null {
    if (this.hasOwnDevice ? dev !== null && dev !== this.rootDev : isMounted(path, mountedByEngines)) return null;
    const root = this.#root;
    // Who has not changed its root yet, or never does, sees the file where the host has it.
    const seenFromHost = root !== null && root.length > 0 && root.every((name, depth) => path[depth] === name);
    const own = seenFromHost ? path.slice(root.length) : [...path];
    return isMounted(own, this.#mounts) ? null : own;
  }
}

/** Names of a file of the host; null: nothing is kept there. */
export function locateOnHost(path: readonly string[]): string[] | null {
  return ofKernel.includes(path[0] ?? '') ? null : [...path];
}

function isMounted(path: readonly string[], mounts: readonly (readonly string[])[]): boolean {
  return mounts.some((mount) => mount.every((name, depth) => path[depth] === name));
}
