import type { TaskObservation } from '@godo/evidence';
import { textOf } from './values.ts';

/** On which device the root file system of each container is: what was read first of one of its processes. */
export class ContainerDevices {
  readonly #known = new Map<string, string>();

  add(tasks: readonly TaskObservation[]): void {
    for (const { rootDev, containerId, bootId } of tasks) {
      const dev = textOf(rootDev);
      if (dev === null || textOf(containerId) === null) continue;
      const id = `${bootId}:${containerId}`;
      if (!this.#known.has(id)) this.#known.set(id, dev);
    }
  }

  /** @param id - `<bootId>:<container id>`. */
  of(id: string): string | null {
    return this.#known.get(id) ?? null;
  }
}
