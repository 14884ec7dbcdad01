/** How much of all that happened is in the store. Pure. */

import type { SettledEvents } from './event-batches.ts';

/** Marks that wait at most; between them nothing is told. */
const mostMarks = 64;

/** How far all that happened has been made documents of. */
export interface StoredPoint {
  /** ms since the epoch. */
  readonly untilMs: number;
  /** Of audit: up to which serial, and how many events came until then. null: of none. */
  readonly settled: SettledEvents | null;
  /** The kernel's own count of lost records, as far as it is stated. 0: it has not been. */
  readonly lost: number;
}

interface Mark {
  readonly documents: number;
  readonly point: StoredPoint;
}

export class StoredUntil {
  #made = 0;
  #stored = 0;
  readonly #marks: Mark[] = [];
  #point: StoredPoint | null = null;

  /** A document was made. */
  made(): void {
    this.#made += 1;
  }

  /** The store has taken so many documents, in the order in which they were made. */
  stored(documents: number): void {
    this.#stored += documents;
    this.#settle();
  }

  mark(point: StoredPoint): void {
    const last = this.#marks.at(-1);
    if (last?.documents === this.#made) this.#marks.pop();
    else if (this.#marks.length === mostMarks) return;
    this.#marks.push({ documents: this.#made, point });
    this.#settle();
  }

  /** null: nothing is known yet. */
  get point(): StoredPoint | null {
    return this.#point;
  }

  #settle(): void {
    for (let mark = this.#marks[0]; mark !== undefined && mark.documents <= this.#stored; mark = this.#marks[0]) {
      this.#marks.shift();
      // The moment does not go back where the clock does.
      const untilMs = Math.max(this.#point?.untilMs ?? mark.point.untilMs, mark.point.untilMs);
      this.#point = { ...mark.point, untilMs };
    }
  }
}
