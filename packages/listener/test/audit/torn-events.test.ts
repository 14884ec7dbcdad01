import { describe, expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import { decodingFor } from '../support/decoding.ts';
import type { AuditRecord } from '../support/log-records.ts';

const caller =
  'ppid=1 pid=7 auid=4294967295 uid=0 gid=0 euid=0 tty=(none) ses=4294967295 comm="sh" exe="/bin/sh" key=(null)';
const call = (number: number, items: number, a3 = '1b6') =>
  `arch=c000003e syscall=${number} success=yes exit=3 a0=ffffff9c a1=7f a2=241 a3=${a3} items=${items} ${caller}`;
const item = (number: number, name: string, nametype: string) =>
  `item=${number} name="${name}" inode=${number + 5} dev=fe:00 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=${nametype}`;
const [openat, execve, pipe, mmap, openat2, fchmod] = [257, 59, 22, 9, 437, 91];

const open = [
  [recordType.syscall, call(openat, 2)],
  [recordType.cwd, 'cwd="/srv"'],
  [recordType.path, item(0, '/srv/', 'PARENT')],
  [recordType.path, item(1, 'a', 'CREATE')],
  [recordType.proctitle, 'proctitle="sh"'],
  [recordType.eoe, ''],
] as const;
const exec = [
  [recordType.syscall, call(execve, 1)],
  [recordType.execve, 'argc=1 a0="true"'],
  [recordType.cwd, 'cwd="/"'],
  [recordType.path, item(0, '/bin/true', 'NORMAL')],
  [recordType.eoe, ''],
] as const;

const opened = [
  [recordType.syscall, call(openat2, 1)],
  [recordType.openat2, 'oflag=0101 mode=0644 resolve=0x0'],
  [recordType.cwd, 'cwd="/"'],
  [recordType.path, item(0, '/f', 'NORMAL')],
  [recordType.eoe, ''],
] as const;
const piped = [
  [recordType.syscall, call(pipe, 0)],
  [recordType.fdPair, 'fd0=3 fd1=4'],
  [recordType.eoe, ''],
] as const;
const mapped = [
  [recordType.syscall, call(mmap, 0, '1')],
  [recordType.mmap, 'fd=3 flags=0x1'],
  [recordType.eoe, ''],
] as const;
const changed = [
  [recordType.syscall, call(fchmod, 1)],
  [recordType.path, 'item=0 name=(null) inode=5 dev=fe:00 mode=0100644 nametype=NORMAL'],
  [recordType.eoe, ''],
] as const;

type Records = readonly (readonly [number, string])[];
const recordsOf = (serial: number, records: Records): AuditRecord[] =>
  records.map(([type, body]) => ({ type, ms: 1000, serial, body }));
const without = (records: Records, ...lost: number[]): Records => records.filter((_, index) => !lost.includes(index));

/** What a whole open (serial 1) and then these records (serial 2) make of themselves. */
function told(records: Records, { overran = true, first = open as Records } = {}) {
  const decoding = decodingFor();
  decoding.push(recordsOf(1, first));
  if (overran) decoding.decoder.noteOverrun();
  decoding.push(recordsOf(2, records));
  decoding.finish();
  const events = decoding.events.filter(({ serial }) => serial === 2);
  return { events: events.map(({ kind, incomplete }) => ({ kind, incomplete })), gaps: decoding.gaps };
}

const torn = 'some of its records never came';
const never = [{ from: 2, to: 2, count: 1 }];

describe('an event of which the kernel dropped records after the socket overran', () => {
  it('is whole where none of it is missing', () => {
    expect(told(open)).toEqual({ events: [{ kind: 'open', incomplete: undefined }], gaps: [] });
    expect(told(exec)).toEqual({ events: [{ kind: 'exec', incomplete: undefined }], gaps: [] });
  });

  it('is incomplete without one of its PATH records, though its end came', () => {
    const incomplete = { events: [{ kind: 'open', incomplete: torn }], gaps: [] };

    expect(told(without(open, 2))).toEqual(incomplete);
    expect(told(without(open, 1, 2, 3, 4))).toEqual(incomplete);
  });

  it('is incomplete without the EXECVE record of an exec', () => {
    expect(told(without(exec, 1, 2))).toEqual({ events: [{ kind: 'exec', incomplete: torn }], gaps: [] });
  });

  it('is incomplete without its working directory, which the kernel tells where a name is given', () => {
    expect(told(without(open, 1))).toEqual({ events: [{ kind: 'open', incomplete: torn }], gaps: [] });
    expect(told(changed)).toEqual({ events: [{ kind: 'operation', incomplete: undefined }], gaps: [] });
  });

  it('is incomplete without its OPENAT2 record, where such come at all', () => {
    expect(told(without(opened, 1), { first: opened })).toMatchObject({ events: [{ kind: 'open', incomplete: torn }] });
    expect(told(without(opened, 1))).toMatchObject({ events: [{ kind: 'open', incomplete: undefined }] });
  });

  it('is incomplete without the descriptors of a pipe or of a mapping, though it is no event then', () => {
    for (const [records, kind] of [
      [piped, 'pipe'],
      [mapped, 'map'],
    ] as const) {
      expect(told(records)).toEqual({ events: [{ kind, incomplete: undefined }], gaps: [] });
      expect(told(without(records, 1))).toEqual({ events: [{ kind: 'other', incomplete: torn }], gaps: [] });
      expect(told(without(records, 1), { overran: false })).toEqual({ events: [], gaps: [] });
      expect(told(without(records, 0))).toEqual({ events: [], gaps: never });
    }
  });

  it('never came where its SYSCALL record did not: it says nothing of what was done', () => {
    expect(told(without(open, 0))).toEqual({ events: [], gaps: never });
    expect(told(without(open, 0, 1, 2, 3, 4))).toEqual({ events: [], gaps: never });
  });

  it('is not looked for before, nor where PATH or CWD records are excluded by a rule of others', () => {
    const whole = { events: [{ kind: 'open', incomplete: undefined }], gaps: [] };

    expect(told(without(open, 2), { overran: false })).toEqual(whole);
    expect(told(without(open, 2, 3), { first: without(open, 2, 3) })).toEqual(whole);
    expect(told(without(open, 1), { first: without(open, 1) })).toEqual(whole);
  });

  it('is looked for before where it is the first record, for the kernel makes none of the others without it', () => {
    expect(told(without(open, 0), { overran: false })).toEqual({ events: [], gaps: [{ from: 2, to: 2, count: 1 }] });
  });
});
