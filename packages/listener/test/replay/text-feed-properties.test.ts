import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feedText, type ReadBytes, readFrom } from '../../src/replay/text-feed.ts';

const bytesOf = (text: string) => Buffer.from(text, 'latin1');
const line = fc.oneof(
  { weight: 9, arbitrary: fc.string({ maxLength: 40 }).map((text) => text.replaceAll('\n', ' ')) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 150_000 }).map((length) => 'x'.repeat(length)) },
);
const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'));
/** Parts of a hundred of the text. */
const parts = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 10 });
const sizesOf = (given: string, of: readonly number[]) => of.map((part) => Math.ceil((part * given.length) / 100) || 1);

/** Takes whole lines of what it is given, at most so many bytes of them, some time later. */
function takingLines(most: readonly number[]) {
  const taken: string[] = [];
  let calls = 0;
  const take = async (given: Uint8Array, from: number, to: number, last: boolean): Promise<number> => {
    const bound = Math.min(to, from + (most[calls % most.length] ?? 1));
    calls += 1;
    const feed = given.lastIndexOf(10, bound - 1);
    const end = last ? to : feed >= from ? feed + 1 : from;
    await new Promise((resolve) => setImmediate(resolve));
    // What was read ahead meanwhile must not stand where this is.
    taken.push(Buffer.from(given.subarray(from, end)).toString('latin1'));
    return end - from;
  };
  return { take, taken };
}

describe('a stream of bytes', () => {
  it('comes whole and in order, in whatever pieces it is read and taken', async () => {
    await fc.assert(
      fc.asyncProperty(text, parts, parts, async (given, readParts, takeParts) => {
        const reads = sizesOf(given, readParts);
        const whole = bytesOf(given);
        let [from, calls] = [0, 0];
        const read: ReadBytes = async (into, at, length) => {
          const part = whole.subarray(from, from + Math.min(length, reads[calls++ % reads.length] ?? 1));
          await new Promise((resolve) => setImmediate(resolve));
          from += part.length;
          into.set(part, at);
          return part.length;
        };
        const { take, taken } = takingLines(sizesOf(given, takeParts));
        await feedText(read, take);

        expect(taken.join('')).toBe(given);
      }),
      { numRuns: 60 },
    );
  });

  it('may be chunks of any size, also empty ones', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat({ max: 1000 }), { maxLength: 6 }), async (given, cuts) => {
        const places = [0, ...cuts.map((cut) => (cut * given.length) / 1000).toSorted((a, b) => a - b), given.length];
        async function* chunks() {
          for (const [index, from] of places.entries()) yield bytesOf(given.slice(from, places[index + 1] ?? from));
        }
        const { take, taken } = takingLines([Number.MAX_SAFE_INTEGER]);
        await feedText(readFrom(chunks()), take);

        expect(taken.join('')).toBe(given);
      }),
      { numRuns: 60 },
    );
  });

  it('that cannot be read any more says so to who waits for it', async () => {
    let calls = 0;
    const read: ReadBytes = async (into, at) => {
      if (calls++ > 0) throw new Error('the disk is gone');
      into.set(bytesOf('a\n'), at);
      return 2;
    };
    const taken: string[] = [];

    await expect(
      feedText(read, async (given, from, to) => {
        taken.push(Buffer.from(given.subarray(from, to)).toString('latin1'));
        return to - from;
      }),
    ).rejects.toThrow('the disk is gone');
    expect(taken).toEqual(['a\n']);
  });
});
