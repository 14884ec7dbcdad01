/**
 * The ring between reassembly and the writer holds batches: a head, and the entries that the native decoder wrote. The
 * writer reads them in place, so no event is copied between the threads.
 */

import type { ByteRing, Span } from './byte-ring.ts';

export const batchHeadBytes = 32;

/** What a batch is beside its entries. */
export const batchKind = { events: 0, overrun: 1, end: 2 } as const;

export interface BatchHead {
  readonly kind: number;
  /** Arrival of the last record in it, µs of CLOCK_MONOTONIC. */
  readonly arrivalUs: number;
  /** The audit socket was found empty at this moment, after everything in this and earlier batches; null: it was not. */
  readonly drainedUs: number | null;
  /** From the first serial to this one all events are in this batch or one before, or stated there to have never come. */
  readonly settledSerial: number | null;
}

export interface EventBatch extends BatchHead {
  readonly entries: Span;
}

/** Producer: makes a batch of the entries that stand behind the room for its head at the beginning of `span`. */
export function commitBatch(ring: ByteRing, span: Span, entryBytes: number, head: BatchHead): void {
  ring.view.setUint32(span.offset, entryBytes, true);
  ring.view.setUint32(span.offset + 4, head.kind, true);
  ring.view.setFloat64(span.offset + 8, head.arrivalUs, true);
  ring.view.setFloat64(span.offset + 16, head.drainedUs ?? Number.NaN, true);
  ring.view.setFloat64(span.offset + 24, head.settledSerial ?? Number.NaN, true);
  ring.commit(batchHeadBytes + entryBytes);
}

/** Consumer: the oldest batch; null when there is none. */
export function nextBatch(ring: ByteRing): EventBatch | null {
  const span = ring.readable();
  if (span === null) return null;
  const drainedUs = ring.view.getFloat64(span.offset + 16, true);
  const serial = ring.view.getFloat64(span.offset + 24, true);
  return {
    kind: ring.view.getUint32(span.offset + 4, true),
    arrivalUs: ring.view.getFloat64(span.offset + 8, true),
    drainedUs: Number.isNaN(drainedUs) ? null : drainedUs,
    settledSerial: Number.isNaN(serial) ? null : serial,
    entries: { offset: span.offset + batchHeadBytes, length: ring.view.getUint32(span.offset, true) },
  };
}

/** Consumer: the batch has been dealt with. */
export function releaseBatch(ring: ByteRing, batch: EventBatch): void {
  ring.release(batchHeadBytes + batch.entries.length);
}
