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

/** What is told of may lie so much behind what is told: times are rounded, and clocks are read one after the other. */
const slackMs = 1_000;

export class MissedCalls {
  /** That of the last time; 0: nothing was missed yet. What bears it is sure. */
  epoch = 0;
  #untilMs = Number.NEGATIVE_INFINITY;
  #latestMs = Number.NEGATIVE_INFINITY;
  #stretches: Stretch[] = [];
  /**
   * For what bears no number: by their ends, and each begins later than those before it. One that begins later and ends
   * earlier than another one is not among them.
   */
  #outermost: Stretch[] = [];

  add({ sinceNs, untilNs }: MissedTime): void {
    const untilMs = Number((untilNs + 999_999n) / 1_000_000n);
    this.epoch += 1;
    this.#untilMs = Math.max(this.#untilMs, untilMs);
    this.#latestMs = Math.max(this.#latestMs, untilMs);
    const stretch = { last: this.epoch, sinceMs: Number(sinceNs / 1_000_000n), untilMs };
    this.#stretches.push(stretch);
    this.#placeOutermost(stretch);
    if (this.#stretches.length > mostStretches) this.#unite();
  }

  /** After the clock was set back, what is told from now on only looks as if it were from before. */
  isNow(ms: number): void {
    if (ms + slackMs < this.#untilMs) this.#untilMs = Number.NEGATIVE_INFINITY;
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
    if (ms > this.#latestMs) return null;
    const first = this.#outermost[this.#endingFrom(ms)];
    return first === undefined ? null : Math.max(first.sinceMs, ms);
  }

  /** Index of the first outermost one that ends at `ms` or later. */
  #endingFrom(ms: number): number {
    let [low, high] = [0, this.#outermost.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#outermost[middle] as Stretch).untilMs < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #placeOutermost(stretch: Stretch): void {
    const at = this.#endingFrom(stretch.untilMs);
    const next = this.#outermost[at];
    if (next !== undefined && next.sinceMs <= stretch.sinceMs) return;
    // It has the same end as the next one, and begins earlier.
    const same = next?.untilMs === stretch.untilMs ? 1 : 0;
    let from = at;
    while (from > 0 && (this.#outermost[from - 1] as Stretch).sinceMs >= stretch.sinceMs) from -= 1;
    this.#outermost.splice(from, at + same - from, stretch);
  }

  #unite(): void {
    const united: Stretch[] = [];
    for (let at = 0; at < this.#stretches.length; at += 2) {
      const [one, other = one] = this.#stretches.slice(at, at + 2) as [Stretch, Stretch?];
      const sinceMs = Math.min(one.sinceMs, other.sinceMs);
      united.push({ last: other.last, sinceMs, untilMs: Math.max(one.untilMs, other.untilMs) });
    }
    this.#stretches = united;
    this.#outermost = [];
    for (const one of united) this.#placeOutermost(one);
  }
}
