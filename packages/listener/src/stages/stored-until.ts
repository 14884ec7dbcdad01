/** Up to which moment all that happened is in the store. Pure. */

/** Marks that wait at most; between them nothing is told. */
const mostMarks = 64;

interface Mark {
  readonly documents: number;
  readonly untilMs: number;
}

export class StoredUntil {
  #made = 0;
  #stored = 0;
  readonly #marks: Mark[] = [];
  #untilMs: number | null = null;

  /** A document was made. */
  made(): void {
    this.#made += 1;
  }

  /** The store has taken so many documents, in the order in which they were made. */
  stored(documents: number): void {
    this.#stored += documents;
    this.#settle();
  }

  /** All that happened until a moment (ms since the epoch) has been made documents of. */
  mark(untilMs: number): void {
    const last = this.#marks.at(-1);
    if (last?.documents === this.#made) this.#marks.pop();
    else if (this.#marks.length === mostMarks) return;
    this.#marks.push({ documents: this.#made, untilMs });
    this.#settle();
  }

  /** null: nothing is known yet. */
  get untilMs(): number | null {
    return this.#untilMs;
  }

  #settle(): void {
    for (let mark = this.#marks[0]; mark !== undefined && mark.documents <= this.#stored; mark = this.#marks[0]) {
      this.#marks.shift();
      this.#untilMs = Math.max(this.#untilMs ?? mark.untilMs, mark.untilMs);
    }
  }
}
