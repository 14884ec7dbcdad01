/** What is known of containers' root file systems, and the conclusions that can be drawn from it. */

import { baseName } from '../base-name.ts';
import type { BinaryString, ProcFacts } from '../events.ts';
import { containerMadeBy } from '../proc/runtime-command.ts';

/** Containers remembered; a container that is gone is of no use here any more. */
const maxContainers = 16_384;

export class ContainerRoots {
  readonly #byDev = new Map<string, string>();

  /** Takes what /proc said of a container's root. */
  learn(facts: ProcFacts): void {
    if (facts.containerId != null && facts.rootDev !== undefined) this.#add(facts.rootDev, facts.containerId);
    if (facts.makes?.dev != null) this.#add(facts.makes.dev, facts.makes.containerId);
  }

  /** The container whose root file system, one of its own, is on this device. */
  on(dev: string | null): string | undefined {
    return dev === null ? undefined : this.#byDev.get(dev);
  }

  #add(dev: string, containerId: string): void {
    // Anonymous devices (00:…) belong to one overlay; a device of disks may hold the roots of many containers.
    if (!dev.startsWith('00:')) return;
    this.#byDev.delete(dev);
    this.#byDev.set(dev, containerId);
    if (this.#byDev.size <= maxContainers) return;
    const oldest = this.#byDev.keys().next().value;
    if (oldest !== undefined) this.#byDev.delete(oldest);
  }
}

const runtime = /^(?:runc|crun|youki|conmon|containerd-shim[^/]*)$/;
const id = /^[0-9a-f]{64}$/;

/** The container that a runtime's command line names, or null: the last full id among its arguments, or the one it makes. */
export function containerNamedBy(exe: BinaryString | null, argv: readonly BinaryString[] | null): string | null {
  if (exe === null || argv === null || !runtime.test(baseName(exe))) return null;
  return argv.findLast((argument) => id.test(argument)) ?? containerMadeBy(exe, argv);
}

/** The process of a runtime that becomes the first one of a container goes by the runtime's name until its exec. */
const runtimeItself = /^(?:runc|crun|youki)\b/;

/** Whether who changes its root so is about to become the first process of the container that its runtime makes. */
export function entersContainer(comm: BinaryString | null): boolean {
  return comm !== null && runtimeItself.test(comm);
}
