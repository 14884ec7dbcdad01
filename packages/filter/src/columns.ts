/**
 * What is known of very many processes, by their row number, in typed arrays: a process costs the bytes of its columns,
 * and the garbage collector has nothing to walk. A column grows as it is written to. What was never written is unset,
 * and costs nothing: memory that nobody touched is not there.
 */

/** No row, no value: what an unset reference reads as. */
export const none = -1;

const leastRows = 1024;

function room(rows: number): number {
  return Math.max(leastRows, Math.ceil(rows * 1.5));
}

/** References to other rows or to shared values: whole numbers from 0 on, {@link none} where nothing was set. */
export class ReferenceColumn {
  #plusOne = new Int32Array(leastRows);

  at(row: number): number {
    return (this.#plusOne[row] ?? 0) - 1;
  }

  set(row: number, value: number): void {
    if (row >= this.#plusOne.length) {
      const grown = new Int32Array(room(row + 1));
      grown.set(this.#plusOne);
      this.#plusOne = grown;
    }
    this.#plusOne[row] = value + 1;
  }
}

/** Small whole numbers (0…255); 0 where nothing was set. */
export class ByteColumn {
  #values = new Uint8Array(leastRows);

  at(row: number): number {
    return this.#values[row] ?? 0;
  }

  set(row: number, value: number): void {
    if (row >= this.#values.length) {
      const grown = new Uint8Array(room(row + 1));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[row] = value;
  }
}

/** Any numbers; 0 where nothing was set. */
export class NumberColumn {
  #values = new Float64Array(leastRows);

  at(row: number): number {
    return this.#values[row] ?? 0;
  }

  set(row: number, value: number): void {
    if (row >= this.#values.length) {
      const grown = new Float64Array(room(row + 1));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[row] = value;
  }
}

/**
 * Moments in ns since the epoch, exact; null where nothing was set. Two of one column compare without making a bigint.
 */
export class TimeColumn {
  #values = new BigInt64Array(leastRows);
  /** The same memory as 32-bit halves, low and high as the machine has them. */
  #halves = new Int32Array(this.#values.buffer);

  at(row: number): bigint | null {
    const value = this.#values[row] ?? 0n;
    if (value === 0n) return null;
    return value === epoch ? 0n : value;
  }

  set(row: number, timeNs: bigint | null): void {
    if (row >= this.#values.length) {
      const grown = new BigInt64Array(room(row + 1));
      grown.set(this.#values);
      this.#values = grown;
      this.#halves = new Int32Array(grown.buffer);
    }
    this.#values[row] = timeNs === null ? 0n : timeNs === 0n ? epoch : timeNs;
  }

  /** By time; what has none comes last. */
  compare(a: number, b: number): number {
    const high = this.#half(a, highHalf);
    const low = this.#half(a, lowHalf) >>> 0;
    const otherHigh = this.#half(b, highHalf);
    const otherLow = this.#half(b, lowHalf) >>> 0;
    const isUnknown = high === 0 && low === 0;
    const isOtherUnknown = otherHigh === 0 && otherLow === 0;
    if (isUnknown || isOtherUnknown) return Number(isUnknown) - Number(isOtherUnknown);
    return realHigh(high, low) - realHigh(otherHigh, otherLow) || low - otherLow;
  }

  #half(row: number, half: number): number {
    return this.#halves[row * 2 + half] ?? 0;
  }
}

/** Memory that was never written is 0, which says "not known"; the moment 0 is kept as one that never is (values.ts). */
const epoch = -(2n ** 63n);
const epochHigh = -(2 ** 31);

function realHigh(high: number, low: number): number {
  return high === epochHigh && low === 0 ? 0 : high;
}

const lowHalf = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
const highHalf = 1 - lowHalf;
