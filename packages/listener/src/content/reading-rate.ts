/** How fast files are read, so that nobody else's reading becomes slower by it. Pure. */

/** What may be read at once after a rest: as much as in this time. */
const burstMs = 250;

export class ReadingRate {
  readonly #bytesPerMs: number;
  #credit: number;
  #lastMs: number;

  /** @param bytesPerSecond - Above 0. @param nowMs - Of a clock that never goes back. */
  constructor(bytesPerSecond: number, nowMs: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#credit = this.#bytesPerMs * burstMs;
    this.#lastMs = nowMs;
  }

  /** So many bytes were read. Returns how many ms nothing more may be read. */
  spend(bytes: number, nowMs: number): number {
    const most = this.#bytesPerMs * burstMs;
    this.#credit = Math.min(most, this.#credit + (nowMs - this.#lastMs) * this.#bytesPerMs) - bytes;
    this.#lastMs = nowMs;
    return this.#credit >= 0 ? 0 : -this.#credit / this.#bytesPerMs;
  }
}
