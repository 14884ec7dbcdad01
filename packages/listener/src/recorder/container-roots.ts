/** What is known of containers' root file systems, and the conclusions that can be drawn from it. */

import type { BinaryString, ProcFacts } from '../events.ts';
import { containerMadeBy, programName } from '../proc/runtime-command.ts';

/** Containers remembered; a container that is gone is of no use here any more. */
const maxContainers = 16_384;

export class ContainerRoots {
  readonly #byDev = new Map<string, string>();
  readonly #paths = new Map<string, BinaryString>();

  /** Takes what /proc said of a container's root. */
  learn(facts: ProcFacts): void {
    const { containerId, rootDev, rootfs, makes } = facts;
    if (containerId != null && rootDev !== undefined) this.#add(rootDev, containerId);
    // Its first process is met first; later ones may have another root in it.
    if (containerId != null && rootfs !== undefined && rootfs !== '/' && !this.#paths.has(containerId)) {
      this.#addPath(containerId, rootfs);
    }
    if (makes === undefined) return;
    if (makes.dev !== null) this.#add(makes.dev, makes.containerId);
    this.#addPath(makes.containerId, makes.rootfs);
  }

  /** Where it lies on the host. */
  pathOf(containerId: string): BinaryString | null {
    return this.#paths.get(containerId) ?? null;
  }

  /** The container whose root file system, one of its own, is on this device. */
  on(dev: string | null): string | undefined {
    return dev === null ? undefined : this.#byDev.get(dev);
  }

  #addPath(containerId: string, path: BinaryString): void {
    addBounded(this.#paths, containerId, path);
  }

  #add(dev: string, containerId: string): void {
    // Anonymous devices (00:…) belong to one overlay; a device of disks may hold the roots of many containers.
    if (!dev.startsWith('00:')) return;
    addBounded(this.#byDev, dev, containerId);
  }
}

/** The oldest goes where there are too many. */
function addBounded<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxContainers) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}

const runtime = /^(?:runc|crun|youki|conmon|containerd-shim[^/]*)$/;
const id = /^[0-9a-f]{64}$/;

/** The container that a runtime's command line names, or null: the last full id among its arguments, or the one it makes. */
export function containerNamedBy(exe: BinaryString | null, argv: readonly BinaryString[] | null): string | null {
  if (exe === null || argv === null || !runtime.test(programName(exe, argv))) return null;
  return argv.findLast((argument) => id.test(argument)) ?? containerMadeBy(exe, argv);
}

/** The process of a runtime that becomes the first one of a container goes by the runtime's name until its exec. */
const runtimeItself = /^(?:runc|crun|youki)\b/;

/** Whether who changes its root so is about to become the first process of the container that its runtime makes. */
export function entersContainer(comm: BinaryString | null): boolean {
  return comm !== null && runtimeItself.test(comm);
}
