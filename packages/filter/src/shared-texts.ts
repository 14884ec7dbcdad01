import { TextStore } from './text-store.ts';

/** Of so many it is known that they are there already; when there are more, equal ones may be kept twice. */
const mostRemembered = 20_000;
/** Longer ones are hardly ever equal. */
const longestRemembered = 512;
/** What is read again and again, such as the programs of a host, is decoded once. */
const mostDecoded = 2048;

/** Numbers texts from 0 on. Equal texts mostly get one number, but not always: compare texts, not numbers. */
export class SharedTexts {
  readonly #texts = new TextStore();
  readonly #numbers = new Map<string, number>();
  readonly #decoded = new Map<number, string>();

  /** @param text - Well-formed. */
  numberOf(text: string): number {
    const before = this.#numbers.get(text);
    if (before !== undefined) return before;
    const number = this.#texts.add(text);
    if (text.length <= longestRemembered) {
      if (this.#numbers.size >= mostRemembered) this.#numbers.clear();
      this.#numbers.set(text, number);
    }
    return number;
  }

  /** @throws RangeError where no text has this number. */
  get(number: number): string {
    const before = this.#decoded.get(number);
    if (before !== undefined) return before;
    const text = this.#texts.get(number);
    if (text.length <= longestRemembered) {
      if (this.#decoded.size >= mostDecoded) this.#decoded.clear();
      this.#decoded.set(number, text);
    }
    return text;
  }
}
