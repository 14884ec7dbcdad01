/** How much of all that happened is in the store. Pure. */

/** Marks that wait at most; between them nothing is told. */
const mostMarks = 256;

/** How far all that happened has been given to the recorder. */
export interface StoredPoint {
  /** ms since the epoch. */
  readonly untilMs: number;
  /** Of audit: up to which serial. null: none is settled. */
  readonly serial: number | null;
  /** The kernel's own count of lost records, as far as it is stated. 0: it has not been. */
  readonly lost: number;
  /** The gap that the run before has left, if it did, is stated. */
  readonly gapStated: boolean;
}

interface Mark {
  readonly point: StoredPoint;
  readonly turn: number;
  /** When so many are stored, all until then is; null: some of it is in no document yet. */
  documents: number | null;
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

  /**
   * All that happened until a point has been recorded, in turns before `turn`; of that, what was of `unwrittenSince` or later is
   * in no document yet (see Recorder). null: all is.
   */
  mark(point: StoredPoint, turn: number, unwrittenSince: number | null): void {
    const isWritten = (mark: Mark) => unwrittenSince === null || unwrittenSince >= mark.turn;
    for (const mark of this.#marks) if (mark.documents === null && isWritten(mark)) mark.documents = this.#made;
    const mark: Mark = { point, turn, documents: null };
    if (isWritten(mark)) mark.documents = this.#made;
    const last = this.#marks.at(-1);
    // The later one says more.
    if (last !== undefined && last.documents !== null && last.documents === mark.documents) this.#marks.pop();
    else if (this.#marks.length === mostMarks) return;
    this.#marks.push(mark);
    this.#settle();
  }

  /** null: nothing is known yet. */
  get point(): StoredPoint | null {
    return this.#point;
  }

  #settle(): void {
    for (let mark = this.#marks[0]; mark !== undefined && this.#isStored(mark); mark = this.#marks[0]) {
      this.#marks.shift();
      // The moment does not go back where the clock does.
      const untilMs = Math.max(this.#point?.untilMs ?? mark.point.untilMs, mark.point.untilMs);
      this.#point = { ...mark.point, untilMs };
    }
  }

  #isStored({ documents }: Mark): boolean {
    return documents !== null && documents <= this.#stored;
  }
}
