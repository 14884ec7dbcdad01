/**
 * How long records may gather in the kernel's socket before the next receive. A thread that is woken for every record
 * costs the host more than the records do: the fewer come, the longer they gather, up to `mostMs`.
 */

/** ms between two receives under load. */
const leastMs = 4;
/** Less than one receive from the socket can bring (40 KiB or so): where this much gathered, it may gather for a shorter time. */
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

  /** What was received after that time. */
  received(bytes: number): void {
    // After a quiet time very much may come: the next receive must not be as late as that one was.
    const shrunk = Math.min(this.#ms / 2, (this.#ms * enoughBytes) / bytes);
    if (bytes >= enoughBytes) this.#ms = Math.max(Math.floor(shrunk), leastMs);
    else if (bytes < enoughBytes / 2) this.#ms = Math.min(this.#ms * 2, this.#mostMs);
  }
}
