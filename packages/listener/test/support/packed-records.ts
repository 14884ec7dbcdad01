import { auditRecordHeaderBytes } from '@godo/native';
import { formatStamp } from '../../src/audit/record.ts';
import type { BinaryString } from '../../src/events.ts';
import type { AuditRecord } from './log-records.ts';

export interface Packet {
  readonly type: number;
  readonly payload: BinaryString;
  readonly truncated?: boolean;
}

/** The message that the kernel sends for a record. */
export function packetOf({ type, ms, serial, body }: AuditRecord): Packet {
  return { type, payload: `audit(${formatStamp(ms, serial)}): ${body}` };
}

/** Packets as receiveAudit of the addon writes them into memory. */
export function packed(packets: readonly Packet[], arrivalNs = 5_000n): Uint8Array {
  const parts = packets.map(({ type, payload, truncated = false }) => {
    const record = Buffer.alloc(Math.ceil((auditRecordHeaderBytes + payload.length) / 8) * 8);
    record.writeUInt32LE(payload.length, 0);
    record.writeUInt16LE(type, 4);
    record.writeUInt16LE(truncated ? 1 : 0, 6);
    record.writeBigUInt64LE(arrivalNs, 8);
    record.write(payload, auditRecordHeaderBytes, 'latin1');
    return record;
  });
  return Buffer.concat(parts);
}
