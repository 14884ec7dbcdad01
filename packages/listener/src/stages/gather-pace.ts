/**
 * How long records may gather in the kernel's socket before the next receive. A thread that is woken for every record
 * costs the host more than the records do: the fewer come, the longer they gather, up to `mostMs`.
 */

/** ms between two receives under load. */
const leastMs = 4;
/** A receive that brings this much (of the 40 KiB or so that it can bring at once) is followed by the next one. */
export const enoughBytes = 32 * 1024;

export class GatherPace {
  readonly #mostMs: number;
  #ms = leastMs;

  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  /** Before the next receive. */
  get ms(): number {
    return this.#ms;
  }

  /** They gather no longer than a burst must be met with: more will have come soon. */
  get underLoad(): boolean {
    return this.#ms === leastMs;
  }

  /** What was received after that time. */
  received(bytes: number): void {
    if (bytes >= enoughBytes) this.#ms = Math.max(this.#ms / 2, leastMs);
    else if (bytes < enoughBytes / 2) this.#ms = Math.min(this.#ms * 2, this.#mostMs);
  }
}
