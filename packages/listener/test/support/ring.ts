import { auditRecordHeaderBytes, auditRecordRoomBytes } from '@godo/native';
import type { AuditRing, AuditRingMemory } from '../../src/stages/audit-ring.ts';

export const smallestRing = 65_536;

export interface Taken {
  readonly type: number;
  readonly text: string;
  readonly arrivalUs: number;
  readonly truncated: boolean;
}

/** Puts the head and the tail of the counters where the test wants the ring to begin. */
export function startAt(memory: AuditRingMemory, position: number): void {
  const control = new Int32Array(memory.control);
  control[0] = position | 0;
  control[1] = position | 0;
}

/** One record as native's receiveAudit packs it. False when there is no room for the largest one. */
export function produce(ring: AuditRing, type: number, text: string, arrivalUs = 5, truncated = false): boolean {
  const span = ring.reserve();
  if (span === null) return false;
  if (span.length < auditRecordRoomBytes) throw new Error('less room than the largest record needs');
  const payload = Buffer.from(text, 'latin1');
  const bytes = Math.ceil((auditRecordHeaderBytes + payload.length) / 8) * 8;
  const memory = Buffer.from(ring.memory.buffer, span.offset, bytes);
  memory.fill(0);
  memory.writeUInt32LE(payload.length, 0);
  memory.writeUInt16LE(type, 4);
  memory.writeUInt16LE(truncated ? 1 : 0, 6);
  memory.writeBigUInt64LE(BigInt(arrivalUs) * 1000n, 8);
  payload.copy(memory, auditRecordHeaderBytes);
  ring.commit(bytes);
  return true;
}

export function takeAll(ring: AuditRing, limit = 1_000_000): Taken[] {
  const taken: Taken[] = [];
  ring.take(limit, (type, { offset, length }, arrivalUs, truncated) => {
    taken.push({
      type,
      text: Buffer.from(ring.memory.buffer, offset, length).toString('latin1'),
      arrivalUs,
      truncated,
    });
  });
  return taken;
}
