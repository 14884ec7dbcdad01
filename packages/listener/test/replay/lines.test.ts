import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Line, linesOf, maxLineBytes } from '../../src/replay/lines.ts';

type Chunks = readonly (string | Uint8Array)[];

const linesFrom = (...chunks: Chunks): Promise<Line[]> => linesUpTo(maxLineBytes, ...chunks);

async function linesUpTo(maxBytes: number, ...chunks: Chunks): Promise<Line[]> {
  async function* stream() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
  }
  const lines: Line[] = [];
  for await (const line of linesOf(stream(), maxBytes)) lines.push(line);
  return lines;
}

const whole = (...texts: string[]) => texts.map((text) => ({ text, whole: true }));

describe('the lines of a stream', () => {
  it('end at line feeds, with or without a carriage return before them', async () => {
    expect(await linesFrom('a\nb\r\n\nc\r\r\n')).toEqual(whole('a', 'b', '', 'c\r'));
  });

  it('need no end of the last one', async () => {
    expect(await linesFrom('a\nb')).toEqual(whole('a', 'b'));
  });

  it('are none in an empty stream', async () => {
    expect(await linesFrom()).toEqual([]);
    expect(await linesFrom('', '')).toEqual([]);
  });

  it('may be cut anywhere by the chunks', async () => {
    expect(await linesFrom('a', 'b\r', '\nc', '\n', 'd')).toEqual(whole('ab', 'c', 'd'));
  });

  it('keep every byte, NUL and those that are not UTF-8 too', async () => {
    expect(await linesFrom(Buffer.from([0, 0xff, 0xc3, 0xa9, 0x1d, 10, 0]))).toEqual(whole('\0\xff\xc3\xa9\x1d', '\0'));
  });

  it('may be of several megabytes, as the arguments of a process may be', async () => {
    const long = 'x'.repeat(2 * 1024 * 1024);

    expect(await linesFrom(long, `${long}\nb`)).toEqual(whole(long + long, 'b'));
  });

  it('that are too long are handed over cut off, and the next line is whole again', async () => {
    expect(await linesUpTo(4, 'abcd\nabcde', 'fgh\nb\n')).toEqual([
      { text: 'abcd', whole: true },
      { text: 'abcd', whole: false },
      { text: 'b', whole: true },
    ]);
  });

  it('that are too long are cut off wherever the chunks end', async () => {
    const cut = { text: 'abcd', whole: false };
    const next = { text: 'b', whole: true };

    expect(await linesUpTo(4, 'abcdef\nb')).toEqual([cut, next]);
    expect(await linesUpTo(4, 'ab', 'cd', 'ef', '\nb')).toEqual([cut, next]);
    expect(await linesUpTo(4, 'abcdef', 'abcdef', '\nb')).toEqual([cut, next]);
    expect(await linesUpTo(4, 'abcdef')).toEqual([cut]);
  });

  it('may be of any bytes in any chunks', async () => {
    const text = fc.array(fc.constantFrom('a', '\xff', '\0', '\n', '\r')).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(text), async (chunks) => {
        const expected = chunks.join('').split('\n');
        const last = expected.pop() ?? '';
        const ended = expected.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
        expect(await linesFrom(...chunks)).toEqual(whole(...ended, ...(last === '' ? [] : [last])));
      }),
    );
  });
});
