/** What tasks have used, as the kernel tells at the end of each, until the connector tells of that end. */

import { taskStatisticsBytes } from '@godo/native';
import type { TaskUsage } from '../events.ts';

/** Tasks that wait at most: those whose end the connector never tells make room at last. */
const mostWaiting = 65_536;
const recordsAtOnce = 256;

interface Waiting {
  readonly usage: TaskUsage;
  /** Of the next task that had the same number. */
  next: Waiting | null;
}

export interface TaskUsagesOptions {
  /** As receiveTaskStatistics. */
  receive(memory: Uint8Array): number;
  /** Of some tasks nothing will be told. */
  overran(): void;
}

export class TaskUsages {
  readonly #options: TaskUsagesOptions;
  readonly #memory = new Uint8Array(recordsAtOnce * taskStatisticsBytes);
  readonly #view = new DataView(this.#memory.buffer);
  readonly #waiting = new Map<number, Waiting>();

  constructor(options: TaskUsagesOptions) {
    this.#options = options;
  }

  /** Of a task whose exit the connector has told: the kernel told this before. undefined: it did not. */
  take(pid: number): TaskUsage | undefined {
    if (!this.#waiting.has(pid)) this.#receive();
    const found = this.#waiting.get(pid);
    if (found === undefined) return undefined;
    if (found.next === null) this.#waiting.delete(pid);
    else this.#waiting.set(pid, found.next);
    return found.usage;
  }

  /** Exits have been lost: what waits may be of tasks whose end will not be told, and their numbers are given out again. */
  forget(): void {
    this.#receive();
    this.#waiting.clear();
  }

  #receive(): void {
    for (;;) {
      const bytes = this.#options.receive(this.#memory);
      if (bytes < 0) this.#options.overran();
      for (let at = 0; at < bytes; at += taskStatisticsBytes) this.#note(at);
      if (bytes >= 0 && bytes < this.#memory.length) return;
    }
  }

  #note(at: number): void {
    const pid = this.#view.getUint32(at, true);
    const usage = {
      cpuUs: Number(this.#view.getBigUint64(at + 8, true)),
      maxRssKb: Number(this.#view.getBigUint64(at + 16, true)),
    };
    let last = this.#waiting.get(pid);
    if (last !== undefined) {
      while (last.next !== null) last = last.next;
      last.next = { usage, next: null };
      return;
    }
    if (this.#waiting.size >= mostWaiting) {
      const [oldest] = this.#waiting.keys();
      if (oldest !== undefined) this.#waiting.delete(oldest);
    }
    this.#waiting.set(pid, { usage, next: null });
  }
}
