/** Looks into /proc for what audit does not tell of files that io_uring opened: descriptor, path and flags. */

import type { UringFoundEvent, UringOpenEvent } from '../events.ts';
import { ProcReader } from '../proc/proc-reader.ts';
import { descriptorsOf } from '../proc/uring-descriptors.ts';
import { ReadingBudget } from './reading-budget.ts';

/** Looks at once, and each second in the long run; one of a process with many descriptors takes a millisecond. */
const [most, perSecond] = [200, 50];

export class UringLooks {
  readonly #reader = new ProcReader();
  readonly #budget = new ReadingBudget(most, perSecond);
  readonly #nowUs: () => number;
  readonly #nowNs: () => bigint;

  constructor(nowUs: () => number, nowNs: () => bigint) {
    this.#nowUs = nowUs;
    this.#nowNs = nowNs;
  }

  /** null: nothing was found, or there was no time for it. */
  look({ files, caller: { tgid } }: UringOpenEvent): UringFoundEvent | null {
    if (!Number.isSafeInteger(tgid) || !this.#budget.take(this.#nowUs())) return null;
    const before = this.#reader.stat(tgid);
    if (before === null) return null;
    const descriptors = descriptorsOf(`/proc/${tgid}`, files);
    const after = this.#reader.stat(tgid);
    if (descriptors.length === 0 || after?.startTicks !== before.startTicks) return null;
    return { kind: 'uring-found', timeNs: this.#nowNs(), tgid, startTicks: before.startTicks, descriptors };
  }
}
