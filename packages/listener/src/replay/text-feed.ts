/** Hands a stream of bytes on in pieces of whole lines, reading ahead while the one before is taken. */

/** Reads at most `length` bytes to `at` in `into`; 0 at the end. */
export type ReadBytes = (into: Uint8Array, at: number, length: number) => Promise<number>;

/**
 * Takes the whole lines of what stands in `text` from `from` up to `to`, and returns how many bytes it took; the rest is
 * given again, with what follows. `last`: nothing follows.
 */
export type TakeText = (text: Uint8Array, from: number, to: number, last: boolean) => Promise<number>;

const chunkBytes = 1024 * 1024;
/** Place before a chunk for the beginning of a line whose end is in it. */
const restBytes = 64 * 1024;

export async function feedText(read: ReadBytes, take: TakeText): Promise<void> {
  let buffer = new Uint8Array(restBytes + chunkBytes);
  let spare = new Uint8Array(restBytes + chunkBytes);
  let rest = new Uint8Array(0);
  for (let reading = read(buffer, restBytes, chunkBytes); ; ) {
    const length = await reading;
    const last = length === 0;
    let text = buffer;
    let from = restBytes - rest.length;
    let to = restBytes + length;
    if (from >= 0) {
      text.set(rest, from);
    } else {
      text = joined(rest, buffer.subarray(restBytes, to));
      from = 0;
      to = text.length;
    }
    // From here on `rest` is not needed: it stands in `text`, and `spare`, where it was, is free.
    if (!last) {
      reading = read(spare, restBytes, chunkBytes);
      // It is awaited only when the text has been taken; until then a failure is not unheard of.
      reading.catch(() => undefined);
    }
    const used = await take(text, from, to, last);
    if (last) return;
    rest = text.subarray(from + used, to);
    [buffer, spare] = [spare, buffer];
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Reads what an iterable of chunks gives: standard input. */
export function readFrom(chunks: AsyncIterable<Uint8Array>): ReadBytes {
  const iterator = chunks[Symbol.asyncIterator]();
  let chunk = new Uint8Array(0) as Uint8Array;
  return async (into, at, length) => {
    while (chunk.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return 0;
      chunk = next.value;
    }
    const part = chunk.subarray(0, length);
    chunk = chunk.subarray(part.length);
    into.set(part, at);
    return part.length;
  };
}
