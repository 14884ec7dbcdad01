import { describe, expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import { decodingFor } from '../support/decoding.ts';
import type { AuditRecord } from '../support/log-records.ts';

const caller =
  'ppid=1 pid=7 auid=4294967295 uid=0 gid=0 euid=0 tty=(none) ses=4294967295 comm="sh" exe="/bin/sh" key=(null)';
const call = (number: number, items: number) =>
  `arch=c000003e syscall=${number} success=yes exit=3 a0=ffffff9c a1=7f a2=241 a3=1b6 items=${items} ${caller}`;
const item = (number: number, name: string, nametype: string) =>
  `item=${number} name="${name}" inode=${number + 5} dev=fe:00 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=${nametype}`;
const [openat, execve] = [257, 59];

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

  it('never came where its SYSCALL record did not: it says nothing of what was done', () => {
    expect(told(without(open, 0))).toEqual({ events: [], gaps: never });
    expect(told(without(open, 0, 1, 2, 3, 4))).toEqual({ events: [], gaps: never });
  });

  it('is not looked for before, nor where PATH records are excluded by a rule of others', () => {
    const whole = { events: [{ kind: 'open', incomplete: undefined }], gaps: [] };

    expect(told(without(open, 2), { overran: false })).toEqual(whole);
    expect(told(without(open, 2, 3), { first: without(open, 2, 3) })).toEqual(whole);
  });

  it('is looked for before where it is the first record, for the kernel makes none of the others without it', () => {
    expect(told(without(open, 0), { overran: false })).toEqual({ events: [], gaps: [{ from: 2, to: 2, count: 1 }] });
  });
});
