/**
 * What the audit intake says between the records in its ring. The records stand there as native's receiveAudit packs
 * them; a mark has the same head and no payload.
 */

import { auditRecordHeaderBytes } from '@godo/native';
import type { ByteRing } from './byte-ring.ts';

/** Types that no netlink message has. The native decoder stops in front of them. */
export const ringMark = {
  /** The socket was found empty at the time in the head's arrival. */
  drained: 0xfffe,
  /** The socket overran before this point (ENOBUFS). */
  overrun: 0xfffd,
  /** Nothing follows. */
  end: 0xfffc,
} as const;

export interface Mark {
  readonly type: number;
  /** µs of CLOCK_MONOTONIC. */
  readonly arrivalUs: number;
}

/** Adds a mark. False when the ring is full. */
export function putMark(ring: ByteRing, type: number, arrivalUs: number): boolean {
  const span = ring.reserve(auditRecordHeaderBytes);
  if (span === null) return false;
  const arrivalNs = arrivalUs * 1000;
  ring.view.setUint32(span.offset, 0, true);
  ring.view.setUint16(span.offset + 4, type, true);
  ring.view.setUint16(span.offset + 6, 0, true);
  ring.view.setUint32(span.offset + 8, arrivalNs % 4_294_967_296, true);
  ring.view.setUint32(span.offset + 12, Math.floor(arrivalNs / 4_294_967_296), true);
  ring.commit(auditRecordHeaderBytes);
  return true;
}

/** The mark that the bytes begin with; null: they begin with a record. */
export function markAt(ring: ByteRing, offset: number): Mark | null {
  const type = ring.view.getUint16(offset + 4, true);
  if (type < ringMark.end) return null;
  const low = ring.view.getUint32(offset + 8, true);
  const high = ring.view.getUint32(offset + 12, true);
  return { type, arrivalUs: (high * 4_294_967_296 + low) / 1000 };
}
