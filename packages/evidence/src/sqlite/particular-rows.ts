/**
 * Rows of file sessions that are remembered one by one (session-survey.ts): there may be very many, so they are kept in
 * typed arrays, some 25 bytes each.
 */

import type { SqliteValue } from './driver.ts';

/** What is particular about a row. */
export const particulars = {
  /** It is none of ours. */
  unusable: 0,
  /** Its end is not known, or was inferred by others, or calls were missed in its time. */
  undecided: 1,
  /** Others wrote than its opener. */
  shared: 2,
  /** The same, and the file was changed. */
  sharedChange: 3,
} as const;

export type Particular = (typeof particulars)[keyof typeof particulars];

/** The place of a row in its table. */
export type RowPlace = readonly [opened: SqliteValue, id: SqliteValue];

const leastRows = 1024;

export class ParticularRows {
  /** Pairs of `opened` and `id`; NaN: a text, which stands in `#texts`. */
  #places = new Float64Array(2 * leastRows);
  #openers = new Float64Array(leastRows);
  #what = new Uint8Array(leastRows);
  #size = 0;
  /** By index in `#places`. */
  readonly #texts = new Map<number, string>();

  get size(): number {
    return this.#size;
  }

  /** @param opened a safe integer or a text, as `id` is. @param opener NaN: nobody. */
  add(opened: unknown, id: unknown, opener: number, what: Particular): void {
    const row = this.#size;
    if (row === this.#what.length) this.#grow();
    this.#keep(2 * row, opened);
    this.#keep(2 * row + 1, id);
    this.#openers[row] = opener;
    this.#what[row] = what;
    this.#size += 1;
  }

  place(row: number): RowPlace {
    return [this.#value(2 * row), this.#value(2 * row + 1)];
  }

  /** NaN: nobody. */
  opener(row: number): number {
    return this.#openers[row] ?? Number.NaN;
  }

  what(row: number): Particular {
    return this.#what[row] as Particular;
  }

  #keep(index: number, value: unknown): void {
    if (typeof value === 'string') this.#texts.set(index, value);
    this.#places[index] = typeof value === 'number' ? value : Number.NaN;
  }

  #value(index: number): SqliteValue {
    return this.#texts.get(index) ?? (this.#places[index] as number);
  }

  #grow(): void {
    const rows = Math.ceil(this.#size * 1.5);
    this.#places = grown(this.#places, new Float64Array(2 * rows));
    this.#openers = grown(this.#openers, new Float64Array(rows));
    this.#what = grown(this.#what, new Uint8Array(rows));
  }
}

function grown<T extends Float64Array | Uint8Array>(before: T, after: T): T {
  after.set(before);
  return after;
}
