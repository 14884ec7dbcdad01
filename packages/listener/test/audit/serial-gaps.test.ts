import { describe, expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import { reassemblerFor } from '../support/reassembly.ts';

/** A record that is a whole event. */
const whole = (serial: number) => ({ type: recordType.login, ms: 1000, serial, body: '' });

/** The gaps reported once everything has come that comes. */
function gapsOf(serials: readonly number[]): [number, number, number][] {
  const decoder = reassemblerFor();
  decoder.push(serials.map(whole));
  decoder.finish();
  return decoder.gaps.map(({ from, to, count }) => [from, to, count]);
}

describe('a gap in the serials', () => {
  it('is told with its first and last serial', () => {
    expect(gapsOf([10, 11, 15, 16, 18])).toEqual([
      [12, 14, 3],
      [17, 17, 1],
    ]);
  });

  it('is none before the first record that was seen, or where serials come twice or out of order', () => {
    expect(gapsOf([4711, 4712, 4712, 4714, 4713, 4700])).toEqual([]);
  });

  it('shrinks at either end when a serial of it comes late', () => {
    expect(gapsOf([10, 15, 11])).toEqual([[12, 14, 3]]);
    expect(gapsOf([10, 15, 14])).toEqual([[11, 13, 3]]);
  });

  it('splits when a serial from its middle comes late', () => {
    expect(gapsOf([10, 20, 15])).toEqual([
      [11, 14, 4],
      [16, 19, 4],
    ]);
  });

  it('is told only after the time limit, and once', () => {
    const decoder = reassemblerFor({ timeoutMs: 2000 });

    decoder.push([whole(1), whole(3)], 1000);
    decoder.expire(2999);
    expect(decoder.gaps).toEqual([]);

    decoder.expire(3000);
    decoder.expire(9000);
    decoder.finish();
    expect(decoder.gaps).toEqual([{ from: 2, to: 2, count: 1 }]);
  });

  it('may lie across the wrap of the serial at 2^32', () => {
    expect(gapsOf([4294967294, 4294967295, 0, 1])).toEqual([]);
    expect(gapsOf([4294967294, 2])).toEqual([[4294967295, 1, 3]]);
    expect(gapsOf([4294967294, 2, 0])).toEqual([
      [4294967295, 4294967295, 1],
      [1, 1, 1],
    ]);
  });

  it('is not made by the records that auditd numbers itself', () => {
    const decoder = reassemblerFor();

    decoder.push([whole(500), { type: 1200, ms: 1000, serial: 6194, body: 'op=start' }, whole(501)]);
    decoder.finish();

    expect(decoder.gaps).toEqual([]);
  });

  it('is not looked for where the input is no continuous stream', () => {
    const decoder = reassemblerFor({ watchSerials: false });

    decoder.push([whole(1), whole(1000)]);
    decoder.finish();

    expect(decoder.gaps).toEqual([]);
  });
});
