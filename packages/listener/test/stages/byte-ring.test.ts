import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteRing, createByteRing } from '../../src/stages/byte-ring.ts';

const size = 65_536;
const least = 9_008;

/** A ring whose counters begin at `position`, a multiple of 8. */
function ringAt(position = 0): ByteRing {
  const memory = createByteRing(size);
  const control = new Int32Array(memory.control);
  control[0] = position | 0;
  control[1] = position | 0;
  return new ByteRing(memory);
}

/** Puts a text in 8-byte words: its length, then itself. False when there is no room. */
function put(ring: ByteRing, text: string): boolean {
  const span = ring.reserve(least);
  if (span === null) return false;
  if (span.length < least || span.offset + span.length > size) throw new Error('not the room that was asked for');
  const bytes = 8 + Math.ceil(text.length / 8) * 8;
  ring.view.setUint32(span.offset, text.length, true);
  ring.memory.set(Buffer.from(text, 'latin1'), span.offset + 8);
  ring.commit(bytes);
  return true;
}

function take(ring: ByteRing, limit = 1_000_000): string[] {
  const taken: string[] = [];
  for (let span = ring.readable(); span !== null && taken.length < limit; span = ring.readable()) {
    let used = 0;
    while (used < span.length && taken.length < limit) {
      const at = span.offset + used;
      const length = ring.view.getUint32(at, true);
      taken.push(Buffer.from(ring.memory.slice(at + 8, at + 8 + length)).toString('latin1'));
      used += 8 + Math.ceil(length / 8) * 8;
    }
    ring.release(used);
  }
  return taken;
}

describe('a ring of bytes', () => {
  it('gives what was put into it in order, once', () => {
    const ring = ringAt();

    put(ring, 'one');
    put(ring, '');

    expect(take(ring)).toEqual(['one', '']);
    expect(take(ring)).toEqual([]);
    expect(ring.used).toBe(0);
  });

  it('keeps what the consumer has not released', () => {
    const ring = ringAt();
    for (const text of ['a', 'b', 'c']) put(ring, text);

    expect(take(ring, 2)).toEqual(['a', 'b']);
    expect(take(ring, 2)).toEqual(['c']);
  });

  it('goes on at its beginning when the rest of the memory is too small', () => {
    const ring = ringAt(size - 40);

    put(ring, 'behind the wrap');

    expect(ring.readable()).toEqual({ offset: 0, length: 24 });
    expect(take(ring)).toEqual(['behind the wrap']);
  });

  it('begins at its beginning again when nothing waits', () => {
    const ring = ringAt(40_000);

    expect(ring.reserve(least)).toEqual({ offset: 0, length: 40_000 });
  });

  it('does not leave out what is too little to be worth it, nor more than the beginning can make up for', () => {
    expect(ringAt(4_000).reserve(least)).toEqual({ offset: 4_000, length: size - 4_000 });
    expect(ringAt(8_000).reserve(least)).toEqual({ offset: 8_000, length: size - 8_000 });
  });

  it('does not mind its counters going from 2^31 to -2^31 and from -1 to 0', () => {
    for (const position of [2 ** 31 - 16, 2 ** 32 - 16]) {
      const ring = ringAt(position);
      const texts = Array.from({ length: 30 }, (_, index) => `record ${index}`);
      for (const text of texts) put(ring, text);

      expect(take(ring)).toEqual(texts);
      expect(ring.used).toBe(0);
    }
  });

  it('when full takes nothing until the consumer has taken something', () => {
    const ring = ringAt();
    const large = 'x'.repeat(9_000);
    let count = 0;
    while (put(ring, large)) count += 1;

    expect(count).toBe(Math.floor(size / 9_008));
    expect(take(ring, 2)).toHaveLength(2);
    expect(put(ring, 'again')).toBe(true);
    expect(take(ring).at(-1)).toBe('again');
  });

  it('knows how much it ever held, and how often its producer waited', () => {
    const ring = ringAt();
    put(ring, 'x'.repeat(8));
    put(ring, 'x'.repeat(9));
    take(ring);
    ring.waitForRoom(1);

    expect(ring.counters()).toEqual({ waits: 1, highWater: 16 + 24 });
  });

  it('is refused with a size that is no power of two, or too small', () => {
    expect(() => createByteRing(size / 2)).toThrow(RangeError);
    expect(() => createByteRing(100_000)).toThrow(RangeError);
  });

  it('gives anything as it went in, wherever it begins and whoever is faster', () => {
    const step = fc.oneof(
      fc.nat({ max: 9_000 }).map((bytes) => ({ bytes })),
      fc.integer({ min: 1, max: 6 }).map((count) => ({ count })),
    );
    const position = fc.nat({ max: 0xffff_ffff }).map((any) => (any >>> 3) << 3);
    fc.assert(
      fc.property(position, fc.array(step, { maxLength: 80 }), (start, steps) => {
        const ring = ringAt(start);
        const given: string[] = [];
        const taken: string[] = [];
        steps.forEach((one, index) => {
          if ('count' in one) {
            taken.push(...take(ring, one.count));
            return;
          }
          const text = String.fromCharCode(97 + (index % 26)).repeat(one.bytes);
          while (!put(ring, text)) taken.push(...take(ring, 1));
          given.push(text);
        });
        taken.push(...take(ring));
        expect(taken).toEqual(given);
      }),
    );
  });
});
