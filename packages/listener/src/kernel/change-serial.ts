/** Which serial audit has come to: a change of its settings makes an event, of which every reader is told. */

import { auditRecordHeaderBytes, auditRecordRoomBytes, closeSocket, openAudit, receiveAudit } from '@godo/native';
import { recordType } from '../audit/record-types.ts';

const receiveBufferBytes = 1024 * 1024;
const answerMs = 1_000;
/** Audit's stamps are of a clock that goes on once a tick: they lie so much before the moment at most. */
const tickMs = 15;

/**
 * Of the first change of `setting` (as audit_log_config_change in kernel/audit.c names it) that was made after this was
 * called; null: none is told in time. What the kernel had queued before comes first.
 */
export function changeSerial(setting: string, change: () => void): number | null {
  const socket = openAudit({ multicast: true, receiveBufferBytes });
  try {
    const sinceMs = Date.now() - tickMs;
    change();
    const memory = new Uint8Array(16 * auditRecordRoomBytes);
    const endMs = performance.now() + answerMs;
    for (let leftMs = answerMs; leftMs > 0; leftMs = endMs - performance.now()) {
      const bytes = receiveAudit(socket, memory, 0, memory.length, Math.ceil(leftMs));
      const serial = serialOfChange(memory.subarray(0, Math.max(0, bytes)), setting, sinceMs);
      if (serial !== null) return serial;
    }
    return null;
  } finally {
    closeSocket(socket);
  }
}

/** Among records as receiveAudit packs them; those of before `sinceMs` (ms since the epoch) are passed over. */
export function serialOfChange(records: Uint8Array, setting: string, sinceMs: number): number | null {
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  for (let at = 0; at + auditRecordHeaderBytes <= records.length; ) {
    const from = at + auditRecordHeaderBytes;
    const to = from + view.getUint32(at, true);
    if (view.getUint16(at + 4, true) === recordType.configChange) {
      const text = Buffer.from(records.subarray(from, to)).toString('latin1');
      const [, seconds, serial] = /^audit\((\d+\.\d+):(\d+)\)/.exec(text) ?? [];
      if (Number(seconds) * 1000 >= sinceMs && text.includes(` ${setting}=`)) return Number(serial);
    }
    at = Math.ceil(to / 8) * 8;
  }
  return null;
}
