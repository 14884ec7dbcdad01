import type { ProcessKey } from '@godo/evidence';
import { NumberColumn, none } from './columns.ts';

/** What lies together, so that a look-up touches one place: boot with process id, and stamp. */
const parts = 2;
/** Instead of one more than a serial: the stamp is a start in ticks. Otherwise it is the ms of the first event. */
const startSeen = 0;
const mostDigits = 15;
/** Boot and process id are one number, the latter in its last 32 bits. */
const tgids = 2 ** 32;
const mostBoots = 2 ** 20;

const zero = 0x30;
const nine = 0x39;
const dot = 0x2e;
const colon = 0x3a;
const question = 0x3f;

/**
 * Numbers process keys from 0 on, in the order they are first named. A key is kept as its numbers, in a sixth of what
 * its text would cost; a text that is not made like a key is kept as it is.
 */
export class ProcessKeys {
  readonly #numbers = new NumberColumn();
  readonly #serials = new NumberColumn();
  readonly #boots: string[] = [];
  readonly #bootNumbers = new Map<string, number>();
  readonly #odd = new Map<string, number>();
  readonly #oddTexts = new Map<number, string>();
  readonly #aliases = new Map<number, number>();
  #size = 0;
  /** Open addressing: number + 1 of a key, 0 where the slot is free. */
  #slots = new Int32Array(4096);

  // The parts of the key that was parsed last, and where its boot id ends.
  #tgid = 0;
  #stamp = 0;
  #serial = 0;
  #boot = none;
  #bootEnd = 0;
  /** The boot that was named last, and the one before: there are few hosts. */
  #recent = none;
  #recentBefore = none;

  get size(): number {
    return this.#size;
  }

  /** The number of a key, or of the one it stands for; {@link none} where it was never named. */
  find(key: ProcessKey): number {
    return this.meantBy(this.#find(key));
  }

  #find(key: ProcessKey): number {
    if (!this.#parse(key)) return this.#odd.get(key) ?? none;
    this.#boot = this.#findBoot(key, this.#bootEnd);
    return this.#boot === none ? (this.#odd.get(key) ?? none) : this.#at(this.#slotOf());
  }

  /** Lets a key stand for another one. Its number may be in use already: see {@link meantBy}. */
  alias(from: ProcessKey, to: ProcessKey): void {
    this.#aliases.set(this.numberOf(from), this.numberOf(to));
  }

  get hasAliases(): boolean {
    return this.#aliases.size > 0;
  }

  /** The number of the key that one with this number stands for: mostly the same. */
  meantBy(number: number): number {
    return this.#aliases.size === 0 ? number : (this.#aliases.get(number) ?? number);
  }

  /** The key that one stands for: mostly the same. */
  keyFor(key: ProcessKey): ProcessKey {
    const number = this.hasAliases ? this.#aliases.get(this.#find(key)) : undefined;
    return number === undefined ? key : this.keyOf(number);
  }

  /** The number of a key, which it gets now where it was never named. */
  numberOf(key: ProcessKey): number {
    if (!this.#parse(key)) return this.#odd.get(key) ?? this.#addOdd(key);
    this.#boot = this.#findBoot(key, this.#bootEnd);
    if (this.#boot === none) {
      if (this.#boots.length === mostBoots) return this.#odd.get(key) ?? this.#addOdd(key);
      this.#boot = this.#addBoot(key.slice(0, this.#bootEnd));
    }
    const slot = this.#slotOf();
    const known = this.#at(slot);
    return known === none ? this.#add(slot) : known;
  }

  keyOf(number: number): ProcessKey {
    const odd = this.#oddTexts.get(number);
    if (odd !== undefined) return odd;
    const bootAndTgid = this.#numbers.at(number * parts);
    const stamp = this.#numbers.at(number * parts + 1);
    const serial = this.#serials.at(number);
    const tgid = bootAndTgid % tgids;
    const boot = this.#boots[(bootAndTgid - tgid) / tgids] ?? '';
    return serial === startSeen ? `${boot}:${tgid}:${stamp}` : `${boot}:${tgid}:?${stamp}.${serial - 1}`;
  }

  /** The start was never seen: the key names the process only by when it was first noticed. */
  isProvisional(number: number): boolean {
    const odd = this.#oddTexts.get(number);
    return odd === undefined ? this.#serials.at(number) !== startSeen : odd.includes(':?');
  }

  /** The process id that a key names; null where it is not made like one. */
  tgidOf(number: number): number | null {
    return this.#oddTexts.has(number) ? null : this.#numbers.at(number * parts) % tgids;
  }

  /** The start that a key names, in ticks; null where it names none. */
  startTicksOf(number: number): number | null {
    if (this.#oddTexts.has(number) || this.#serials.at(number) !== startSeen) return null;
    return this.#numbers.at(number * parts + 1);
  }

  /** Reads `<boot>:<tgid>:<ticks>` or `<boot>:<tgid>:?<ms>.<serial>` from its end; numbers as they are written normally. */
  #parse(key: string): boolean {
    const afterSerial = this.#number(key, key.length);
    if (afterSerial < 0) return false;
    let at = afterSerial;
    const last = this.#read;
    if (key.charCodeAt(at) === dot) {
      at = this.#number(key, at);
      if (at < 0 || key.charCodeAt(at) !== question) return false;
      at -= 1;
      this.#stamp = this.#read;
      this.#serial = last + 1;
    } else {
      this.#stamp = last;
      this.#serial = startSeen;
    }
    if (at < 0 || key.charCodeAt(at) !== colon) return false;
    at = this.#number(key, at);
    if (at < 0 || key.charCodeAt(at) !== colon) return false;
    this.#tgid = this.#read;
    this.#bootEnd = at;
    return this.#tgid < tgids;
  }

  #read = 0;

  /** Reads the number that ends before `end`. @returns the place before it; -1 where there is none, or before the text. */
  #number(key: string, end: number): number {
    let value = 0;
    let scale = 1;
    let at = end - 1;
    let digit = zero;
    for (; at >= 0; at -= 1) {
      const code = key.charCodeAt(at);
      if (code < zero || code > nine) break;
      digit = code;
      value += (code - zero) * scale;
      scale *= 10;
    }
    const digits = end - 1 - at;
    if (digits === 0 || digits > mostDigits || (digits > 1 && digit === zero)) return -1;
    this.#read = value;
    return at;
  }

  #findBoot(key: string, length: number): number {
    if (this.#isBoot(this.#recent, key, length)) return this.#recent;
    let boot = this.#recentBefore;
    if (!this.#isBoot(boot, key, length)) boot = this.#bootNumbers.get(key.slice(0, length)) ?? none;
    if (boot !== none) {
      this.#recentBefore = this.#recent;
      this.#recent = boot;
    }
    return boot;
  }

  #isBoot(boot: number, key: string, length: number): boolean {
    const text = this.#boots[boot];
    return text !== undefined && text.length === length && key.startsWith(text);
  }

  #addBoot(slice: string): number {
    // A slice of a text keeps all of it in memory.
    const text = Buffer.from(slice, 'utf16le').toString('utf16le');
    const boot = this.#boots.length;
    this.#boots.push(text);
    this.#bootNumbers.set(text, boot);
    return boot;
  }

  #at(slot: number): number {
    return (this.#slots[slot] ?? 0) - 1;
  }

  /** The slot of the parsed key: where it stands, or where it would be put. */
  #slotOf(): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(this.#boot * tgids + this.#tgid, this.#stamp, this.#serial) & mask;
    for (;;) {
      const number = this.#at(slot);
      if (number === none || this.#holds(number)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #holds(number: number): boolean {
    return (
      this.#numbers.at(number * parts) === this.#boot * tgids + this.#tgid &&
      this.#numbers.at(number * parts + 1) === this.#stamp &&
      this.#serials.at(number) === this.#serial
    );
  }

  #add(slot: number): number {
    const number = this.#size;
    this.#numbers.set(number * parts, this.#boot * tgids + this.#tgid);
    this.#numbers.set(number * parts + 1, this.#stamp);
    if (this.#serial !== startSeen) this.#serials.set(number, this.#serial);
    this.#slots[slot] = number + 1;
    this.#size += 1;
    if (this.#size * 3 > this.#slots.length * 2) this.#growSlots();
    return number;
  }

  #addOdd(key: string): number {
    const number = this.#size;
    this.#odd.set(key, number);
    this.#oddTexts.set(number, key);
    this.#size += 1;
    return number;
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (const plusOne of this.#slots) {
      if (plusOne === 0) continue;
      const number = plusOne - 1;
      const bootAndTgid = this.#numbers.at(number * parts);
      const stamp = this.#numbers.at(number * parts + 1);
      let slot = hashOf(bootAndTgid, stamp, this.#serials.at(number)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = plusOne;
    }
    this.#slots = slots;
  }
}

function hashOf(bootAndTgid: number, stamp: number, serial: number): number {
  const boot = bootAndTgid / tgids;
  let hash = Math.imul(bootAndTgid | 0, 0x9e3779b1) ^ Math.imul(stamp | 0, 0x85ebca6b);
  hash ^= Math.imul(serial | 0, 0xc2b2ae35) ^ boot;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
