import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BinaryString } from '../../src/events.ts';
import { decodingFor } from '../support/decoding.ts';
import { type AuditRecord, lineOf, recordOf } from '../support/log-records.ts';
import { replayPieces } from '../support/replaying.ts';

const bytes = (constraints?: fc.IntArrayConstraints): fc.Arbitrary<BinaryString> =>
  fc.uint8Array(constraints).map((array) => Buffer.from(array).toString('latin1'));

/** Bodies as the kernel writes them: no blanks at the ends, no line ends. */
const body = bytes({ maxLength: 200 }).map((text) => text.replace(/[\0-\x20]/g, ' ').trim());
const type = fc.constantFrom(1300, 1302, 1307, 1309, 1327, 1337, 1399);

describe('arbitrary bytes', () => {
  it('are a record or bad, each once, and never an exception', () => {
    const stamped = fc.tuple(bytes(), bytes()).map(([a, b]) => `audit(${a}): ${b}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes(), stamped), { maxLength: 5 }), (payloads) => {
        const decoding = decodingFor();
        decoding.pushPackets(payloads.map((payload) => ({ type: 1300, payload })));
        decoding.finish();

        expect(decoding.totals.records).toBe(payloads.length);
        expect(decoding.totals.bad).toBe(decoding.bad.length);
      }),
    );
  });

  it('are lines that can be read or that are told as bad, cut wherever they are cut', async () => {
    const typed = fc.tuple(bytes(), bytes()).map(([a, b]) => `type=${a} msg=audit(1.000:2): ${b}`);
    const noded = fc.tuple(bytes(), bytes()).map(([a, b]) => `node=${a} type=CWD msg=${b}`);
    const text = fc.array(fc.oneof(bytes(), typed, noded), { maxLength: 6 }).map((lines) => lines.join('\n'));
    await fc.assert(
      fc.asyncProperty(text, fc.nat({ max: 20 }), async (given, size) => {
        const at = 1 + size;
        const chunks = Array.from({ length: Math.ceil(given.length / at) }, (_, index) =>
          given.slice(index * at, (index + 1) * at),
        );

        expect(await replayPieces(chunks)).toEqual(await replayPieces([given]));
      }),
    );
  });
});

describe('a record', () => {
  const record = fc.record({ type, ms: fc.nat({ max: 4102444800999 }), serial: fc.nat({ max: 0xffff_ffff }), body });

  it('is kept for a --diag file as it came, as a line', () => {
    fc.assert(
      fc.property(record, (given: AuditRecord) => {
        const decoding = decodingFor({ keepRecords: true });
        decoding.push([given]);
        decoding.finish();

        expect(decoding.events.flatMap(({ lines }) => lines ?? [])).toEqual([lineOf(given)]);
        expect(recordOf(lineOf(given))).toEqual(given);
      }),
    );
  });
});
