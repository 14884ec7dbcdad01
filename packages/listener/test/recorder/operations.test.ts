import { moment } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import { dup, exec, fork, keyOf, nsAt, open, operation, snapshot } from '../support/events.ts';
import { byAudit, record, runOrigin } from '../support/recording.ts';

const forked = fork(10, { tgid: 20, parentTgid: 1 });

/** The document of operation(ms, 20) without any fields. */
function document(ms: number, fields: object = {}) {
  return {
    _id: byAudit(ms)._id,
    ...runOrigin,
    ...moment(nsAt(ms)),
    operation: 'unlink',
    success: true,
    path: '/srv/out',
    pathResolved: true,
    dev: 'fe:00',
    inode: '42',
    fileType: 'regular',
    key: keyOf(20, 10),
    pid: 20,
    tgid: 20,
    comm: 'sh',
    exe: '/bin/sh',
    containerId: null,
    ...fields,
  };
}

const at = (path: string) => ({ path, pathResolved: true, dirfd: null });

describe('an operation on a file', () => {
  it('is a document of its own, beside the file sessions', () => {
    expect(record(forked, operation(20, 20))).toMatchObject({ operations: [document(20)], files: [], events: [] });
    expect(record(forked, operation(20, 20)).operations).toEqual([document(20)]);
  });

  it('that failed is kept with its error', () => {
    const names = { file: { path: null, pathResolved: false, dirfd: null }, dev: null, inode: null };
    const failed = { success: false, exit: -17, ...names, fileType: 'directory', directories: ['/srv'], mode: 0o755 };
    const { operations } = record(forked, operation(20, 20, { operation: 'mkdir', ...failed } as never));

    expect(operations).toEqual([
      document(20, {
        operation: 'mkdir',
        success: false,
        errno: -17,
        path: null,
        pathResolved: false,
        directories: ['/srv'],
        ...{ dev: null, inode: null, fileType: 'directory', mode: 0o755 },
      }),
    ]);
  });

  it('has both names, and what was replaced', () => {
    const to = { path: 'b', pathResolved: false, dirfd: 5 };
    const renamed = operation(20, 20, { operation: 'rename', file: at('/srv/a'), to, replacedInode: '7' });

    expect(record(forked, renamed).operations).toEqual([
      document(20, {
        operation: 'rename',
        path: '/srv/a',
        ...{ toPath: 'b', toPathResolved: false, toDirfd: 5, replacedInode: '7' },
      }),
    ]);
  });

  it('tells an exchange of two files, a link’s target and names that are not sorted', () => {
    const { operations } = record(
      forked,
      operation(20, 20, { operation: 'rename', to: at('/b'), exchange: true, exchangedInode: '8' }),
      operation(21, 20, { operation: 'symlink', target: '' }),
      operation(22, 20, { operation: 'link', success: false, exit: -2, to: at('/c'), names: ['/a', '/\xff'] }),
    );

    expect(operations).toEqual([
      document(20, {
        operation: 'rename',
        ...{ toPath: '/b', toPathResolved: true, exchange: true, exchangedInode: '8' },
      }),
      document(21, { operation: 'symlink', target: '' }),
      document(22, {
        operation: 'link',
        ...{ success: false, errno: -2, toPath: '/c', toPathResolved: true },
        ...{ names: ['/a', '/\ufffd'], namesHex: [null, '2fff'] },
      }),
    ]);
  });

  it('tells what was asked for and what was there before', () => {
    const owner = { uid: 0, gid: null, uidBefore: 1000, gidBefore: 1001 };
    const { operations } = record(
      forked,
      operation(20, 20, { operation: 'chmod', mode: 0o4755, modeBefore: 0 }),
      operation(21, 20, { operation: 'chown', owner }),
      operation(22, 20, { operation: 'truncate', size: 0 }),
    );

    expect(operations).toEqual([
      document(20, { operation: 'chmod', mode: 0o4755, modeBefore: 0 }),
      document(21, { operation: 'chown', ownerUid: 0, ownerUidBefore: 1000, ownerGidBefore: 1001 }),
      document(22, { operation: 'truncate', size: 0 }),
    ]);
  });

  it('keeps the bytes of names that are no UTF-8, and what the call could not tell', () => {
    const warnings = ['the records do not tell all names of the call'];
    const odd = { path: '/\xff', pathResolved: true, dirfd: null };

    expect(record(forked, operation(20, 20, { file: odd, target: '\xfe', warnings })).operations).toEqual([
      document(20, { path: '/\ufffd', pathHex: '2fff', target: '\ufffd', targetHex: 'fe', warnings }),
    ]);
  });
});

describe('an operation on a descriptor', () => {
  const notNamed = { path: null, pathResolved: false, dirfd: null };
  const chmod = (ms: number, fields: object = {}) =>
    operation(ms, 20, { operation: 'chmod', file: notNamed, fd: 3, mode: 0o600, ...fields });
  const told = (ms: number, fields: object = {}) => document(ms, { operation: 'chmod', fd: 3, mode: 0o600, ...fields });

  it('has the path of the file session that the descriptor belongs to', () => {
    const { operations } = record(forked, open(19, 20), dup(20, 20, 3, 4), chmod(21), chmod(22, { fd: 4 }));

    expect(operations).toEqual([told(21), told(22, { fd: 4 })]);
  });

  it('has the path as it was given where that is relative to another descriptor', () => {
    const { operations } = record(forked, open(19, 20, { path: 'out', pathResolved: false, dirfd: 7 }), chmod(20));

    expect(operations).toEqual([told(20, { path: 'out', pathResolved: false, dirfd: 7 })]);
  });

  it('has the file’s inode and no path where the descriptor is not known', () => {
    expect(record(forked, chmod(20)).operations).toEqual([told(20, { path: null, pathResolved: false })]);
  });

  it('has what the session knows of the file where the call tells nothing (utimensat)', () => {
    const bare = { operation: 'utimes', mode: null, dev: null, inode: null, fileType: 'unknown' };

    expect(record(forked, open(19, 20), chmod(20, bare)).operations).toEqual([
      document(20, { operation: 'utimes', fd: 3 }),
    ]);
  });

  it('does not take the path of another file, which the descriptor was before', () => {
    const warnings = ['the descriptor was of another file than was known of it'];

    expect(record(forked, open(19, 20), chmod(20, { inode: '43' })).operations).toEqual([
      told(20, { inode: '43', path: null, pathResolved: false, warnings }),
    ]);
  });

  it('from before the snapshot is not about what the snapshot saw', () => {
    const file = { fd: 3, path: '/late', flags: 1, access: 'write', closeOnExec: false, fileType: 'regular' } as const;
    const seen = snapshot(100, { tgid: 20, files: [{ ...file, dev: 'fe:00', inode: '42' }] }, 10);
    const key = { key: keyOf(20, 10) };

    expect(record(seen, chmod(50), chmod(150)).operations).toEqual([
      told(50, { ...key, path: null, pathResolved: false }),
      told(150, { ...key, path: '/late' }),
    ]);
  });
});

it('an operation of a program that was deleted names it as when it was executed', () => {
  const caller = { exe: '/tmp/x (deleted)' };
  const executed = exec(19, 20, { caller, exe: '/tmp/x', exeDeleted: true });

  expect(record(forked, executed, operation(20, 20, { caller })).operations).toEqual([document(20, { exe: '/tmp/x' })]);
});

it('an operation of a process that nobody told of is its process’s all the same', () => {
  const { operations, pids } = record(operation(20, 30));

  expect(operations.map(({ key, tgid }) => [key, tgid])).toEqual([[pids[0]?.key, 30]]);
});
