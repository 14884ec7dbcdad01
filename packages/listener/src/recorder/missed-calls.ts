/**
 * When calls were missed: what was known of a descriptor before is not sure after it. Each time that some were missed has a
 * number, and everything that is known of descriptors bears the number of the last one before it. Pure.
 */

import type { MissedTime } from '../events.ts';

interface Stretch {
  /** Numbers up to this one. */
  readonly last: number;
  /** ms. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Of more, two that follow each other count as one: on a host that loses records all the time, they would grow for ever. */
const mostStretches = 1024;

export class MissedCalls {
  /** That of the last time; 0: nothing was missed yet. What bears it is sure. */
  epoch = 0;
  #untilMs = Number.NEGATIVE_INFINITY;
  #latestMs = Number.NEGATIVE_INFINITY;
  #stretches: Stretch[] = [];

  add({ sinceNs, untilNs }: MissedTime): void {
    const untilMs = Number((untilNs + 999_999n) / 1_000_000n);
    this.epoch += 1;
    this.#untilMs = Math.max(this.#untilMs, untilMs);
    this.#latestMs = Math.max(this.#latestMs, untilMs);
    this.#stretches.push({ last: this.epoch, sinceMs: Number(sinceNs / 1_000_000n), untilMs });
    if (this.#stretches.length > mostStretches) this.#unite();
  }

  /** After the clock was set back, what is told from now on only looks as if it were from before. */
  isNow(ms: number): void {
    if (ms < this.#untilMs) this.#untilMs = Number.NEGATIVE_INFINITY;
  }

  /** Of what a call with this stamp told, or /proc at that moment. It may be told late, and calls have been missed since. */
  epochOf(ms: number): number {
    if (ms > this.#untilMs) return this.epoch;
    let before = 0;
    for (const { last, untilMs } of this.#stretches) {
      if (untilMs >= ms) break;
      before = last;
    }
    return before;
  }

  /**
   * When the first calls were missed (ms) after what bears that number was told, at `ms`; null: they all were before that.
   */
  since(epoch: number, ms: number): number | null {
    if (epoch === this.epoch) return null;
    let since = Number.POSITIVE_INFINITY;
    for (let at = this.#stretches.length - 1; at >= 0; at -= 1) {
      const { last, sinceMs, untilMs } = this.#stretches[at] as Stretch;
      if (last <= epoch) break;
      if (untilMs >= ms && sinceMs < since) since = sinceMs;
    }
    return since === Number.POSITIVE_INFINITY ? null : Math.max(since, ms);
  }

  /** The same of what was told at `ms` and bears no number. */
  sinceMoment(ms: number): number | null {
    return ms > this.#latestMs ? null : this.since(-1, ms);
  }

  #unite(): void {
    const united: Stretch[] = [];
    for (let at = 0; at < this.#stretches.length; at += 2) {
      const [one, other = one] = this.#stretches.slice(at, at + 2) as [Stretch, Stretch?];
      const sinceMs = Math.min(one.sinceMs, other.sinceMs);
      united.push({ last: other.last, sinceMs, untilMs: Math.max(one.untilMs, other.untilMs) });
    }
    this.#stretches = united;
  }
}
