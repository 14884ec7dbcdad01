/** Decoding of the fixed 64-byte messages that native.receiveConnector writes. */

import { connectorMessageBytes } from '@godo/native';

export const processEvent = {
  ack: 0,
  fork: 0x0000_0001,
  exec: 0x0000_0002,
  exit: 0x8000_0000,
} as const;

/** See gatherConnector. */
export const earlyReading = { notMade: 0, noProcess: 1 } as const;

/** Words of a message; see receiveConnector. The addon compiles for little-endian processors only, as these words are. */
const word = { what: 0, cpu: 1, seq: 2, monotonicNs: 2, arrivalNs: 3, data: 8, flags: 14, reading: 15 } as const;
const wordsOfMessage = connectorMessageBytes / 4;

/**
 * The messages of one receive, read where they stand: `index` counts from the first. Valid until the next receive into
 * the same memory.
 */
export class ConnectorMessages {
  readonly #words: Uint32Array;
  readonly #longs: BigUint64Array;

  /** The memory must begin at a multiple of 8 of its buffer. */
  constructor(memory: Uint8Array) {
    const bytes = memory.byteLength - (memory.byteLength % connectorMessageBytes);
    this.#words = new Uint32Array(memory.buffer, memory.byteOffset, bytes / 4);
    this.#longs = new BigUint64Array(memory.buffer, memory.byteOffset, bytes / 8);
  }

  what(index: number): number {
    return this.#word(index, word.what);
  }

  cpu(index: number): number {
    return this.#word(index, word.cpu);
  }

  seq(index: number): number {
    return this.#word(index, word.seq);
  }

  /** ns of CLOCK_MONOTONIC. */
  monotonicNs(index: number): bigint {
    return this.#longs[(index * wordsOfMessage) / 2 + word.monotonicNs] ?? 0n;
  }

  /** Word of the event data, in the order of struct proc_event. */
  data(index: number, position: 0 | 1 | 2 | 3 | 4 | 5): number {
    return this.#word(index, word.data + position);
  }

  /** The kernel sent fewer bytes than this kind has. */
  short(index: number): boolean {
    return (this.#word(index, word.flags) & 1) !== 0;
  }

  /** ns of CLOCK_MONOTONIC; messages of one receive have the same. */
  arrivalNs(index: number): bigint {
    return this.#longs[(index * wordsOfMessage) / 2 + word.arrivalNs] ?? 0n;
  }

  /** What the addon found when it looked at the process at once: `earlyReading`, or the place of the reading. */
  reading(index: number): number {
    return this.#word(index, word.reading);
  }

  #word(index: number, position: number): number {
    return this.#words[index * wordsOfMessage + position] ?? 0;
  }
}

export interface SequenceGap {
  readonly cpu: number;
  /** First and last missing sequence number. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** The kernel counts messages per CPU; a jump is loss. Sequence numbers wrap at 2^32. */
export class SequenceWatch {
  readonly #last = new Map<number, number>();

  next(cpu: number, seq: number): SequenceGap | null {
    const last = this.#last.get(cpu);
    this.#last.set(cpu, seq);
    if (last === undefined) return null;
    const expected = (last + 1) >>> 0;
    if (seq === expected) return null;
    const count = (seq - expected) >>> 0;
    return { cpu, from: expected, to: (seq - 1) >>> 0, count };
  }
}
