/**
 * When serials were given: where some never came, calls were missed between an event before them and one behind. An event
 * bears the moment at which its call began, and gets its serial when that is over, which may be long after: so it was
 * over between the latest stamp until then and the moment at which it is read. Not every event is remembered. Pure.
 */

import type { MissedTime } from '../events.ts';

/** ms of stamps between two that are remembered. */
const apartMs = 20;
/** Gaps are told within some seconds. */
const remembered = 1024;
/** Stamps of calls come out of order; by more than this only where one blocked, or the clock was set back. */
const disorderMs = 1_000;
const nanosecondsPerMs = 1_000_000n;

export class SerialTimes {
  readonly #serials = new Float64Array(remembered);
  /** The latest stamp by then. */
  readonly #times = new Float64Array(remembered);
  readonly #readTimes = new Float64Array(remembered);
  readonly #beginMs: number;
  readonly #nowMs: () => number;
  /** How many were remembered so far. */
  #count = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** `nowMs`: ms since the epoch; what was before now nobody listened to. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#beginMs = nowMs();
  }

  /** Call it for every event, in their order. */
  see(serial: number, ms: number): void {
    const sinceLast = ms - this.#lastMs;
    if (sinceLast < apartMs && sinceLast > -disorderMs) return;
    const nowMs = this.#nowMs();
    // Of a call that blocked the stamp is old. No stamp lies in the future, unless the clock was set back.
    if (sinceLast < 0 && nowMs >= this.#lastMs) return;
    const at = this.#count % remembered;
    this.#serials[at] = serial;
    this.#times[at] = ms;
    this.#readTimes[at] = nowMs;
    this.#count += 1;
    this.#lastMs = ms;
  }

  /** When the calls were made that had these serials. */
  between(from: number, to: number): MissedTime {
    const kept = Math.min(this.#count, remembered);
    let readMs = this.#nowMs();
    let sinceMs = this.#beginMs;
    let behindMs = Number.NEGATIVE_INFINITY;
    let latestMs = Number.NEGATIVE_INFINITY;
    for (let back = 1; back <= kept; back += 1) {
      const at = (this.#count - back) % remembered;
      const serial = this.#serials[at] as number;
      const ms = this.#times[at] as number;
      if (isBefore(to, serial)) {
        latestMs = Math.max(latestMs, behindMs);
        behindMs = ms;
        readMs = this.#readTimes[at] as number;
      }
      if (isBefore(serial, from)) {
        sinceMs = ms;
        break;
      }
    }
    // The first one behind them may have blocked until it was read, if none began later.
    return missedTime(sinceMs, latestMs > behindMs ? Math.min(latestMs, readMs) : readMs);
  }

  /** Calls were missed after the event that was seen last, by now. */
  sinceLast(): MissedTime {
    return missedTime(this.#count === 0 ? this.#beginMs : this.#lastMs, this.#nowMs());
  }
}

/** Serials are given on a circle of 2^32. */
function isBefore(one: number, other: number): boolean {
  return ((other - one) | 0) > 0;
}

function missedTime(sinceMs: number, untilMs: number): MissedTime {
  // A clock that was set back meanwhile makes the end come before the beginning: what it said before and after is meant.
  const [firstMs, lastMs] = sinceMs <= untilMs ? [sinceMs, untilMs] : [untilMs, sinceMs];
  return {
    sinceNs: BigInt(Math.floor(firstMs)) * nanosecondsPerMs,
    untilNs: BigInt(Math.ceil(lastMs)) * nanosecondsPerMs,
  };
}
