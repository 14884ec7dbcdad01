/** How many readings of /proc may be made: a bound on what the listener costs a host that starts processes without end. */

export class ReadingBudget {
  readonly #most: number;
  readonly #perUs: number;
  #left: number;
  /** Of the moment at which `left` was right. */
  #atUs: number | null = null;

  /** At most `most` at once, and `perSecond` in the long run. */
  constructor(most: number, perSecond: number) {
    this.#most = most;
    this.#perUs = perSecond / 1_000_000;
    this.#left = most;
  }

  /** None was left when one was asked for last. */
  get spent(): boolean {
    return this.#left < 1;
  }

  /** How many could be taken now. */
  left(nowUs: number): number {
    this.#fill(nowUs);
    return Math.floor(this.#left);
  }

  /** Takes one, if there is one. `nowUs`: µs of a clock that never goes back. */
  take(nowUs: number): boolean {
    this.#fill(nowUs);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  #fill(nowUs: number): void {
    this.#atUs ??= nowUs;
    if (nowUs <= this.#atUs) return;
    this.#left = Math.min(this.#most, this.#left + (nowUs - this.#atUs) * this.#perUs);
    this.#atUs = nowUs;
  }
}
