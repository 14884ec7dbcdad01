import { describe, expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import { decodingFor } from '../support/decoding.ts';
import type { AuditRecord } from '../support/log-records.ts';

const { syscall, cwd, path, execve, eoe, openat2, fdPair, mmap, uringOp } = recordType;
const record = (type: number, serial: number, body = ''): AuditRecord => ({ type, ms: 1000, serial, body });

/** Of x86-64: 1 is write, 2 open, 9 mmap, 22 pipe, 59 execve, 91 fchmod, 240 mq_open, 437 openat2. `a3`: flags of mmap. */
function call(serial: number, number: number, items: number, success = 'yes', a3 = '0'): AuditRecord {
  const head = `arch=c000003e syscall=${number} success=${success} exit=3 a0=1 a1=241 a2=180 a3=${a3}`;
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

/** 18: openat. Its PATH records have no names. */
const uringOpen = (serial: number) => [
  record(uringOp, serial, 'uring_op=18 success=yes exit=0 items=1 ppid=1 pid=2 uid=0 gid=0 key="godo"'),
  record(cwd, serial, 'cwd="/"'),
  record(path, serial, 'item=0 name=(null) inode=5 dev=fe:00 mode=0100644 nametype=NORMAL'),
  record(eoe, serial),
];
const openedHow = (serial: number) => [call(serial, 437, 0), record(openat2, serial, 'oflag=0'), record(eoe, serial)];

/** What of these records is missing, two seconds later. It is the same whether they are kept or not. */
function accountOf(records: readonly AuditRecord[]) {
  const [account, kept] = [false, true].map((keepRecords) => countedOf(records, keepRecords));
  expect(kept).toEqual(account);
  return account;
}

function countedOf(records: readonly AuditRecord[], keepRecords: boolean) {
  const decoding = decodingFor({ timeoutMs: 2000, keepRecords });
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
    ['both descriptors of a pipe', [call(2, 22, 0), record(eoe, 2)], 1],
    ['the descriptor of a mapping', [call(2, 9, 0, 'yes', '1'), record(eoe, 2)], 1],
    ['all but the first, though it failed', [call(2, 2, 2, 'no'), record(eoe, 2)], 3],
    ['a PATH of what io_uring did', uringOpen(2).toSpliced(2, 1), 1],
    ['the working directory of what io_uring did', uringOpen(2).toSpliced(1, 1), 1],
    ['a PATH of what io_uring_enter did', [...uringOpen(2).slice(0, 3), call(2, 426, 2), record(eoe, 2)], 1],
    ['all names, though nobody asked for it', [call(2, 4, 1), record(cwd, 2, 'cwd="/"'), record(eoe, 2)], 1],
    [
      'the working directory, though nobody asked for it',
      [call(2, 4, 1), record(path, 2, 'item=0 name="f" nametype=NORMAL'), record(eoe, 2)],
      1,
    ],
  ])('%s may be missing, and is counted', (_, records, missing) => {
    const all = [...wholeWrite(1), ...records, ...wholeWrite(3)];

    expect(accountOf(all)).toEqual({ events: 3, incomplete: 1, missing, gaps: [] });
  });

  it('how it opened is awaited where that is told at all: before Linux 5.16 it is not', () => {
    const untold = [call(2, 437, 0), record(eoe, 2)];

    expect(accountOf([...wholeWrite(1), ...untold, ...wholeWrite(3)])).toMatchObject({ incomplete: 0, missing: 0 });
    expect(accountOf([...openedHow(1), ...untold, ...wholeWrite(3)])).toMatchObject({ incomplete: 1, missing: 1 });
  });

  it.each([
    ['on a descriptor', [call(2, 91, 1), record(path, 2, 'item=0 name=(null) nametype=NORMAL'), record(eoe, 2)]],
    ['that io_uring did', uringOpen(2)],
    ['that a mapping of memory is', [call(2, 9, 0, 'yes', '22'), record(eoe, 2)]],
    ['that mapped nothing', [call(2, 9, 0, 'no', '1'), record(eoe, 2)]],
    ['that made no pipe', [call(2, 22, 0, 'no'), record(eoe, 2)]],
    [
      'on a queue, whose directory is counted and not told',
      [
        call(2, 240, 3),
        record(1312, 2, 'oflag=0x42'),
        record(cwd, 2, 'cwd="/"'),
        record(path, 2, 'item=0 name="q" nametype=CREATE'),
        record(path, 2, 'item=1 name=(null) nametype=UNKNOWN'),
        record(eoe, 2),
      ],
    ],
  ])('%s none is missing where the kernel makes no more', (_, records) => {
    expect(accountOf([...wholeWrite(1), ...records])).toEqual({ events: 2, incomplete: 0, missing: 0, gaps: [] });
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
    ['but both descriptors of a pipe', [record(fdPair, 2, 'fd0=3 fd1=4'), record(eoe, 2)]],
    ['but the descriptor of a mapping', [record(mmap, 2, 'fd=3 flags=0x1'), record(eoe, 2)]],
    ['but how it opened', [record(openat2, 2, 'oflag=0'), record(eoe, 2)]],
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
