import { describe, expect, it } from 'vitest';
import { markAt, putMark, ringMark } from '../../src/stages/audit-marks.ts';
import { ByteRing, createByteRing, type Span } from '../../src/stages/byte-ring.ts';
import { batchHeadBytes, batchKind, commitBatch, nextBatch, releaseBatch } from '../../src/stages/event-batches.ts';

const ring = () => new ByteRing(createByteRing(65_536));

describe('batches of events in a ring', () => {
  it('come out with their heads and entries as they were put in', () => {
    const events = ring();
    const span = events.reserve(1_000) as Span;
    events.memory.set(Buffer.from('entries!'), span.offset + batchHeadBytes);
    commitBatch(events, span, 8, {
      kind: batchKind.events,
      arrivalUs: 1_000_000_123.5,
      drainedUs: null,
      settledSerial: null,
    });
    const head = {
      kind: batchKind.end,
      arrivalUs: 7,
      drainedUs: 8.25,
      settledSerial: 4_294_967_295,
    };
    commitBatch(events, events.reserve(1_000) as Span, 0, head);

    const first = nextBatch(events);
    const text = Buffer.from(events.memory.slice(first?.entries.offset, (first?.entries.offset ?? 0) + 8)).toString();
    expect([first?.kind, first?.arrivalUs, first?.drainedUs, first?.settledSerial, text]).toEqual([
      0,
      1_000_000_123.5,
      null,
      null,
      'entries!',
    ]);
    if (first !== null) releaseBatch(events, first);

    const second = nextBatch(events);
    expect(second).toMatchObject({ ...head, entries: { length: 0 } });
    if (second !== null) releaseBatch(events, second);
    expect(nextBatch(events)).toBeNull();
  });
});

describe('marks between records in a ring', () => {
  it('are told from records and carry their moment', () => {
    const records = ring();
    putMark(records, ringMark.drained, 1_000_000_123.5);

    expect(markAt(records, 0)).toEqual({ type: ringMark.drained, arrivalUs: 1_000_000_123.5 });
    records.view.setUint16(4, 1300, true);
    expect(markAt(records, 0)).toBeNull();
  });
});
