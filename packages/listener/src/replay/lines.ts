/** Lines of a byte stream, as binary strings, with bounded memory. */

import type { BinaryString } from '../events.ts';

/**
 * A line longer than this is handed over cut off, with `whole` false. An audit record has at most 9 KiB, but a line of a
 * --diag file may hold the arguments of a process: 6 MiB (execve(2)), and more where JSON writes a byte as two.
 */
export const maxLineBytes = 16 * 1024 * 1024;

export interface Line {
  readonly text: BinaryString;
  readonly whole: boolean;
}

/** Splits at \n; a \r before it goes too. The last line needs no end. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, maxBytes = maxLineBytes): AsyncGenerator<Line> {
  let rest = '';
  let skipping = false;
  for await (const chunk of chunks) {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    let from = 0;
    for (;;) {
      const end = text.indexOf('\n', from);
      if (end < 0) break;
      const line = rest + text.slice(from, end);
      rest = '';
      from = end + 1;
      if (!skipping) yield line.length > maxBytes ? cutOff(line, maxBytes) : { text: withoutReturn(line), whole: true };
      skipping = false;
    }
    if (skipping) continue;
    rest += text.slice(from);
    if (rest.length > maxBytes) {
      yield cutOff(rest, maxBytes);
      rest = '';
      skipping = true;
    }
  }
  if (rest !== '' && !skipping) yield { text: rest, whole: true };
}

function cutOff(line: BinaryString, maxBytes: number): Line {
  return { text: line.slice(0, maxBytes), whole: false };
}

function withoutReturn(line: BinaryString): BinaryString {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
