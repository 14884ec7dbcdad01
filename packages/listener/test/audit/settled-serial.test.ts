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
  const settledOf = ({ progress }: ReturnType<typeof decodingFor>) => progress[14];

  it('is that of the last event, where all before it are whole', () => {
    expect(settledOf(decodingOf([]))).toBeNaN();
    expect(settledOf(decodingOf([...whole(7), ...whole(8)]))).toBe(8);
    expect(settledOf(decodingOf([...whole(2 ** 32 - 1), ...whole(0)]))).toBe(0);
  });

  it('stands beside the first one that came', () => {
    const decoding = decodingOf([]);
    expect(decoding.progress[13]).toBeNaN();
    decoding.push([change(7), begin(8)], 0);
    expect(decoding.progress[13]).toBe(7);
  });

  it('cannot be told while an event waits for its end', () => {
    const decoding = decodingOf([...whole(1), begin(2), ...whole(3)]);
    expect(settledOf(decoding)).toBeNaN();
    decoding.push([end(2)], 10);
    expect(settledOf(decoding)).toBe(3);
  });

  it('cannot be told while a serial may still come, and can when that is told to be missing', () => {
    const decoding = decodingOf([...whole(1), ...whole(3)]);
    expect([settledOf(decoding), decoding.gaps]).toEqual([Number.NaN, []]);
    decoding.push([], 2000);
    expect([settledOf(decoding), decoding.gaps]).toEqual([3, [{ from: 2, to: 2, count: 1 }]]);
  });

  it('is the one before, where more may come under that of a record that stood alone', () => {
    const decoding = decodingOf([...whole(1), change(2)]);
    expect(settledOf(decoding)).toBe(1);
    decoding.push(whole(2), 10);
    expect(settledOf(decoding)).toBe(2);
  });

  it('never lies behind an event that is told later, in whatever order the records come', () => {
    const serials = fc.array(fc.constantFrom(1, 1, 1, 2, 3), { minLength: 1, maxLength: 40 });
    const delays = fc.array(fc.nat({ max: 6 }), { minLength: 80, maxLength: 80 });
    fc.assert(
      fc.property(serials, delays, fc.integer({ min: 1, max: 7 }), (steps, late, size) => {
        let serial = 4_294_967_280;
        const placed = steps
          .flatMap((step) => {
            serial = (serial + step) % 2 ** 32;
            return whole(serial);
          })
          .map((one, index) => ({ one, at: index + (one.type === recordType.eoe ? (late[index] ?? 0) : 0) }));
        const records = placed.toSorted((a, b) => a.at - b.at).map(({ one }) => one);
        const decoding = decodingFor({ timeoutMs: 2000, keepRecords: true });
        const first = records[0]?.serial ?? 0;
        const distance = (one: number) => (one - first) | 0;
        let settled = Number.NEGATIVE_INFINITY;
        for (let from = 0; from < records.length; from += size) {
          const before = decoding.events.length;
          // Every other time so late that what is missing is told.
          decoding.push(records.slice(from, from + size), from * 1000);
          for (const event of decoding.events.slice(before)) expect(distance(event.serial)).toBeGreaterThan(settled);
          const told = settledOf(decoding) as number;
          if (Number.isNaN(told)) continue;
          settled = distance(told);
          const known = new Set(decoding.events.map((event) => event.serial));
          for (const gap of decoding.gaps) {
            for (let at = 0; at < gap.count; at += 1) known.add((gap.from + at) % 2 ** 32);
          }
          expect(known.size).toBe(settled + 1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
