/** Up to which serial all that can come has come, or is told to be missing: what a listener that is cut off had by then. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import { decodingFor } from '../support/decoding.ts';
import type { AuditRecord } from '../support/log-records.ts';

const record = (type: number, serial: number): AuditRecord => ({ type, ms: 1000, serial, body: '' });
const begin = (serial: number) => record(recordType.syscall, serial);
const end = (serial: number) => record(recordType.eoe, serial);
const whole = (serial: number) => [begin(serial), end(serial)];
const change = (serial: number) => record(recordType.configChange, serial);

describe('the serial up to which all is settled', () => {
  const decodingOf = (records: readonly AuditRecord[]) => {
    const decoding = decodingFor({ timeoutMs: 2000 });
    decoding.push(records, 0);
    return decoding;
  };
  const serialsOf = ({ progress }: ReturnType<typeof decodingFor>) => [...progress.slice(13)];
  const settledOf = ({ progress }: ReturnType<typeof decodingFor>) => progress[15];

  it('stands beside the first and the highest that came', () => {
    expect(serialsOf(decodingOf([]))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(serialsOf(decodingOf([...whole(7), ...whole(8), begin(9)]))).toEqual([7, 9, 8]);
    expect(serialsOf(decodingOf([begin(0)]))).toEqual([0, 0, 2 ** 32 - 1]);
  });

  it('is that of the last event, where all before it are whole', () => {
    expect(settledOf(decodingOf([...whole(7), ...whole(8)]))).toBe(8);
    expect(settledOf(decodingOf([...whole(2 ** 32 - 1), ...whole(0)]))).toBe(0);
  });

  it('lies before an event that waits for its end', () => {
    const decoding = decodingOf([...whole(1), begin(2), ...whole(3)]);
    expect(settledOf(decoding)).toBe(1);
    decoding.push([end(2)], 10);
    expect(settledOf(decoding)).toBe(3);
  });

  it('lies before a serial that may still come, until that is told to be missing, and does not go back for one that is late', () => {
    const decoding = decodingOf([...whole(1), ...whole(3)]);
    expect([settledOf(decoding), decoding.gaps]).toEqual([1, []]);
    decoding.push([], 2000);
    expect([settledOf(decoding), decoding.gaps]).toEqual([3, [{ from: 2, to: 2, count: 1 }]]);
    decoding.push([begin(2)], 2001);
    expect(settledOf(decoding)).toBe(3);
  });

  it('lies before a record that stood alone, for a while: more may come under its serial, whatever comes before that', () => {
    const decoding = decodingOf([...whole(1), change(2), ...whole(3)]);
    expect(settledOf(decoding)).toBe(1);
    decoding.push(whole(2), 10);
    decoding.push([], 2000);
    expect(settledOf(decoding)).toBe(3);
  });

  it('never lies behind an event that is told later, in whatever order the records come', () => {
    const steps = fc.array(fc.constantFrom(1, 1, 1, 2, 3), { minLength: 1, maxLength: 40 });
    const kinds = fc.array(fc.constantFrom('call', 'call', 'call and change'), { minLength: 40, maxLength: 40 });
    const delays = fc.array(fc.nat({ max: 6 }), { minLength: 120, maxLength: 120 });
    fc.assert(
      fc.property(steps, kinds, delays, fc.integer({ min: 1, max: 7 }), (distances, kind, late, size) => {
        let serial = 4_294_967_280;
        const placed = distances
          .flatMap((step, index) => {
            serial = (serial + step) % 2 ** 32;
            return kind[index] === 'call' ? whole(serial) : [change(serial), ...whole(serial)];
          })
          // The first of each comes in its order: what is late is its rest.
          .map((one, index, all) => ({
            one,
            at: index + (one.serial === all[index - 1]?.serial ? (late[index] ?? 0) : 0),
          }));
        const records = placed.toSorted((a, b) => a.at - b.at).map(({ one }) => one);
        const decoding = decodingFor({ timeoutMs: 2000, keepRecords: true });
        const first = records[0]?.serial ?? 0;
        const distance = (one: number) => (one - first) | 0;
        let settled = Number.NEGATIVE_INFINITY;
        for (let from = 0; from < records.length; from += size) {
          const before = decoding.events.length;
          // So late now and then that what is missing is told.
          decoding.push(records.slice(from, from + size), from * 60);
          for (const event of decoding.events.slice(before)) expect(distance(event.serial)).toBeGreaterThan(settled);
          settled = distance(settledOf(decoding) as number);
          const known = new Set(decoding.events.map((event) => distance(event.serial)));
          for (const gap of decoding.gaps) {
            for (let at = 0; at < gap.count; at += 1) known.add(distance((gap.from + at) % 2 ** 32));
          }
          expect([...known].filter((one) => one <= settled)).toHaveLength(settled + 1);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
