import { NumberColumn, ReferenceColumn } from './columns.ts';

const chunkBytes = 2 ** 20;

/**
 * Keeps many texts by number, from 0 on, as bytes outside the heap: there they cost their length, and a heap that is
 * small is collected often enough to stay small. Texts must be well-formed (JSON is).
 */
export class TextStore {
  readonly #chunks: Buffer[] = [];
  /** Bytes used of the last chunk. */
  #used = chunkBytes;
  /** Chunk and place within it as one number. */
  readonly #starts = new NumberColumn();
  readonly #lengths = new ReferenceColumn();
  #size = 0;

  /** @returns The number of the text. */
  add(text: string): number {
    // No character takes more than three bytes of UTF-8 for each of its UTF-16 code units.
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || this.#used + text.length * 3 > chunk.length) {
      const bytes = Buffer.byteLength(text);
      if (chunk === undefined || this.#used + bytes > chunk.length) {
        chunk = Buffer.allocUnsafeSlow(Math.max(bytes, chunkBytes));
        this.#chunks.push(chunk);
        this.#used = 0;
      }
    }
    const length = chunk.write(text, this.#used, 'utf8');
    const number = this.#size;
    this.#starts.set(number, (this.#chunks.length - 1) * chunkBytes + this.#used);
    this.#lengths.set(number, length);
    this.#used += length;
    this.#size += 1;
    return number;
  }

  /** @throws RangeError where no text has this number. */
  get(number: number): string {
    if (number < 0 || number >= this.#size) throw new RangeError(`no text has the number ${number}`);
    const start = this.#starts.at(number);
    const offset = start % chunkBytes;
    const chunk = this.#chunks[(start - offset) / chunkBytes] as Buffer;
    return chunk.toString('utf8', offset, offset + this.#lengths.at(number));
  }
}
