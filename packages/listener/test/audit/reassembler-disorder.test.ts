/**
 * Records as no kernel should send them: dropped, twice, late, out of their order, with clocks that go back and serials that
 * go over 2^32. Each comes out once, and what is missing is told.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzzing, fuzzTimeoutMs } from '../../../evidence/test/support/fuzzing.ts';
import { recordType } from '../../src/audit/record-types.ts';
import type { AuditRecord } from '../support/log-records.ts';
import { reassemblerFor } from '../support/reassembly.ts';

const bodyTypes = [recordType.cwd, recordType.path, recordType.execve, recordType.proctitle, 1399] as const;

/** How a record fares: how often it comes, and how many places too late. */
const fate = fc.record({
  copies: fc.constantFrom(1, 1, 1, 1, 0, 2, 3),
  delay: fc.constantFrom(0, 0, 0, 0, 1, 2, 5, 30),
});

const event = fc.record({
  /** Serials between it and the one before. */
  step: fc.constantFrom(1, 1, 1, 1, 2, 5, 1000),
  ms: fc.constantFrom(1000, 1000, 1001, 999, 0, 4_102_444_800_999),
  types: fc.array(fc.constantFrom(...bodyTypes), { maxLength: 4 }),
  ends: fc.boolean(),
  fates: fc.array(fate, { minLength: 6, maxLength: 6 }),
});

const first = fc.oneof(fc.constantFrom(0, 1, 0xffff_fff0, 0x7fff_fff8), fc.nat({ max: 0xffff_ffff }));

const stream = fc.tuple(first, fc.array(event, { minLength: 1, maxLength: 30 })).map(([start, events]) => {
  let serial = start;
  const placed: { at: number; record: AuditRecord }[] = [];
  for (const { step, ms, types, ends, fates } of events) {
    serial = (serial + step) >>> 0;
    const all = [recordType.syscall, ...types, ...(ends ? [recordType.eoe] : [])];
    all.forEach((type, item) => {
      const { copies, delay } = fates[item] as { copies: number; delay: number };
      const record = { type, ms, serial, body: type === recordType.eoe ? '' : `item=${item}` };
      for (let copy = 0; copy < copies; copy += 1) placed.push({ at: placed.length + delay * (copy + 1), record });
    });
  }
  return placed.toSorted((left, right) => left.at - right.at).map(({ record }) => record);
});

const keyOf = ({ type, ms, serial }: Omit<AuditRecord, 'body'>) => `${serial}.${ms} ${type}`;

/** Missing between the first that came and the highest, which none of them is further than 2^31 from. */
function missingOf(records: readonly AuditRecord[]): number[] {
  const [{ serial: begin } = { serial: 0 }] = records;
  const ahead = new Set(records.map(({ serial }) => (serial - begin) | 0));
  const most = Math.max(...ahead);
  const missing = [];
  for (let distance = 1; distance < most; distance += 1) {
    if (!ahead.has(distance)) missing.push((begin + distance) >>> 0);
  }
  return missing;
}

it(
  'each record comes out once, in an event with others of its stamp or as late, and serials that never came are told',
  () => {
    fc.assert(
      fc.property(stream, fc.constantFrom(1, 3, 16_384), (records, maxOpen) => {
        const decoder = reassemblerFor({ maxOpen });
        decoder.push(records);
        decoder.finish();
        const { events, late, gaps } = decoder;

        const given = records.filter(({ type }) => type !== recordType.eoe);
        const inEvents = events.flatMap((one) => one.records);
        expect([...inEvents, ...late].map(keyOf).toSorted()).toEqual(given.map(keyOf).toSorted());
        for (const one of events) {
          expect(new Set(one.records.map(({ ms, serial }) => `${serial}.${ms}`))).toEqual(
            new Set([`${one.serial}.${one.ms}`]),
          );
          // In the order in which they came.
          let from = 0;
          for (const { type, body } of one.records) {
            const isIt = (record: AuditRecord) =>
              record.serial === one.serial && record.ms === one.ms && record.type === type && record.body === body;
            const at = records.findIndex((record, index) => index >= from && isIt(record));
            expect(at).toBeGreaterThanOrEqual(0);
            from = at + 1;
          }
        }
        const told = gaps.flatMap(({ from, count }) =>
          Array.from({ length: count }, (_, index) => (from + index) >>> 0),
        );
        const toldOnce = new Set(told);
        const missing = new Set(missingOf(records));
        const untold = [...missing].filter((serial) => !toldOnce.has(serial));
        expect(untold).toEqual([]);
        // Of an event whose first record did not come first its serial is told, too.
        const headless = told.filter((serial) => !missing.has(serial));
        expect(toldOnce.size).toBe(told.length);
        for (const serial of headless) {
          expect(records.find((record) => record.serial === serial)?.type).not.toBe(recordType.syscall);
        }
        expect(decoder.open).toBe(0);
      }),
      fuzzing(300),
    );
  },
  fuzzTimeoutMs,
);

it(
  'the same comes out, however the records are cut into batches',
  () => {
    fc.assert(
      fc.property(
        stream,
        fc.constantFrom(1, 3, 16_384),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (records, maxOpen, sizes) => {
          const [whole, parts] = [reassemblerFor({ maxOpen }), reassemblerFor({ maxOpen })];
          whole.push(records);
          for (let from = 0, turn = 0; from < records.length; turn += 1) {
            const size = sizes[turn % sizes.length] as number;
            parts.push(records.slice(from, from + size));
            from += size;
          }
          whole.finish();
          parts.finish();
          expect([parts.events, parts.late, parts.gaps]).toEqual([whole.events, whole.late, whole.gaps]);
        },
      ),
      fuzzing(200),
    );
  },
  fuzzTimeoutMs,
);
