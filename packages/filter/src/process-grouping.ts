import type { TaskObservation } from '@godo/evidence';
import type { ObservedProcess } from './observed-process.ts';
import { isUsable, ProcessBuilder } from './process-builder.ts';

/**
 * Makes processes of observations that come ordered by (key, timeNs, _id): only the process at hand is held open.
 */
export class ProcessGrouping {
  #key: string | null = null;
  #builder: ProcessBuilder | null = null;
  /** Observations that name no process or no time; they are passed over. */
  unusable = 0;

  /** @returns Processes that these observations show to be complete. */
  add(tasks: readonly TaskObservation[]): ObservedProcess[] {
    const complete: ObservedProcess[] = [];
    for (const task of tasks) {
      if (!isUsable(task)) {
        this.unusable += 1;
        continue;
      }
      if (task.key !== this.#key) {
        if (this.#builder !== null) complete.push(this.#builder.finish());
        this.#key = task.key;
        this.#builder = new ProcessBuilder(task);
      }
      this.#builder?.observe(task);
    }
    return complete;
  }

  /** @returns The last process, if there is one. */
  finish(): ObservedProcess[] {
    const last = this.#builder;
    this.#builder = null;
    this.#key = null;
    return last === null ? [] : [last.finish()];
  }
}
