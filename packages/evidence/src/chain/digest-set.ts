/**
 * Digests of documents, each once, in no order: one hash stands for all of them. They are put in order and hashed as a
 * whole, for of a sum of digests another set with the same sum can be found where it may have a thousand members.
 */

import { createHash } from 'node:crypto';
import type { Digest } from './session-digest.ts';

/** A digest is 8 words of 32 bits, little-endian as all machines are that this runs on. */
const words = 8;
const bytesEach = words * 4;
/** Bits of a whole number that is exact. */
const exactBits = 53;

export class DigestSet {
  #bytes = Buffer.allocUnsafeSlow(4 * bytesEach);
  #words = wordsOf(this.#bytes);
  #added = 0;

  /** Those that came more than once counted as often. */
  get added(): number {
    return this.#added;
  }

  add(digest: Digest): void {
    this.#reserve(1);
    this.#bytes.write(digest, this.#added * bytesEach, bytesEach, 'latin1');
    this.#added += 1;
  }

  addAll(other: DigestSet): void {
    this.#reserve(other.#added);
    this.#words.set(other.#words.subarray(0, other.#added * words), this.#added * words);
    this.#added += other.#added;
  }

  /** How many there are, and the SHA-256 of all of them in the order of their words, in hex. */
  summary(): { readonly count: number; readonly hash: string } {
    const from = this.#words;
    const ordered = new Uint32Array(this.#added * words);
    let end = 0;
    for (const place of this.#order()) {
      const at = place * words;
      if (end > 0 && ordered[end - words] === from[at] && isSame(ordered, end - words, from, at)) continue;
      for (let word = 0; word < words; word += 1) ordered[end + word] = from[at + word] as number;
      end += words;
    }
    return { count: end / words, hash: createHash('sha256').update(ordered.subarray(0, end)).digest('hex') };
  }

  /** The places of the digests, in the order of these. */
  #order(): Float64Array {
    const from = this.#words;
    const placeBits = Math.ceil(Math.log2(Math.max(2, this.#added)));
    const places = 2 ** placeBits;
    // Of the leading bits and the place one number each, which are sorted without a function of ours.
    const shift = 2 ** Math.max(0, 32 - (exactBits - placeBits));
    const order = new Float64Array(this.#added);
    for (let place = 0; place < order.length; place += 1) {
      order[place] = Math.floor((from[place * words] as number) / shift) * places + place;
    }
    order.sort();
    for (let index = 0; index < order.length; index += 1) order[index] = (order[index] as number) % places;
    // The few whose leading bits are the same.
    for (let index = 1; index < order.length; index += 1) {
      for (let at = index; at > 0 && this.#isBefore(order[at] as number, order[at - 1] as number); at -= 1) {
        [order[at - 1], order[at]] = [order[at] as number, order[at - 1] as number];
      }
    }
    return order;
  }

  #isBefore(left: number, right: number): boolean {
    for (let word = 0; word < words; word += 1) {
      const distance = (this.#words[left * words + word] as number) - (this.#words[right * words + word] as number);
      if (distance !== 0) return distance < 0;
    }
    return false;
  }

  #reserve(count: number): void {
    const needed = (this.#added + count) * bytesEach;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#added * bytesEach);
    this.#bytes = larger;
    this.#words = wordsOf(larger);
  }
}

function wordsOf({ buffer, byteOffset, byteLength }: Buffer): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

function isSame(left: Uint32Array, leftAt: number, right: Uint32Array, rightAt: number): boolean {
  for (let word = 0; word < words; word += 1) if (left[leftAt + word] !== right[rightAt + word]) return false;
  return true;
}
