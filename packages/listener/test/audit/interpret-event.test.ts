import { describe, expect, it } from 'vitest';
import { type Call, eventOf, shellCaller, stamp, syscallRecord } from '../support/audit-records.ts';
import { decodingFor } from '../support/decoding.ts';
import { fixtureRecords } from '../support/fixtures.ts';
import { interpret } from '../support/interpreting.ts';
import type { AuditRecord } from '../support/log-records.ts';

const told = (call: Call) => interpret(eventOf(syscallRecord(call)), { keepLines: false });

const origin = { ...stamp, caller: shellCaller };

describe('an event', () => {
  it('of a call that failed is none, but for exec', () => {
    const names = ['openat', 'write', 'close', 'close_range', 'dup', 'ioctl', 'clone', 'pivot_root'] as const;

    expect(names.map((name) => told({ name, exit: -9 }))).toEqual(names.map(() => null));
  });

  it('of a call that is not recorded, or of an architecture that is not known, is none', () => {
    const other = { ...syscallRecord({ name: 'write' }), body: 'arch=c000003e syscall=0 success=yes exit=1 pid=1' };
    const strange = { ...other, body: 'arch=80000015 syscall=4 success=yes exit=1 a0=1 pid=1' };

    expect([other, strange].map((record) => interpret(eventOf(record), { keepLines: false }))).toEqual([null, null]);
  });

  it('without a caller, an argument or a result is none', () => {
    const bodies = [
      'arch=c000003e syscall=1 success=yes exit=1 a0=3',
      'arch=c000003e syscall=1 success=yes exit=1 pid=20',
      'arch=c000003e syscall=1 success=yes a0=3 pid=20',
      '',
    ];
    const records = bodies.map((body) => ({ ...syscallRecord({ name: 'write' }), body }));

    expect(records.map((record) => interpret(eventOf(record), { keepLines: false }))).toEqual(bodies.map(() => null));
  });

  it('keeps what the kernel does not know as unknown', () => {
    const body =
      'arch=c000003e syscall=3 success=yes exit=0 a0=3 ppid=1 pid=20 auid=4294967295 uid=0 gid=0 euid=0 tty=(none) ses=4294967295 comm=6261FF exe=(null) key=(null)';
    const event = interpret(eventOf({ ...syscallRecord({ name: 'close' }), body }), { keepLines: false });

    expect(event?.caller).toEqual({
      tgid: 20,
      ppid: 1,
      uid: 0,
      gid: 0,
      euid: 0,
      auid: 4294967295,
      ses: 4294967295,
      tty: null,
      comm: 'ba\xff',
      exe: null,
    });
  });

  it('that was given up keeps the reason', () => {
    const { push, finish, events } = decodingFor();
    push([syscallRecord({ name: 'close', arguments: '3 0 0 0' })]);
    finish();

    expect(events).toEqual([{ ...origin, kind: 'close', fd: 3, incomplete: 'the input ended before it did' }]);
  });

  it('for a --diag file keeps its records as lines', () => {
    const records = fixtureRecords('exec-empty-argument.log');
    const event = interpret(eventOf(...records), { keepLines: true });

    expect(event).toMatchObject({ kind: 'exec', alone: false });
    expect(event?.lines).toHaveLength(records.length);
  });

  it('for a --diag file is kept even when it makes no document', () => {
    const login: AuditRecord = { type: 1006, ms: 1000, serial: 5, body: 'pid=3 uid=0 auid=4242' };
    const nobody = {
      tgid: NaN,
      ppid: NaN,
      uid: NaN,
      gid: NaN,
      euid: NaN,
      auid: NaN,
      ses: NaN,
      tty: null,
      comm: null,
      exe: null,
    };

    expect(interpret(eventOf(login), { keepLines: true })).toEqual({
      kind: 'other',
      ms: 1000,
      serial: 5,
      caller: nobody,
      lines: ['type=LOGIN msg=audit(1.000:5): pid=3 uid=0 auid=4242'],
      alone: true,
    });
    expect(interpret(eventOf(login), { keepLines: false })).toBeNull();
  });
});
