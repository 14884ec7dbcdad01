/**
 * Learns of each container what its engine knows, beside the stages: few at a time, and never for long. What is known of
 * a container for certain, that it is there, is told in any case.
 */

import type { ContainerData } from '@godo/evidence';
import type { LossFacts } from '../loss-event.ts';
import type { ContainerPath } from '../proc/cgroup.ts';
import type { Search } from './container-finder.ts';
import { noFacts } from './limits.ts';

const atOnce = 2;
const mostWaiting = 1_024;
/** Warnings of single containers; what comes after them is counted. */
const mostWarnings = 100;

export interface ContainerWatchOptions {
  find(container: ContainerPath): Promise<Search>;
  found(data: ContainerData): void;
  warn(loss: LossFacts): void;
}

export class ContainerWatch {
  readonly #options: ContainerWatchOptions;
  readonly #waiting: ContainerPath[] = [];
  readonly #working = new Map<ContainerPath, Promise<void>>();
  #begun = false;
  #ended = false;
  #unknown = 0;

  constructor(options: ContainerWatchOptions) {
    this.#options = options;
  }

  /** A container that was seen for the first time. */
  add(container: ContainerPath): void {
    if (this.#ended) return;
    if (this.#waiting.length >= mostWaiting) {
      this.#tell(container, { reasons: ['more containers were started at once than can be asked about'] });
      return;
    }
    this.#waiting.push(container);
    this.#work();
  }

  /** Before this the engines are not known yet: containers only gather. */
  begin(): void {
    this.#begun = true;
    this.#work();
  }

  /** Tells of everything that was added: what has not been found out within `patienceMs` is told without. */
  async end(patienceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    const all = (async () => {
      while (this.#working.size > 0) await Promise.all(this.#working.values());
    })();
    await Promise.race([all, patience]);
    clearTimeout(timer);
    const rest = [...this.#working.keys(), ...this.#waiting.splice(0)];
    for (const container of rest) this.#tell(container, { reasons: ['the listener was stopped'] });
    this.#ended = true;
    const more = this.#unknown - mostWarnings;
    if (more > 0) {
      const reason = `Of ${more} more container(s) name and image are not known.`;
      this.#options.warn({ severity: 'warning', source: 'container', count: more, reason });
    }
  }

  #work(): void {
    while (this.#begun && this.#working.size < atOnce) {
      const container = this.#waiting.shift();
      if (container === undefined) return;
      const search = this.#search(container).finally(() => {
        this.#working.delete(container);
        this.#work();
      });
      this.#working.set(container, search);
    }
  }

  async #search(container: ContainerPath): Promise<void> {
    const search = await this.#options.find(container).catch((error: Error) => ({ reasons: [error.message] }));
    if (!this.#ended) this.#tell(container, search);
  }

  #tell({ innermost, outermost, runtime }: ContainerPath, search: Search): void {
    const found = 'facts' in search ? search : { facts: noFacts, engine: null, source: null };
    this.#options.found({
      containerId: innermost,
      runtime,
      outermostContainerId: outermost,
      engine: found.engine,
      source: found.source,
      ...found.facts,
    });
    if ('facts' in search) return;
    this.#unknown += 1;
    if (this.#unknown > mostWarnings) return;
    const why = search.reasons.length > 0 ? search.reasons.join('; ') : 'no engine was found';
    const reason = `Name and image of container ${innermost} are not known: ${why}.`;
    this.#options.warn({ severity: 'warning', source: 'container', from: innermost, to: innermost, reason });
  }
}
