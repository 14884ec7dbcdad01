/**
 * Digests of documents, each once, in no order: one hash stands for all of them. They are put in order and hashed as a
 * whole, for of a sum of digests another set with the same sum can be found where it may have a thousand members.
 */

import { createHash } from 'node:crypto';
import type { Digest } from './canonical.ts';

const bytesEach = 32;
/** Bits of a whole number that is exact. */
const exactBits = 53;

export class DigestSet {
  #bytes = Buffer.allocUnsafeSlow(4 * bytesEach);
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
    other.#bytes.copy(this.#bytes, this.#added * bytesEach, 0, other.#added * bytesEach);
    this.#added += other.#added;
  }

  /** How many there are, and the hash of all of them, in hex. */
  summary(): { readonly count: number; readonly hash: string } {
    const bytes = this.#bytes;
    const ordered = Buffer.allocUnsafe(this.#added * bytesEach);
    let end = 0;
    for (const place of this.#order()) {
      const at = place * bytesEach;
      const isSame = end > 0 && bytes.compare(ordered, end - bytesEach, end, at, at + bytesEach) === 0;
      if (!isSame) end += bytes.copy(ordered, end, at, at + bytesEach);
    }
    return { count: end / bytesEach, hash: createHash('sha256').update(ordered.subarray(0, end)).digest('hex') };
  }

  /** The places of the digests, in the order of these. */
  #order(): Float64Array {
    const bytes = this.#bytes;
    const placeBits = Math.ceil(Math.log2(Math.max(2, this.#added)));
    const places = 2 ** placeBits;
    // Of some leading bits and the place one number each, which are sorted without a function of ours.
    const shift = 2 ** Math.max(0, 32 - (exactBits - placeBits));
    const order = new Float64Array(this.#added);
    for (let place = 0; place < order.length; place += 1) {
      order[place] = Math.floor(bytes.readUInt32BE(place * bytesEach) / shift) * places + place;
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
    const [from, other] = [left * bytesEach, right * bytesEach];
    const bytes = this.#bytes;
    const leading = bytes.readUInt32BE(from) - bytes.readUInt32BE(other);
    if (leading !== 0) return leading < 0;
    return bytes.compare(bytes, other, other + bytesEach, from, from + bytesEach) < 0;
  }

  #reserve(count: number): void {
    const needed = (this.#added + count) * bytesEach;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#added * bytesEach);
    this.#bytes = larger;
  }
}
