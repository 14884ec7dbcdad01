import { auditRecordRoomBytes } from '@godo/native';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AuditRing, createAuditRing, ringMark } from '../../src/stages/audit-ring.ts';
import { produce, smallestRing, startAt, takeAll } from '../support/ring.ts';

const largest = 'x'.repeat(8970);

function ringAt(position = 0): AuditRing {
  const memory = createAuditRing(smallestRing);
  startAt(memory, position);
  return new AuditRing(memory);
}

describe('the audit ring', () => {
  it('gives records in the order they came in, once', () => {
    const ring = ringAt();

    produce(ring, 1300, 'audit(1.000:1): a', 1_000_000_000_123);
    produce(ring, 1320, '', 7, true);

    expect(takeAll(ring)).toEqual([
      { type: 1300, text: 'audit(1.000:1): a', arrivalUs: 1_000_000_000_123, truncated: false },
      { type: 1320, text: '', arrivalUs: 7, truncated: true },
    ]);
    expect(takeAll(ring)).toEqual([]);
    expect(ring.used).toBe(0);
  });

  it('gives no more at once than is asked for', () => {
    const ring = ringAt();
    for (const text of ['a', 'b', 'c']) produce(ring, 1300, text);

    expect(takeAll(ring, 2).map(({ text }) => text)).toEqual(['a', 'b']);
    expect(takeAll(ring, 2).map(({ text }) => text)).toEqual(['c']);
  });

  it('goes on at its beginning when the rest cannot hold the largest record', () => {
    const ring = ringAt(smallestRing - 40);

    produce(ring, 1300, 'behind the wrap');

    expect(takeAll(ring).map(({ text }) => text)).toEqual(['behind the wrap']);
    expect(ring.reserve()?.offset).toBe(32);
  });

  it('goes on at its beginning when the rest cannot even hold a mark', () => {
    const ring = ringAt(smallestRing - 8);

    produce(ring, 1300, 'behind the wrap');

    expect(takeAll(ring).map(({ text }) => text)).toEqual(['behind the wrap']);
  });

  it('does not mind its counters going from 2^31 to -2^31 and from -1 to 0', () => {
    for (const position of [2 ** 31 - 16, 2 ** 32 - 16]) {
      const ring = ringAt(position);
      const texts = Array.from({ length: 30 }, (_, index) => `record ${index}`);
      for (const text of texts) produce(ring, 1300, text);

      expect(takeAll(ring).map(({ text }) => text)).toEqual(texts);
      expect(ring.used).toBe(0);
    }
  });

  it('when full takes nothing until the consumer has taken something', () => {
    const ring = ringAt();
    let produced = 0;
    while (produce(ring, 1300, largest)) produced += 1;

    expect(produced).toBe(Math.floor((smallestRing - auditRecordRoomBytes) / 8992) + 1);
    expect(ring.mark(ringMark.drained, 1)).toBe(false);

    expect(takeAll(ring, 2)).toHaveLength(2);
    expect(produce(ring, 1300, 'again')).toBe(true);
    expect(takeAll(ring).at(-1)?.text).toBe('again');
  });

  it('knows how much it ever held, and how often its producer waited', () => {
    const ring = ringAt();
    produce(ring, 1300, 'x'.repeat(8));
    produce(ring, 1300, 'x'.repeat(9));
    takeAll(ring);
    ring.waitForRoom(1);

    expect(ring.counters()).toEqual({ waits: 1, highWater: 24 + 32 });
  });

  it('carries marks between the records', () => {
    const ring = ringAt();

    produce(ring, 1300, 'before');
    expect(ring.mark(ringMark.drained, 1_000_000_123.5)).toBe(true);
    produce(ring, 1300, 'behind');

    expect(takeAll(ring).map(({ type, text, arrivalUs }) => [type, text, arrivalUs])).toEqual([
      [1300, 'before', 5],
      [ringMark.drained, '', 1_000_000_123.5],
      [1300, 'behind', 5],
    ]);
  });

  it('is refused with a size that is no power of two, or holds too few of the largest records', () => {
    expect(() => createAuditRing(smallestRing / 2)).toThrow(RangeError);
    expect(() => createAuditRing(100_000)).toThrow(RangeError);
  });

  it('gives any records as they went in, wherever it begins and whoever is faster', () => {
    const step = fc.oneof(
      fc.nat({ max: 8970 }).map((bytes) => ({ bytes })),
      fc.integer({ min: 1, max: 6 }).map((take) => ({ take })),
    );
    const position = fc.nat({ max: 0xffff_ffff }).map((any) => (any >>> 3) << 3);
    fc.assert(
      fc.property(position, fc.array(step, { maxLength: 80 }), (start, steps) => {
        const ring = ringAt(start);
        const given: string[] = [];
        const taken: string[] = [];
        const take = (limit: number) => taken.push(...takeAll(ring, limit).map(({ text }) => text));
        steps.forEach((one, index) => {
          if ('take' in one) {
            take(one.take);
            return;
          }
          const text = String.fromCharCode(97 + (index % 26)).repeat(one.bytes);
          while (!produce(ring, 1300, text)) take(1);
          given.push(text);
        });
        take(1000);
        expect(taken).toEqual(given);
      }),
    );
  });
});
