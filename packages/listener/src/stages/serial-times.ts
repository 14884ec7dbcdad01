/**
 * When serials were given: where some never came, calls were missed between an event before them and one behind. Not every
 * event is remembered. Pure.
 */

import type { MissedTime } from '../events.ts';

/** ms of stamps between two that are remembered. */
const apartMs = 20;
/** Gaps are told within some seconds. */
const remembered = 1024;
/** Stamps of calls that ran at the same time come out of order; by more than this only where the clock was set back. */
const disorderMs = 1_000;
const nanosecondsPerMs = 1_000_000n;

export class SerialTimes {
  readonly #serials = new Float64Array(remembered);
  readonly #times = new Float64Array(remembered);
  readonly #beginMs: number;
  /** How many were remembered so far. */
  #count = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** ms since the epoch: before that nobody listened. */
  constructor(beginMs: number) {
    this.#beginMs = beginMs;
  }

  /** Call it for every event, in their order. */
  see(serial: number, ms: number): void {
    const sinceLast = ms - this.#lastMs;
    if (sinceLast < apartMs && sinceLast > -disorderMs) return;
    const at = this.#count % remembered;
    this.#serials[at] = serial;
    this.#times[at] = ms;
    this.#count += 1;
    this.#lastMs = ms;
  }

  /** When the calls were made that had these serials; `nowMs`: by then they were. */
  between(from: number, to: number, nowMs: number): MissedTime {
    const kept = Math.min(this.#count, remembered);
    let untilMs = nowMs;
    let sinceMs = this.#beginMs;
    for (let back = 1; back <= kept; back += 1) {
      const at = (this.#count - back) % remembered;
      const serial = this.#serials[at] as number;
      const ms = this.#times[at] as number;
      if (isBefore(to, serial)) untilMs = ms;
      if (isBefore(serial, from)) {
        sinceMs = ms;
        break;
      }
    }
    return missedTime(sinceMs, untilMs);
  }

  /** Calls were missed after the event that was seen last, by `nowMs`. */
  sinceLast(nowMs: number): MissedTime {
    return missedTime(this.#count === 0 ? this.#beginMs : this.#lastMs, nowMs);
  }
}

/** Serials are given on a circle of 2^32. */
function isBefore(one: number, other: number): boolean {
  return ((other - one) | 0) > 0;
}

function missedTime(sinceMs: number, untilMs: number): MissedTime {
  // A clock that was set back meanwhile makes the end come before the beginning.
  const lastMs = Math.max(sinceMs, untilMs);
  return {
    sinceNs: BigInt(Math.floor(sinceMs)) * nanosecondsPerMs,
    untilNs: BigInt(Math.ceil(lastMs)) * nanosecondsPerMs,
  };
}
