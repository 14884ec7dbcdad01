/**
 * What libFuzzer found that reaches each place of the decoders (native/fuzz/corpus), through the addon's door: nothing throws,
 * a text tells the same however it is cut, and each line or record is told as an event's, as late or as bad.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { diagDecoder, kernelDecoder, logDecoder } from '../../src/audit/audit-decoder.ts';
import { type Packet, packed } from '../support/packed-records.ts';
import { Decoding, decodedRecords, decodedText } from '../support/sink-calls.ts';

const corpus = fileURLToPath(new URL('../../../../native/fuzz/corpus/', import.meta.url));

interface Input {
  readonly name: string;
  readonly keepRecords: boolean;
  /** The bytes are packed records themselves. */
  readonly isPacked: boolean;
  readonly options: { readonly maxOpen: number; readonly mostLineBytes: number };
  readonly pieceBytes: number;
  readonly text: Buffer;
}

/** As decoder-fuzz.cc reads it: the first byte says how, the second how it is cut. */
function inputsOf(target: string): Input[] {
  const folder = join(corpus, target);
  const names = readdirSync(folder);
  expect(names.length).toBeGreaterThan(20);
  return names.map((name) => {
    const bytes = readFileSync(join(folder, name));
    const [first = 0, cut = 0] = bytes;
    const how = first >> 3;
    return {
      name,
      keepRecords: (how & 2) !== 0,
      isPacked: (how & 4) !== 0,
      options: { maxOpen: (how & 1) !== 0 ? 3 : 16_384, mostLineBytes: (how & 4) !== 0 ? 200 : 16 * 1024 * 1024 },
      pieceBytes: cut < 8 ? bytes.length : cut * 5,
      text: bytes.subarray(2),
    };
  });
}

function linesOf(text: Buffer): string[] {
  const lines = text.toString('latin1').split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function inPieces(decoding: Decoding, { text, pieceBytes }: Input): Decoding {
  for (let from = 0; from < text.length; from += pieceBytes) decoding.text(text.subarray(from, from + pieceBytes));
  decoding.finish();
  return decoding;
}

/** Lines or records that came out. */
function outOf(decoding: Decoding): number {
  const kept = decoding.events.reduce((sum, { lines = [] }) => sum + lines.length, 0);
  return kept + (['bad', 'late', 'diagLine'] as const).reduce((sum, name) => sum + decoding.told(name).length, 0);
}

describe('an input of the corpus', () => {
  it('of logs', () => {
    for (const input of inputsOf('log')) {
      const whole = decodedText(logDecoder('host-1', input.options), input.text);
      const pieces = inPieces(new Decoding(logDecoder('host-1', input.options)), input);

      expect(pieces.calls, input.name).toEqual(whole.calls);
      expect(whole.totals.records, input.name).toBe(linesOf(input.text).length);
      expect(whole.totals.bad, input.name).toBe(whole.told('bad').length);
      const ofRuns = (whole.told('runEnd') as { events: number }[]).reduce((sum, { events }) => sum + events, 0);
      expect(whole.totals.events, input.name).toBe(ofRuns);
      expect(whole.open).toBe(0);
    }
  });

  it('of --diag files', () => {
    for (const input of inputsOf('diag')) {
      const keepLines = input.keepRecords;
      const decoder = () => diagDecoder({ ...input.options, keepRecords: input.keepRecords });
      const whole = decodedText(decoder(), input.text, { keepLines });
      const pieces = inPieces(new Decoding(decoder(), { keepLines }), input);

      expect(pieces.calls, input.name).toEqual(whole.calls);
      const lines = linesOf(input.text);
      expect(whole.totals.records, input.name).toBe(lines.length);
      expect(whole.open).toBe(0);
      if (!keepLines) continue;
      // The end of an event tells nothing, also where it stands alone.
      const alone = lines.map((line) => decodedText(decoder(), `${line}\n`, { keepLines }));
      const ends = alone.filter((one) => outOf(one) === 0).length;
      expect(outOf(whole) + ends, input.name).toBe(lines.length);
    }
  });

  it("of the kernel's records", () => {
    for (const input of inputsOf('records')) {
      const decoder = () => kernelDecoder(input.keepRecords, { maxOpen: input.options.maxOpen });
      const keepLines = input.keepRecords;
      if (input.isPacked) {
        const whole = decodedRecords(decoder(), input.text, { keepLines });
        expect(whole.totals.bad, input.name).toBe(whole.told('bad').length);
        expect(whole.open).toBe(0);
        continue;
      }
      const packets = packetsOf(input.text);
      const whole = decodedRecords(decoder(), packed(packets), { keepLines });
      expect(whole.open).toBe(0);
      if (!keepLines) continue;
      const alone = packets.map((packet) => decodedRecords(decoder(), packed([packet]), { keepLines }));
      const ends = alone.filter((one) => one.totals.records > 0 && outOf(one) === 0).length;
      expect(outOf(whole) + ends, input.name).toBe(whole.totals.records);
      // One whose first record never came is told, and counted as a gap.
      const headless = whole.events.length - whole.totals.events;
      expect(headless, input.name).toBeGreaterThanOrEqual(0);
      expect(headless, input.name).toBeLessThanOrEqual(whole.told('gap').length);
    }
  });
});

/** Lines `TYPE PAYLOAD`, of which the type is two bytes. */
function packetsOf(text: Buffer): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at + 2 < text.length; ) {
    const feed = text.indexOf('\n', at + 2);
    const end = feed < 0 ? text.length : feed;
    const [type, truncated] = [1300 + ((text[at] as number) % 40), ((text[at + 1] as number) & 1) !== 0];
    packets.push({ type, payload: text.toString('latin1', at + 2, end), truncated });
    at = end + 1;
  }
  return packets;
}
