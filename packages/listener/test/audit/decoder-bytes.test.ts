import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzzing, fuzzTimeoutMs } from '../../../evidence/test/support/fuzzing.ts';
import { diagDecoder, kernelDecoder, logDecoder } from '../../src/audit/audit-decoder.ts';
import { anyBytes, anyLog } from '../support/any-log.ts';
import { type Packet, packed } from '../support/packed-records.ts';
import { Decoding, decodedText } from '../support/sink-calls.ts';

const types = [1006, 1100, 1300, 1302, 1305, 1307, 1309, 1320, 1327, 1329, 1337, 1399, 1000, 2500, 0xffef];
const stamped = fc
  .tuple(fc.nat({ max: 3 }), fc.nat({ max: 12 }), anyBytes({ maxLength: 80 }))
  .map(([ms, serial, body]) => `audit(1.00${ms}:${serial}): ${body}`);
const syscall = fc
  .tuple(fc.nat({ max: 12 }), fc.nat({ max: 440 }), anyBytes({ maxLength: 80 }))
  .map(
    ([serial, number, rest]) => `audit(1.000:${serial}): arch=c000003e syscall=${number} success=yes exit=3 ${rest}`,
  );
const packet: fc.Arbitrary<Packet> = fc.oneof(
  fc.record({
    type: fc.constantFrom(...types),
    payload: fc.oneof(anyBytes({ maxLength: 60 }), stamped),
    truncated: fc.boolean(),
  }),
  fc.record({ type: fc.constant(1300), payload: syscall }),
);
/** Answers to requests (below 1100, but for LOGIN) and the kernel's trial are no records. */
const isRecord = ({ type }: Packet) => (type >= 1100 || type === 1006) && type !== 1329;

describe('no bytes are an exception, and all are counted:', () => {
  it.each([false, true])(
    'records of the kernel (kept: %s)',
    (keepRecords) => {
      fc.assert(
        fc.property(fc.array(packet, { maxLength: 40 }), fc.array(fc.nat({ max: 3_000 })), (packets, waits) => {
          const decoding = new Decoding(kernelDecoder(keepRecords, { maxOpen: 5 }), { keepLines: keepRecords });
          let now = 0;
          packets.forEach((given, index) => {
            now += waits[index] ?? 0;
            const input = packed([given]);
            expect(decoding.records(input, now)).toBe(input.length);
          });
          decoding.finish();

          const given = packets.filter(isRecord);
          const { totals } = decoding;
          // Those without their first record are told as gaps, and no events.
          const headless = decoding.events.filter(
            ({ lines }) => !lines?.some((line) => /^type=(SYSCALL|URINGOP) /.test(line)),
          );
          const lost = keepRecords ? decoding.events.length - totals.events : 0;
          expect(lost).toBeGreaterThanOrEqual(0);
          expect(lost).toBeLessThanOrEqual(Math.min(headless.length, decoding.told('gap').length));
          expect(totals).toEqual({
            records: given.length,
            truncated: given.filter(({ truncated }) => truncated).length,
            bad: decoding.told('bad').length,
            events: totals.events,
          });
          if (!keepRecords) expect(decoding.events.length).toBeLessThanOrEqual(totals.events);
          expect(decoding.open).toBe(0);
        }),
        fuzzing(100),
      );
    },
    fuzzTimeoutMs,
  );

  it(
    'memory that was never packed',
    () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), (input) => {
          const decoding = new Decoding(kernelDecoder(true), { keepLines: true });
          expect(decoding.records(input)).toBeLessThanOrEqual(input.length);
          decoding.finish();
        }),
        fuzzing(100),
      );
    },
    fuzzTimeoutMs,
  );

  it.each([
    ['a log', () => logDecoder('host-1', { maxOpen: 5 })],
    ['a --diag file', () => diagDecoder({ maxOpen: 5 })],
  ])(
    'lines of %s',
    (_, decoder) => {
      fc.assert(
        fc.property(fc.oneof(anyLog, anyBytes({ maxLength: 400 })), (text) => {
          const decoding = decodedText(decoder(), text);
          const lines = text.split('\n').length - (text === '' || text.endsWith('\n') ? 1 : 0);

          expect(decoding.totals).toMatchObject({ records: lines, truncated: 0, bad: decoding.told('bad').length });
          expect(decoding.events.length).toBeLessThanOrEqual(decoding.totals.events);
          expect(decoding.open).toBe(0);
        }),
        fuzzing(100),
      );
    },
    fuzzTimeoutMs,
  );

  it(
    'a run in a log begins before anything is told of it, and ends after all',
    () => {
      fc.assert(
        fc.property(anyLog, (text) => {
          let [run, ended] = [0, false];
          const open = new Set<number>();
          for (const [name, first] of decodedText(logDecoder('host-1'), text).calls) {
            if (name === 'runStart') {
              ({ run } = first as { run: number });
              open.add(run);
            } else if (name === 'run') run = first as number;
            else if (name === 'runEnd') expect(open.delete((first as { run: number }).run)).toBe(true);
            else if (name === 'inputEnd') ended = true;
            else if (name !== 'bad') expect(open).toContain(run);
          }
          expect({ open: open.size, ended }).toEqual({ open: 0, ended: true });
        }),
        fuzzing(100),
      );
    },
    fuzzTimeoutMs,
  );
});
