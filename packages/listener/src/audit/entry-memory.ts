/** Memory that entries are written into and read from. */

import type { BinaryString } from '../events.ts';

/**
 * The same memory as bytes, as little-endian words of 32 bits and as floating-point numbers. Those who read every event
 * take them directly: a method would not be inlined everywhere.
 */
export class EntryMemory {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly floats: Float64Array;
  readonly #buffer: Buffer;

  /** `bytes` may stand in shared memory; its start must be a multiple of 8 in it. */
  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, byteLength } = bytes;
    if (byteOffset % 8 !== 0) throw new RangeError('the memory of entries must be aligned to 8 bytes');
    this.bytes = bytes;
    this.#buffer = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
    this.words = new Uint32Array(buffer, byteOffset, byteLength >>> 2);
    this.floats = new Float64Array(buffer, byteOffset, byteLength >>> 3);
  }

  /** Of the byte at offset `at`; the offsets of the wider numbers are multiples of their size. */
  u8(at: number): number {
    return this.bytes[at] as number;
  }

  u16(at: number): number {
    return (this.bytes[at] as number) | ((this.bytes[at + 1] as number) << 8);
  }

  u32(at: number): number {
    return this.words[at >>> 2] as number;
  }

  f64(at: number): number {
    return this.floats[at >>> 3] as number;
  }

  text(at: number, length: number): BinaryString {
    return this.#buffer.toString('latin1', at, at + length);
  }

  hex(at: number, length: number): string {
    return this.#buffer.toString('hex', at, at + length);
  }
}
