import { auditRecordHeaderBytes, connectorMessageBytes, receiveAudit, receiveConnector } from '../../index.js';

export interface AuditRecord {
  type: number;
  flags: number;
  arrivalNs: bigint;
  payload: Buffer;
}

/** The records that receiveAudit packed. Throws when they do not end where they should, or padding is not zero. */
export function unpackRecords(memory: Uint8Array, bytes: number): AuditRecord[] {
  const buffer = Buffer.from(memory.subarray(0, bytes));
  const records: AuditRecord[] = [];
  let at = 0;
  while (at < bytes) {
    const start = at + auditRecordHeaderBytes;
    const end = start + buffer.readUInt32LE(at);
    const next = Math.ceil(end / 8) * 8;
    if (next > bytes || buffer.subarray(end, next).some((byte) => byte !== 0))
      throw new Error('records are not packed');
    records.push({
      type: buffer.readUInt16LE(at + 4),
      flags: buffer.readUInt16LE(at + 6),
      arrivalNs: buffer.readBigUInt64LE(at + 8),
      payload: buffer.subarray(start, end),
    });
    at = next;
  }
  return records;
}

/** Receives until `isEnough` of everything so far, or the time is over: then it says what came instead. */
export function receiveRecordsUntil(fd: number, isEnough: (records: AuditRecord[]) => boolean): AuditRecord[] {
  const memory = new Uint8Array(1 << 20);
  const records: AuditRecord[] = [];
  const giveUp = Date.now() + 10_000;
  while (!isEnough(records)) {
    const bytes = receiveAudit(fd, memory, 0, memory.length, 200);
    if (bytes < 0) throw new Error('the socket overran');
    records.push(...unpackRecords(memory, bytes));
    if (Date.now() > giveUp) {
      const seen = records.map(({ type, payload }) => `${type} ${payload}`).join('\n');
      throw new Error(`what was waited for did not come; there was:\n${seen}`);
    }
  }
  return records;
}

export interface ConnectorMessage {
  what: number;
  cpu: number;
  seq: number;
  monotonicNs: bigint;
  arrivalNs: bigint;
  data: number[];
  flags: number;
}

export const what = { ack: 0, fork: 1, exec: 2, exit: 0x80000000 } as const;

export function unpackMessages(memory: Uint8Array, bytes: number): ConnectorMessage[] {
  const buffer = Buffer.from(memory.subarray(0, bytes));
  const messages: ConnectorMessage[] = [];
  for (let at = 0; at < bytes; at += connectorMessageBytes) {
    messages.push({
      what: buffer.readUInt32LE(at),
      cpu: buffer.readUInt32LE(at + 4),
      seq: buffer.readUInt32LE(at + 8),
      monotonicNs: buffer.readBigUInt64LE(at + 16),
      arrivalNs: buffer.readBigUInt64LE(at + 24),
      data: Array.from({ length: 6 }, (_, word) => buffer.readUInt32LE(at + 32 + 4 * word)),
      flags: buffer.readUInt32LE(at + 56),
    });
  }
  return messages;
}

/** As receiveRecordsUntil, for the connector. */
export function receiveMessagesUntil(
  fd: number,
  isEnough: (messages: ConnectorMessage[]) => boolean,
): ConnectorMessage[] {
  const memory = new Uint8Array(1 << 16);
  const messages: ConnectorMessage[] = [];
  const giveUp = Date.now() + 10_000;
  while (!isEnough(messages)) {
    const bytes = receiveConnector(fd, memory, 0, memory.length, 200);
    if (bytes < 0) throw new Error('the socket overran');
    messages.push(...unpackMessages(memory, bytes));
    if (Date.now() > giveUp) throw new Error(`what was waited for did not come within ${messages.length} messages`);
  }
  return messages;
}
