/** Decoding of the fixed 64-byte messages that native.receiveConnector writes. */

import type { ConnectorOrigin } from '../events.ts';

export interface ConnectorMessage {
  readonly what: number;
  readonly cpu: number;
  readonly seq: number;
  readonly monotonicNs: bigint;
  /** Event data in the order of struct proc_event. */
  readonly data: readonly [number, number, number, number, number, number];
  /** The kernel sent fewer bytes than this kind has. */
  readonly short: boolean;
}

export const processEvent = {
  ack: 0,
  fork: 0x0000_0001,
  exec: 0x0000_0002,
  exit: 0x8000_0000,
} as const;

export function decodeMessage(view: DataView, offset: number): ConnectorMessage {
  const word = (index: number) => view.getUint32(offset + index, true);
  return {
    what: word(0),
    cpu: word(4),
    seq: word(8),
    monotonicNs: view.getBigUint64(offset + 16, true),
    data: [word(32), word(36), word(40), word(44), word(48), word(52)],
    short: (word(56) & 1) !== 0,
  };
}

export function originOf(message: ConnectorMessage, timeNs: bigint): ConnectorOrigin {
  const { cpu, seq, monotonicNs } = message;
  return { cpu, seq, monotonicNs, timeNs };
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
