import { describe, expect, it } from 'vitest';
import { interpret } from '../../src/audit/interpret.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import {
  type Call,
  cwdRecord,
  eventOf,
  execveRecord,
  pathRecord,
  shellCaller,
  stamp,
  syscallRecord,
} from '../support/audit-records.ts';
import { fixtureRecords } from '../support/fixtures.ts';

const told = (call: Call, ...records: AuditRecord[]) =>
  interpret(eventOf(syscallRecord(call), ...records), { keepLines: false });

const origin = { ...stamp, caller: shellCaller };

describe('a call that moves bytes', () => {
  it.each(['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2'] as const)(
    '%s writes to its first argument',
    (name) => {
      expect(told({ name, exit: 6, arguments: '3 7ffe 6 0' })).toEqual({ ...origin, kind: 'write', fd: 3, bytes: 6 });
    },
  );

  it('sendfile writes to its first argument, the one it reads from is the second', () => {
    expect(told({ name: 'sendfile', exit: 6, arguments: '3 4 0 6' })).toEqual({
      ...origin,
      kind: 'write',
      fd: 3,
      bytes: 6,
    });
  });

  it.each(['splice', 'copy_file_range'] as const)('%s writes to its third argument', (name) => {
    expect(told({ name, exit: 6, arguments: '4 0 3 0' })).toEqual({ ...origin, kind: 'write', fd: 3, bytes: 6 });
  });

  it('may move none', () => {
    expect(told({ name: 'write', exit: 0, arguments: '3 7ffe 0 0' })).toEqual({
      ...origin,
      kind: 'write',
      fd: 3,
      bytes: 0,
    });
  });
});

describe('a call that changes descriptors', () => {
  const dup = { ...origin, kind: 'dup', from: 3, to: 10, replaces: false, closeOnExec: false };

  it('close', () => {
    expect(told({ name: 'close', arguments: '3 0 0 0' })).toEqual({ ...origin, kind: 'close', fd: 3 });
  });

  it('dup copies to the number that it returns', () => {
    expect(told({ name: 'dup', exit: 10, arguments: '3 0 0 0' })).toEqual(dup);
  });

  it('dup2 and dup3 replace what that number was', () => {
    expect(told({ name: 'dup2', exit: 10, arguments: '3 a 0 0' })).toEqual({ ...dup, replaces: true });
    expect(told({ name: 'dup3', exit: 10, arguments: '3 a 0 0' })).toEqual({ ...dup, replaces: true });
    expect(told({ name: 'dup3', exit: 10, arguments: '3 a 80000 0' })).toEqual({
      ...dup,
      replaces: true,
      closeOnExec: true,
    });
  });

  it('fcntl copies with F_DUPFD and F_DUPFD_CLOEXEC', () => {
    expect(told({ name: 'fcntl', exit: 10, arguments: '3 0 a 0' })).toEqual(dup);
    expect(told({ name: 'fcntl', exit: 10, arguments: '3 406 a 0' })).toEqual({ ...dup, closeOnExec: true });
  });

  it('fcntl marks with F_SETFD', () => {
    const flags = { ...origin, kind: 'descriptor-flags', fd: 3 };

    expect(told({ name: 'fcntl', arguments: '3 2 1 0' })).toEqual({ ...flags, closeOnExec: true });
    expect(told({ name: 'fcntl', arguments: '3 2 0 0' })).toEqual({ ...flags, closeOnExec: false });
  });

  it('fcntl with any other command does neither', () => {
    expect(told({ name: 'fcntl', arguments: '3 1 0 0' })).toBeNull();
    expect(told({ name: 'fcntl', arguments: '3 4 800 0' })).toBeNull();
  });

  it('may be given a negative number, of any width', () => {
    expect(told({ name: 'close', arguments: 'ffffffff 0 0 0' })).toMatchObject({ fd: -1 });
    expect(told({ name: 'write', exit: 1, arguments: 'fffffffffffffffe 0 0 0' })).toMatchObject({ fd: -2 });
  });
});

describe('a call that makes a process', () => {
  it.each(['fork', 'vfork', 'clone', 'clone3'] as const)('%s returns the child as its caller numbers it', (name) => {
    expect(told({ name, exit: 4242 })).toEqual({ ...origin, kind: 'clone', childPid: 4242 });
  });
});

describe('an exec', () => {
  const items = [
    cwdRecord('"/srv"'),
    pathRecord('item=0 name="./run" inode=5 dev=fe:00 mode=0100755 nametype=NORMAL'),
    pathRecord('item=1 name="/lib64/ld-linux-x86-64.so.2" inode=6 dev=fe:00 mode=0100755 nametype=NORMAL'),
  ];
  const exec = {
    ...origin,
    kind: 'exec',
    success: true,
    exit: 0,
    argv: ['./run', '-v'],
    cwd: '/srv',
    name: './run',
    dev: 'fe:00',
  };

  it.each(['execve', 'execveat'] as const)(
    'by %s has arguments, working directory, and the file that was asked for',
    (name) => {
      expect(told({ name }, execveRecord('argc=2 a0="./run" a1="-v"'), ...items)).toEqual(exec);
    },
  );

  it('takes the first item, in whatever order they stand', () => {
    expect(told({ name: 'execve' }, execveRecord('argc=2 a0="./run" a1="-v"'), ...items.toReversed())).toEqual(exec);
  });

  it('that failed is told with its error; that it has no arguments is no trouble', () => {
    const missing = pathRecord('item=0 name="./run" nametype=UNKNOWN');

    expect(told({ name: 'execve', exit: -2 }, cwdRecord('"/srv"'), missing)).toEqual({
      ...exec,
      success: false,
      exit: -2,
      argv: null,
      dev: null,
    });
  });

  it('whose arguments were lost says so', () => {
    expect(told({ name: 'execve' })).toEqual({
      ...exec,
      argv: null,
      cwd: null,
      name: null,
      dev: null,
      warnings: ['no EXECVE record'],
    });
  });
});

describe('a change of the root', () => {
  const root = (name: string, cwd: string) =>
    told(
      { name: 'pivot_root' },
      cwdRecord(cwd),
      pathRecord(`item=0 name=${name} inode=2 dev=00:2f mode=040755 nametype=NORMAL`),
    );

  it('has the path of the new one', () => {
    expect(root('"/run/new"', '"/"')).toEqual({ ...origin, kind: 'pivot-root', newRoot: '/run/new' });
    expect(root('"."', '"/run/new"')).toEqual({ ...origin, kind: 'pivot-root', newRoot: '/run/new' });
  });

  it('as runc does it, from within the new one, leaves the path unknown', () => {
    expect(root('"."', '"/"')).toEqual({
      ...origin,
      kind: 'pivot-root',
      newRoot: null,
      warnings: ['the path of the new root is not known from the call'],
    });
  });
});

describe('an event', () => {
  it('of a call that failed is none, but for exec', () => {
    const names = ['openat', 'write', 'close', 'dup', 'clone', 'pivot_root'] as const;

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
    const event = { ...eventOf(syscallRecord({ name: 'close', arguments: '3 0 0 0' })), incomplete: 'it was late' };

    expect(interpret(event, { keepLines: false })).toEqual({
      ...origin,
      kind: 'close',
      fd: 3,
      incomplete: 'it was late',
    });
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
