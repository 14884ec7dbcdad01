/**
 * The ring between audit intake and reassembly: one producer, one consumer, in shared memory. The native receive packs
 * records straight into it; nothing is copied between the threads.
 *
 * Behaviour when full: the producer waits and does not read the socket; the kernel then queues up to its backlog limit,
 * and counts what it loses.
 */

import { auditRecordHeaderBytes, auditRecordRoomBytes } from '@godo/native';

/** Types that no netlink message has: marks of our own between the records. */
export const ringMark = {
  /** The rest up to the end of the memory is unused; go on at its beginning. */
  wrap: 0xffff,
  /** The socket was found empty at the time in the header's arrival. */
  drained: 0xfffe,
  /** The socket overran before this point (ENOBUFS). */
  overrun: 0xfffd,
  /** Nothing follows. */
  end: 0xfffc,
} as const;

export interface AuditRingMemory {
  readonly data: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
}

const slot = { head: 0, tail: 1, waits: 2, highWater: 3 } as const;

/** `bytes` must be a power of two and hold several of the largest records. */
export function createAuditRing(bytes: number): AuditRingMemory {
  if (bytes < auditRecordRoomBytes * 4 || (bytes & (bytes - 1)) !== 0) throw new RangeError(`bad ring size ${bytes}`);
  return { data: new SharedArrayBuffer(bytes), control: new SharedArrayBuffer(32) };
}

export interface Span {
  readonly offset: number;
  readonly length: number;
}

export class AuditRing {
  readonly memory: Uint8Array;
  readonly #view: DataView;
  readonly #control: Int32Array;
  readonly #size: number;

  constructor(memory: AuditRingMemory) {
    this.memory = new Uint8Array(memory.data);
    this.#view = new DataView(memory.data);
    this.#control = new Int32Array(memory.control);
    this.#size = memory.data.byteLength;
  }

  get bytes(): number {
    return this.#size;
  }

  /** Bytes that wait for the consumer. */
  get used(): number {
    return (Atomics.load(this.#control, slot.head) - Atomics.load(this.#control, slot.tail)) >>> 0;
  }

  /** How often the producer found it full, and the most it ever held. */
  counters(): { waits: number; highWater: number } {
    return { waits: Atomics.load(this.#control, slot.waits), highWater: Atomics.load(this.#control, slot.highWater) };
  }

  /** Producer: contiguous room for at least one of the largest records, or null when the ring is full. */
  reserve(): Span | null {
    const room = this.#contiguous();
    if (room.length >= auditRecordRoomBytes) return room;
    const atEnd = this.#size - room.offset;
    // Only a free tail of the memory may be skipped, and only when the beginning is free as well.
    if (room.length < atEnd || this.#size - this.used - atEnd < auditRecordRoomBytes) return null;
    if (atEnd >= auditRecordHeaderBytes) this.#header(room.offset, 0, ringMark.wrap, 0);
    this.#advance(atEnd);
    return this.reserve();
  }

  /** Producer: makes what stands in the reserved span visible to the consumer. */
  commit(bytes: number): void {
    this.#advance(bytes);
  }

  /** Producer: adds a mark. False when the ring is full. */
  mark(type: number, arrivalUs: number): boolean {
    const span = this.reserve();
    if (span === null) return false;
    this.#header(span.offset, 0, type, arrivalUs);
    this.#advance(auditRecordHeaderBytes);
    return true;
  }

  /** Producer: waits until the consumer has taken something, at most `ms`. */
  waitForRoom(ms: number): void {
    Atomics.add(this.#control, slot.waits, 1);
    Atomics.wait(this.#control, slot.tail, Atomics.load(this.#control, slot.tail), ms);
  }

  /** Consumer: waits until there is something, at most `ms`. */
  waitForRecords(ms: number): void {
    if (this.used === 0) Atomics.wait(this.#control, slot.head, Atomics.load(this.#control, slot.tail), ms);
  }

  /**
   * Consumer: hands over what there is, at most `limit` records, oldest first. `payload` is a span of `memory` that may
   * be overwritten once this returns. arrivalUs: µs of CLOCK_MONOTONIC. Returns how many were handed over.
   */
  take(limit: number, each: (type: number, payload: Span, arrivalUs: number, truncated: boolean) => void): number {
    let tail = Atomics.load(this.#control, slot.tail);
    const head = Atomics.load(this.#control, slot.head);
    let taken = 0;
    while (tail !== head && taken < limit) {
      const offset = (tail >>> 0) & (this.#size - 1);
      // The last bytes of the memory may be too few even for a mark.
      const atEnd = this.#size - offset < auditRecordHeaderBytes;
      const type = atEnd ? ringMark.wrap : this.#view.getUint16(offset + 4, true);
      if (type === ringMark.wrap) {
        tail = (tail + this.#size - offset) | 0;
        continue;
      }
      const length = this.#view.getUint32(offset, true);
      const arrivalUs =
        (this.#view.getUint32(offset + 12, true) * 4_294_967_296 + this.#view.getUint32(offset + 8, true)) / 1000;
      each(
        type,
        { offset: offset + auditRecordHeaderBytes, length },
        arrivalUs,
        this.#view.getUint16(offset + 6, true) !== 0,
      );
      tail = (tail + padded(auditRecordHeaderBytes + length)) | 0;
      taken += 1;
    }
    Atomics.store(this.#control, slot.tail, tail);
    Atomics.notify(this.#control, slot.tail);
    return taken;
  }

  #contiguous(): Span {
    const head = Atomics.load(this.#control, slot.head) >>> 0;
    const offset = head & (this.#size - 1);
    return { offset, length: Math.min(this.#size - this.used, this.#size - offset) };
  }

  #header(offset: number, length: number, type: number, arrivalUs: number): void {
    const arrivalNs = arrivalUs * 1000;
    this.#view.setUint32(offset, length, true);
    this.#view.setUint16(offset + 4, type, true);
    this.#view.setUint16(offset + 6, 0, true);
    this.#view.setUint32(offset + 8, arrivalNs % 4_294_967_296, true);
    this.#view.setUint32(offset + 12, Math.floor(arrivalNs / 4_294_967_296), true);
  }

  #advance(bytes: number): void {
    Atomics.store(this.#control, slot.head, (Atomics.load(this.#control, slot.head) + bytes) | 0);
    Atomics.notify(this.#control, slot.head);
    const { used } = this;
    if (used > Atomics.load(this.#control, slot.highWater)) Atomics.store(this.#control, slot.highWater, used);
  }
}

function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}
