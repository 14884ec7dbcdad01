import { describe, expect, it } from 'vitest';
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
import { interpret } from '../support/interpreting.ts';
import type { AuditRecord } from '../support/log-records.ts';

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

  it('close that fails has closed all the same, unless there was no such descriptor', () => {
    const failed = (exit: number) => told({ name: 'close', exit, arguments: '3 0 0 0' });

    expect([failed(-5), failed(-9)]).toEqual([{ ...origin, kind: 'close', fd: 3 }, null]);
  });

  it('close_range closes or marks a range, whose end may be as far as numbers go', () => {
    const range = { ...origin, kind: 'close-range', first: 3, last: 4294967295, onExec: false };

    expect(told({ name: 'close_range', arguments: '3 ffffffff 0 0' })).toEqual(range);
    expect(told({ name: 'close_range', arguments: '3 ffffffffffffffff 0 0' })).toEqual(range);
    expect(told({ name: 'close_range', arguments: '3 9 4 0' })).toEqual({ ...range, last: 9, onExec: true });
    expect(told({ name: 'close_range', arguments: '3 9 6 0' })).toMatchObject({ onExec: true });
  });

  it('ioctl marks with FIOCLEX and FIONCLEX, and does nothing else', () => {
    const flags = { ...origin, kind: 'descriptor-flags', fd: 3 };

    expect(told({ name: 'ioctl', arguments: '3 5451 0 0' })).toEqual({ ...flags, closeOnExec: true });
    expect(told({ name: 'ioctl', arguments: '3 5450 0 0' })).toEqual({ ...flags, closeOnExec: false });
    expect(told({ name: 'ioctl', arguments: '3 5401 0 0' })).toBeNull();
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
  it.each([
    ['fork', 0],
    ['vfork', 0],
    ['clone', 0x2000_0011],
    ['clone3', null],
  ] as const)('%s returns the child as its caller numbers it, and may show its flags', (name, flags) => {
    const call = { name, exit: 4242, arguments: '20000011 58 0 0' };

    expect(told(call)).toEqual({ ...origin, kind: 'clone', childPid: 4242, flags });
  });
});

describe('a call that changes namespaces', () => {
  it('unshare tells which', () => {
    expect(told({ name: 'unshare', arguments: '20020000 0 0 0' })).toEqual({
      ...origin,
      kind: 'unshare',
      flags: 0x2002_0000,
    });
    expect(told({ name: 'unshare', exit: -1, arguments: '20020000 0 0 0' })).toBeNull();
  });

  it('setns tells which where it is asked for some', () => {
    expect(told({ name: 'setns', arguments: '3 20000000 0 0' })).toEqual({
      ...origin,
      kind: 'setns',
      flags: 0x2000_0000,
    });
    expect(told({ name: 'setns', arguments: '3 0 0 0' })).toEqual({ ...origin, kind: 'setns', flags: 0 });
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
    name: '/srv/run',
    dev: 'fe:00',
  };

  it.each([
    ['execve', '7ffe 7ffe 7ffe 0'],
    ['execveat', 'ffffffffffffff9c 7ffe 7ffe 0'],
  ] as const)('by %s has arguments, working directory, and the file that was asked for', (name, given) => {
    const call = { name, arguments: given };

    expect(told(call, execveRecord('argc=2 a0="./run" a1="-v"'), ...items)).toEqual(exec);
  });

  it('from a directory descriptor has the name as it was given', () => {
    const call = { name: 'execveat', arguments: '3 7ffe 7ffe 0' } as const;

    expect(told(call, execveRecord('argc=2 a0="./run" a1="-v"'), ...items)).toEqual({
      ...exec,
      name: './run',
      dirfd: 3,
    });
  });

  it('by a descriptor alone has no name', () => {
    const call = { name: 'execveat', arguments: '3 7ffe 7ffe 0' } as const;
    const item = pathRecord('item=0 name="" inode=5 dev=fe:00 mode=0100755 nametype=NORMAL');

    expect(told(call, execveRecord('argc=1 a0="run"'), cwdRecord('"/srv"'), item)).toEqual({
      ...exec,
      argv: ['run'],
      name: null,
      dirfd: 3,
    });
  });

  it('of a script has the script', () => {
    const script = [
      execveRecord('argc=3 a0="/bin/sh" a1="./run" a2="-v"'),
      cwdRecord('"/srv"'),
      pathRecord('item=0 name="./run" inode=5 dev=fe:00 mode=0100755 nametype=NORMAL'),
      pathRecord('item=1 name="/bin/sh" inode=7 dev=fe:00 mode=0100755 nametype=NORMAL'),
      pathRecord('item=2 name="/lib64/ld-linux-x86-64.so.2" inode=6 dev=fe:00 mode=0100755 nametype=NORMAL'),
    ];
    const told3 = { ...exec, argv: ['/bin/sh', './run', '-v'], script: '/srv/run' };

    expect(told({ name: 'execve' }, ...script)).toEqual(told3);
  });

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

describe('a root that chroot(2) changes', () => {
  const root = (name: string, cwd: string) =>
    interpret(
      eventOf(
        syscallRecord({ name: 'chroot' }),
        cwdRecord(cwd),
        pathRecord(`item=0 name=${name} inode=2 dev=fe:00 mode=040755 nametype=NORMAL`),
      ),
    );

  it.each([
    ['"/srv/jail/"', '"/"', { path: '/srv/jail', isWhole: false }],
    // A working directory outside of the new root is told from the root of the mount namespace.
    ['"jail"', '"/srv"', { path: '/srv/jail', isWhole: true }],
    // One inside is told from the new root.
    ['"."', '"/"', { path: null, isWhole: true }],
    ['".././jail"', '"/in"', { path: null, isWhole: true }],
  ])('by the name %s in %s', (name, cwd, told) => {
    expect(root(name, cwd)).toEqual({
      ...{ ...stamp, caller: shellCaller, kind: 'chroot', dev: 'fe:00', inode: '2' },
      ...told,
    });
  });
});
