import { describe, expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import { decodingFor } from '../support/decoding.ts';
import type { AuditRecord } from '../support/log-records.ts';

const { syscall, cwd, path, execve, eoe, openat2 } = recordType;
const record = (type: number, serial: number, body = ''): AuditRecord => ({ type, ms: 1000, serial, body });

/** Of x86-64: 1 is write, 2 open, 59 execve, 437 openat2. */
function call(serial: number, number: number, items: number, success = 'yes'): AuditRecord {
  const head = `arch=c000003e syscall=${number} success=${success} exit=3 a0=1 a1=241 a2=180 a3=0`;
  return record(syscall, serial, `${head} items=${items} ppid=1 pid=2 comm="sh" exe="/bin/sh" key="godo"`);
}
const wholeOpen = (serial: number) => [
  call(serial, 2, 2),
  record(cwd, serial, 'cwd="/"'),
  record(path, serial, 'item=0 name="/" nametype=PARENT'),
  record(path, serial, 'item=1 name="/f" nametype=CREATE'),
  record(eoe, serial),
];
const wholeWrite = (serial: number) => [call(serial, 1, 0), record(eoe, serial)];

/** What of these records is missing, two seconds later. */
function accountOf(records: readonly AuditRecord[]) {
  const decoding = decodingFor({ timeoutMs: 2000 });
  const counted = [0, 0];
  const count = () => {
    for (const at of [11, 12] as const) counted[at - 11] = (counted[at - 11] ?? 0) + (decoding.progress[at] ?? 0);
  };
  decoding.push(records, 0);
  count();
  decoding.push([], 2000);
  count();
  decoding.finish();
  count();
  const [incomplete, missing] = counted;
  return { events: decoding.totals.events, incomplete, missing, gaps: decoding.gaps };
}

describe('of an event', () => {
  it('whose records all came none is missing', () => {
    const records = [...wholeOpen(1), ...wholeWrite(2)];

    expect(accountOf(records)).toEqual({ events: 2, incomplete: 0, missing: 0, gaps: [] });
  });

  it.each([
    ['a PATH', wholeOpen(2).toSpliced(3, 1), 1],
    ['its working directory', wholeOpen(2).toSpliced(1, 1), 1],
    ['its end', wholeOpen(2).toSpliced(4, 1), 1],
    ['all but the first', wholeOpen(2).slice(0, 1), 4],
    ['its arguments', [call(2, 59, 0), record(eoe, 2)], 1],
    ['how it opened', [call(2, 437, 0), record(eoe, 2)], 1],
  ])('%s may be missing, and is counted', (_, records, missing) => {
    const all = [...wholeWrite(1), ...records, ...wholeWrite(3)];

    expect(accountOf(all)).toEqual({ events: 3, incomplete: 1, missing, gaps: [] });
  });

  it.each([
    [
      'that failed neither arguments nor how it opened are awaited',
      [call(2, 59, 0, 'no'), record(eoe, 2), call(3, 437, 0, 'no'), record(eoe, 3)],
    ],
    ['that nobody asked for, which is whole, none is missing', [call(2, 39, 0), record(eoe, 2), ...wholeWrite(3)]],
    [
      'of which more came than were announced, none is missing',
      [
        call(2, 59, 0),
        record(execve, 2, 'argc=0'),
        record(1327, 2),
        record(eoe, 2),
        call(3, 437, 0),
        record(openat2, 3, 'oflag=0'),
        record(eoe, 3),
      ],
    ],
  ])('%s', (_, records) => {
    expect(accountOf(records)).toEqual({ events: 2, incomplete: 0, missing: 0, gaps: [] });
  });

  it.each([
    ['but its end', [record(eoe, 2)]],
    ['but what follows the first record', wholeOpen(2).slice(1)],
    ['but that, and no end', wholeOpen(2).slice(1, 3)],
  ])('nothing came %s: it is as lost as one of which nothing came', (_, records) => {
    const all = [...wholeWrite(1), ...records, ...wholeWrite(3)];

    expect(accountOf(all)).toEqual({ events: 2, incomplete: 0, missing: 0, gaps: [{ from: 2, to: 2, count: 1 }] });
  });

  it('in the middle of which the input began nothing is said to be lost', () => {
    expect(accountOf([...wholeOpen(1).slice(2), ...wholeWrite(2)])).toMatchObject({
      incomplete: 0,
      missing: 0,
      gaps: [],
    });
    expect(accountOf([record(eoe, 1), ...wholeWrite(2)])).toMatchObject({ incomplete: 0, missing: 0, gaps: [] });
  });

  it('that had to go too early no record is known to be missing, of one that the input ended in all that did not come', () => {
    const decoding = decodingFor({ maxOpen: 1 });
    decoding.push([call(1, 2, 2), call(2, 2, 2)]);
    const crowded = [decoding.progress[11], decoding.progress[12]];
    decoding.finish();

    expect([crowded, [decoding.progress[11], decoding.progress[12]]]).toEqual([
      [0, 0],
      [1, 4],
    ]);
  });

  it('that was told as a gap before, its end is not told again', () => {
    const decoding = decodingFor({ timeoutMs: 2000 });
    decoding.push([...wholeWrite(1), ...wholeWrite(3)], 0);
    decoding.push([], 2000);
    decoding.push([record(eoe, 2)], 2001);
    decoding.finish();

    expect(decoding.gaps).toEqual([{ from: 2, to: 2, count: 1 }]);
  });
});
