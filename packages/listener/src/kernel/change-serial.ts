/** Which serial audit has come to: a change of its settings makes an event, of which every reader is told. */

import { auditRecordHeaderBytes, auditRecordRoomBytes, closeSocket, openAudit, receiveAudit } from '@godo/native';
import { recordType } from '../audit/record-types.ts';

const receiveBufferBytes = 1024 * 1024;
const answerMs = 1_000;
/** Of others, that come meanwhile. */
const mostReceives = 1_000;

/** Of the first change of settings or rules that is told after `change` was called; null: none is in time. */
export function changeSerial(change: () => void): number | null {
  const socket = openAudit({ multicast: true, receiveBufferBytes });
  try {
    change();
    const memory = new Uint8Array(16 * auditRecordRoomBytes);
    const endMs = performance.now() + answerMs;
    for (let receives = 0; receives < mostReceives && performance.now() < endMs; receives += 1) {
      const bytes = receiveAudit(socket, memory, 0, memory.length, answerMs);
      const serial = serialOfChange(memory, Math.max(0, bytes));
      if (serial !== null) return serial;
    }
    return null;
  } finally {
    closeSocket(socket);
  }
}

/** Among records as receiveAudit packs them. */
export function serialOfChange(memory: Uint8Array, bytes: number): number | null {
  const view = new DataView(memory.buffer, memory.byteOffset, bytes);
  for (let at = 0; at + auditRecordHeaderBytes <= bytes; ) {
    const length = view.getUint32(at, true);
    const type = view.getUint16(at + 4, true);
    const from = at + auditRecordHeaderBytes;
    if (type === recordType.configChange) {
      const stamp = /^audit\(\d+\.\d+:(\d+)\)/.exec(
        Buffer.from(memory.subarray(from, from + length)).toString('latin1'),
      );
      if (stamp !== null) return Number(stamp[1]);
    }
    at = Math.ceil((from + length) / 8) * 8;
  }
  return null;
}
