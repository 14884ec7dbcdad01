import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectorMessages, processEvent, SequenceWatch } from '../../src/stages/connector-message.ts';

describe('a message of the connector', () => {
  it('is read from its 64 bytes, wherever they begin', () => {
    const bytes = Buffer.from(new ArrayBuffer(128)).fill(0xee);
    const words = [processEvent.exit, 3, 4294967295, 0];
    words.forEach((word, index) => {
      bytes.writeUInt32LE(word, 64 + 4 * index);
    });
    bytes.writeBigUInt64LE(123_456_789_012_345n, 64 + 16);
    bytes.writeBigUInt64LE(123_456_789_999_999n, 64 + 24);
    [20, 21, 256, 17, 1, 2].forEach((word, index) => {
      bytes.writeUInt32LE(word, 64 + 32 + 4 * index);
    });
    bytes.writeUInt32LE(1, 64 + 56);
    const messages = new ConnectorMessages(bytes);

    expect({
      what: messages.what(1),
      cpu: messages.cpu(1),
      seq: messages.seq(1),
      monotonicNs: messages.monotonicNs(1),
      data: ([0, 1, 2, 3, 4, 5] as const).map((position) => messages.data(1, position)),
      short: messages.short(1),
    }).toEqual({
      what: 0x8000_0000,
      cpu: 3,
      seq: 4294967295,
      monotonicNs: 123_456_789_012_345n,
      data: [20, 21, 256, 17, 1, 2],
      short: true,
    });
  });
});

describe('the sequence numbers of a CPU', () => {
  it('have no gap as long as they count up by one, across the wrap too', () => {
    const watch = new SequenceWatch();

    expect([4294967294, 4294967295, 0, 1].map((seq) => watch.next(0, seq))).toEqual([null, null, null, null]);
  });

  it('are counted for each CPU apart', () => {
    const watch = new SequenceWatch();

    expect([watch.next(0, 10), watch.next(1, 500), watch.next(0, 11), watch.next(1, 501)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('have a gap with its first and last number', () => {
    const watch = new SequenceWatch();
    watch.next(1, 10);

    expect(watch.next(1, 14)).toEqual({ cpu: 1, from: 11, to: 13, count: 3 });
    expect(watch.next(1, 15)).toBeNull();
  });

  it('may have a gap across the wrap', () => {
    const watch = new SequenceWatch();
    watch.next(0, 4294967294);

    expect(watch.next(0, 2)).toEqual({ cpu: 0, from: 4294967295, to: 1, count: 3 });
  });

  it('tell of exactly those that are missing', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffff_ffff }), fc.array(fc.boolean(), { maxLength: 60 }), (first, kept) => {
        const watch = new SequenceWatch();
        watch.next(0, first);
        const missing: number[] = [];
        let told = 0;
        [...kept, true].forEach((keep, index) => {
          const seq = (first + 1 + index) >>> 0;
          if (!keep) missing.push(seq);
          else told += watch.next(0, seq)?.count ?? 0;
        });
        expect(told).toBe(missing.length);
      }),
    );
  });
});
