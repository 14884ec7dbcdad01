/**
 * A ring of bytes in shared memory between two threads, one producer and one consumer: what one writes into it the other
 * reads in place. Everything in it is a multiple of 8 bytes, and nothing goes over the end of the memory.
 *
 * Behaviour when full: `reserve` gives null, and the producer waits.
 */

export interface ByteRingMemory {
  readonly data: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
}

/** `head` and `tail` count bytes and wrap at 2^32. `end`: where the bytes of this lap end, if before the memory does. */
const slot = { head: 0, tail: 1, end: 2, waits: 3, highWater: 4 } as const;

/** `bytes` must be a power of two, of 64 KiB at least. */
export function createByteRing(bytes: number): ByteRingMemory {
  if (bytes < 65_536 || (bytes & (bytes - 1)) !== 0) throw new RangeError(`bad ring size ${bytes}`);
  const memory = { data: new SharedArrayBuffer(bytes), control: new SharedArrayBuffer(32) };
  new Int32Array(memory.control)[slot.end] = bytes;
  return memory;
}

export interface Span {
  readonly offset: number;
  readonly length: number;
}

export class ByteRing {
  readonly memory: Uint8Array;
  readonly view: DataView;
  readonly #control: Int32Array;
  readonly #size: number;

  constructor(memory: ByteRingMemory) {
    this.memory = new Uint8Array(memory.data);
    this.view = new DataView(memory.data);
    this.#control = new Int32Array(memory.control);
    this.#size = memory.data.byteLength;
  }

  get bytes(): number {
    return this.#size;
  }

  /** Bytes that wait for the consumer, those that were left out at the end of the memory included. */
  get used(): number {
    return (Atomics.load(this.#control, slot.head) - Atomics.load(this.#control, slot.tail)) >>> 0;
  }

  /** How often the producer found it full, and the most it ever held. */
  counters(): { waits: number; highWater: number } {
    return { waits: Atomics.load(this.#control, slot.waits), highWater: Atomics.load(this.#control, slot.highWater) };
  }

  /** Producer: all contiguous room there is, if it is at least `least` bytes; null when it is not. */
  reserve(least: number): Span | null {
    const { used } = this;
    const offset = this.#at(slot.head);
    const atEnd = this.#size - offset;
    const free = this.#size - used;
    // When nothing waits, begin at the beginning: memory that was used a moment ago is still in the caches.
    const again = used === 0 && offset >= Math.max(least, this.#size >> 4);
    const room = Math.min(free, atEnd);
    if (room >= least && !again) return { offset, length: room };
    // Only a free end of the memory may be left out, and only when the beginning is free as well.
    if (free < atEnd || free - atEnd < least) return null;
    Atomics.store(this.#control, slot.end, offset);
    this.#advance(atEnd);
    return { offset: 0, length: free - atEnd };
  }

  /** Producer: makes the first `bytes` of the reserved span visible to the consumer, who is not woken for it. */
  commit(bytes: number): void {
    this.#advance(bytes);
  }

  /** Producer: wakes the consumer, if it waits. To be called before the producer waits itself. */
  tell(): void {
    Atomics.notify(this.#control, slot.head);
  }

  /** Producer: waits until the consumer has taken something, at most `ms`. */
  waitForRoom(ms: number): void {
    Atomics.add(this.#control, slot.waits, 1);
    Atomics.wait(this.#control, slot.tail, Atomics.load(this.#control, slot.tail), ms);
  }

  /** Consumer: waits until there is something, at most `ms`. */
  waitForBytes(ms: number): void {
    if (this.used === 0) Atomics.wait(this.#control, slot.head, Atomics.load(this.#control, slot.tail), ms);
  }

  /** Consumer: the oldest bytes that wait and stand together; null when none do. */
  readable(): Span | null {
    for (;;) {
      const { used } = this;
      if (used === 0) return null;
      const offset = this.#at(slot.tail);
      const end = Atomics.load(this.#control, slot.end);
      if (offset !== end) return { offset, length: Math.min(used, end - offset) };
      Atomics.store(this.#control, slot.end, this.#size);
      this.#take(this.#size - offset);
    }
  }

  /** Consumer: the first `bytes` of the readable span may be overwritten. */
  release(bytes: number): void {
    if (bytes > 0) this.#take(bytes);
  }

  #at(counter: number): number {
    return Atomics.load(this.#control, counter) & (this.#size - 1);
  }

  #take(bytes: number): void {
    Atomics.store(this.#control, slot.tail, (Atomics.load(this.#control, slot.tail) + bytes) | 0);
    Atomics.notify(this.#control, slot.tail);
  }

  #advance(bytes: number): void {
    Atomics.store(this.#control, slot.head, (Atomics.load(this.#control, slot.head) + bytes) | 0);
    const { used } = this;
    if (used > Atomics.load(this.#control, slot.highWater)) Atomics.store(this.#control, slot.highWater, used);
  }
}
