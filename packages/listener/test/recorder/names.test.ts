import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../../src/events.ts';
import { ChangedLinks } from '../../src/recorder/changed-links.ts';
import { Recorder } from '../../src/recorder/recorder.ts';
import {
  chroot,
  cloned,
  close,
  closeRange,
  dup,
  exec,
  exit,
  fork,
  open,
  operation,
  pivotRoot,
  sessionStart,
  setFlags,
  setns,
  snapshot,
  unmount,
  unshare,
} from '../support/events.ts';
import { record } from '../support/recording.ts';

const forked = fork(10, { tgid: 20, parentTgid: 1 });
const directory = { flags: 0o200000, access: 'read', truncates: false, created: false, fileType: 'directory' } as const;
const opensDirectory = (ms: number, tgid: number, fd: number, path: string, fields: object = {}) =>
  open(ms, tgid, { ...directory, fd, path, inode: `${fd}00`, ...fields });
const relative = (path: string, dirfd: number, ...inodes: readonly string[]) => ({
  ...{ path, pathResolved: false, dirfd },
  ...(inodes.length > 0 && { parents: inodes.map((inode) => ({ dev: 'fe:00', inode })) }),
});
const opens = (ms: number, tgid: number, path: string, dirfd: number, ...inodes: readonly string[]) =>
  open(ms, tgid, { fd: 90, serial: ms, ...relative(path, dirfd, ...inodes) });

/** The paths of file sessions and operations that the events make, and how many names stayed unresolved. */
function pathsOf(...events: readonly PipelineEvent[]) {
  const { fds, files, operations } = record(...events, ...[{ kind: 'checkpoint', timeNs: 1n } as const]);
  const sessions = [...files, ...fds].map(({ path, pathResolved, dirfd }) => [path, pathResolved, dirfd]);
  return [...sessions, ...operations.map(({ path, pathResolved, dirfd }) => [path, pathResolved, dirfd])];
}

const resolved = (path: string) => [path, true, undefined];

function countsOf(...events: readonly PipelineEvent[]): number | undefined {
  const recorder = new Recorder(() => undefined);
  for (const event of [sessionStart(), ...events]) recorder.apply(event);
  return recorder.counters().unresolvedNames;
}

describe('a name that hangs on a directory descriptor', () => {
  it('is below the directory that was opened, which makes no document itself', () => {
    const { files, fds } = record(forked, opensDirectory(20, 20, 5, '/srv'), close(21, 20, 5));
    expect([files, fds]).toEqual([[], []]);

    expect(pathsOf(forked, opensDirectory(20, 20, 5, '/srv'), opens(21, 20, 'a/b', 5))).toEqual([resolved('/srv/a/b')]);
  });

  it('of a process that has a copy of the descriptor is below the same directory', () => {
    const events = [forked, opensDirectory(20, 20, 5, '/srv'), dup(21, 20, 5, 7), close(22, 20, 5)];
    const child = [fork(30, { tgid: 40, parentTgid: 20 }), cloned(31, 20, 40), close(32, 20, 7)];

    expect(pathsOf(...events, ...child, opens(40, 40, 'a', 7))).toEqual([resolved('/srv/a')]);
    expect(pathsOf(...events, ...child, opens(40, 20, 'a', 7))).toEqual([['a', false, 7]]);
  });

  it.each([
    ['close', [close(21, 20, 5)]],
    ['close_range', [closeRange(21, 20, 3, 0xffff_ffff)]],
    ['another file in its place', [open(21, 20, { fd: 5, serial: 1 }), close(22, 20, 5)]],
    ['dup2 of something else', [dup(21, 20, 1, 5)]],
    ['exec', [setFlags(21, 20, 5, true), exec(22, 20)]],
  ])('stays as it was given after %s', (_, events) => {
    const before = [forked, opensDirectory(20, 20, 5, '/srv')];

    expect(pathsOf(...before, ...events, opens(30, 20, 'a', 5)).at(-1)).toEqual(['a', false, 5]);
    expect(countsOf(...before, ...events, opens(30, 20, 'a', 5))).toBe(1);
  });

  it('leads on from directory to directory', () => {
    const down = opensDirectory(21, 20, 6, 'lib', { pathResolved: false, dirfd: 5 });

    expect(pathsOf(forked, opensDirectory(20, 20, 5, '/srv'), down, opens(22, 20, 'a', 6))).toEqual([
      resolved('/srv/lib/a'),
    ]);
  });

  it('keeps a .. behind what may be a symbolic link, and takes the path that the directory was met under', () => {
    const start = [forked, opensDirectory(20, 20, 5, '/srv/link')];
    const up = opensDirectory(22, 20, 7, '..', { pathResolved: false, dirfd: 5, inode: '1' });

    expect(pathsOf(...start, up, opens(23, 20, 'a', 7))).toEqual([resolved('/srv/link/../a')]);
    const met = opensDirectory(21, 20, 6, '/data', { inode: '1' });
    expect(pathsOf(...start, met, up, opens(23, 20, 'a', 7))).toEqual([resolved('/data/a')]);
  });

  it('cannot leave a directory that is the root of the look-up', () => {
    const inRoot = (path: string) => open(21, 20, { ...relative(path, 5), inRoot: true });

    expect(pathsOf(forked, opensDirectory(20, 20, 5, '/srv'), inRoot('/../etc/passwd'))).toEqual([
      resolved('/srv/etc/passwd'),
    ]);
    expect(pathsOf(forked, opensDirectory(20, 20, 5, '/srv'), inRoot('/lib/../../etc/passwd'))).toEqual([
      ['/lib/../../etc/passwd', false, 5],
    ]);
  });

  it.each(['...', ' a ', 'b.', `${'n'.repeat(255)}`])('keeps what is odd about it: %j', (name) => {
    expect(pathsOf(forked, opensDirectory(20, 20, 5, '/'), opens(21, 20, `./${name}/`, 5))).toEqual([
      resolved(`/${name}`),
    ]);
  });

  it('keeps its bytes', () => {
    const { fds } = record(
      ...[forked, opensDirectory(20, 20, 5, '/\xff'), opens(21, 20, 'a\xfe', 5)],
      ...[{ kind: 'checkpoint', timeNs: 1n } as const],
    );

    expect(fds.map(({ path, pathHex }) => [path, pathHex])).toEqual([['/\ufffd/a\ufffd', '2fff2f61fe']]);
  });
});

describe('the directory that audit tells beside a name', () => {
  const other = opensDirectory(15, 20, 6, '/data', { inode: '7' });

  it('confirms the descriptor, or shows that it is of another directory', () => {
    const known = [forked, opensDirectory(20, 20, 5, '/srv')];
    const { fds } = record(...known, opens(21, 20, 'a', 5, '501'), { kind: 'checkpoint', timeNs: 1n });

    expect(pathsOf(...known, opens(21, 20, 'a', 5, '500'))).toEqual([resolved('/srv/a')]);
    expect(pathsOf(...known, opens(21, 20, 'x/a', 5, '501'))).toEqual([resolved('/srv/x/a')]);
    expect(fds).toMatchObject([
      {
        ...{ path: 'a', pathResolved: false, dirfd: 5 },
        warnings: ['the directory descriptor was of another directory than was known of it'],
      },
    ]);
    expect(countsOf(...known, opens(21, 20, 'a', 5, '501'))).toBe(1);
  });

  it('resolves the name where nothing is known of the descriptor', () => {
    expect(pathsOf(forked, other, opens(21, 20, 'x/a/', 5, '7'))).toEqual([resolved('/data/a')]);
    expect(pathsOf(forked, other, opens(21, 20, 'x/..', 5, '7'))).toEqual([['x/..', false, 5]]);
    expect(pathsOf(forked, other, opens(21, 20, 'a', 5, '8'))).toEqual([['a', false, 5]]);
  });

  it('is no help where it may be either of two', () => {
    const rename = (...inodes: readonly string[]) =>
      operation(30, 20, { operation: 'rename', file: relative('a', 5, ...inodes), to: relative('b', 8, ...inodes) });
    const toOf = (...events: PipelineEvent[]) => record(forked, other, ...events).operations.map((one) => one.toPath);

    expect(toOf(rename('7', '8'))).toEqual(['b']);
    expect(toOf(rename('7', '7'))).toEqual(['/data/b']);
  });

  it('is known from when it was made, until it is removed', () => {
    const made = { operation: 'mkdir', file: { path: '/new', pathResolved: true, dirfd: null } } as const;
    const mkdir = operation(20, 20, { ...made, fileType: 'directory', inode: '9' });
    const rmdir = operation(21, 20, { ...made, operation: 'rmdir', fileType: 'directory', inode: '9' });

    expect(pathsOf(forked, mkdir, opens(30, 20, 'a', 5, '9'))[0]).toEqual(resolved('/new/a'));
    expect(pathsOf(forked, mkdir, rmdir, opens(30, 20, 'a', 5, '9'))[0]).toEqual(['a', false, 5]);
  });

  it('of a container is none of the host', () => {
    const container = { proc: { startTicks: 5001, containerId: 'c1' } };
    const inside = fork(11, { tgid: 21, parentTgid: 1, ...container });

    expect(pathsOf(forked, inside, other, opens(21, 21, 'a', 5, '7'))).toEqual([['a', false, 5]]);
  });
});

describe('an operation', () => {
  it('has absolute names', () => {
    const known = [forked, opensDirectory(20, 20, 5, '/srv'), opensDirectory(21, 20, 6, '/data')];
    const to = relative('b', 6, '600', '500');
    const { operations } = record(
      ...known,
      operation(30, 20, { operation: 'rename', file: relative('a', 5, '600', '500'), to }),
    );

    expect(operations).toMatchObject([
      { path: '/srv/a', pathResolved: true, toPath: '/data/b', toPathResolved: true, inode: '42' },
    ]);
    expect(operations[0]).not.toHaveProperty('dirfd');
    expect(operations[0]).not.toHaveProperty('toDirfd');
  });

  it('on the descriptor itself has the path of the directory', () => {
    const nothing = { path: null, pathResolved: false, dirfd: null };
    const chmod = operation(30, 20, { operation: 'chmod', file: nothing, fd: 5, fileType: 'directory', inode: '500' });

    expect(pathsOf(forked, opensDirectory(20, 20, 5, '/srv'), chmod)).toEqual([resolved('/srv')]);
    expect(pathsOf(forked, opensDirectory(20, 20, 8, '/srv', { inode: '500' }), chmod)).toEqual([resolved('/srv')]);
  });

  it('with a descriptor that is not open hangs on nothing, which is not counted', () => {
    expect(countsOf(forked, operation(20, 20, { success: false, exit: -9, file: relative('a', 77) }))).toBe(0);
  });
});

describe('the rename of a directory', () => {
  const at = (path: string) => ({ path, pathResolved: true, dirfd: null });
  const renamed = (ms: number, tgid: number, from: string, to: string, fields: object = {}) =>
    operation(ms, tgid, { operation: 'rename', file: at(from), to: at(to), fileType: 'directory', ...fields });
  const other = fork(11, { tgid: 21, parentTgid: 1 });

  it('moves what was opened below it, for all processes', () => {
    const events = [forked, other, opensDirectory(20, 20, 5, '/a/b'), renamed(21, 21, '/a', '/z')];

    expect(pathsOf(...events, opens(22, 20, 'f', 5))[0]).toEqual(resolved('/z/b/f'));
    expect(pathsOf(...events, opens(22, 20, 'f', 77, '500'))[0]).toEqual(resolved('/z/b/f'));
    expect(pathsOf(...events, renamed(22, 20, '/z/b', '/b'), opens(23, 20, 'f', 5))[0]).toEqual(resolved('/b/f'));
  });

  it('leaves what only begins alike', () => {
    const events = [forked, opensDirectory(20, 20, 5, '/ab'), renamed(21, 20, '/a', '/z')];

    expect(pathsOf(...events, opens(22, 20, 'f', 5))[0]).toEqual(resolved('/ab/f'));
  });

  it('by an exchange moves both', () => {
    const both = [forked, opensDirectory(20, 20, 5, '/a'), opensDirectory(21, 20, 6, '/b')];
    const exchanged = renamed(22, 20, '/a', '/b', { exchange: true, exchangedInode: '600', inode: '500' });
    const use = [opens(23, 20, 'f', 5), close(24, 20, 90), opens(25, 20, 'f', 6)];

    expect(pathsOf(...both, exchanged, ...use).slice(0, 2)).toEqual([resolved('/b/f'), resolved('/a/f')]);
  });

  it('under a name that is not known makes that of what is below unknown', () => {
    const events = [forked, opensDirectory(20, 20, 5, '/a/b'), opensDirectory(20, 20, 6, '/c')];
    const away = operation(21, 20, {
      ...{ operation: 'rename', file: at('/a'), to: relative('x', 88), fileType: 'directory' },
    });

    const use = [opens(23, 20, 'f', 5), close(24, 20, 90), opens(25, 20, 'f', 6)];
    expect(pathsOf(...events, away, ...use).slice(0, 2)).toEqual([['f', false, 5], resolved('/c/f')]);
  });
});

describe('the change of a symbolic link', () => {
  const link = { fileType: 'symlink', inode: '9' } as const;
  const at = (path: string) => ({ path, pathResolved: true, dirfd: null });
  const events = [forked, opensDirectory(20, 20, 5, '/soft/a'), opensDirectory(20, 20, 6, '/softer')];
  const use = [opens(23, 20, 'f', 5), close(24, 20, 90), opens(25, 20, 'f', 6)];
  const unknown = ['f', false, 5];

  it.each([
    ['its removal', operation(21, 20, { operation: 'unlink', file: at('/soft'), ...link })],
    ['its renaming', operation(21, 20, { operation: 'rename', file: at('/soft'), to: at('/hard'), ...link })],
    ['another in its place', operation(21, 20, { operation: 'rename', file: at('/new'), to: at('/soft'), ...link })],
  ])('(%s) makes unknown where the directories lie that were opened through it', (_, change) => {
    expect(pathsOf(...events, change, ...use).slice(0, 2)).toEqual([unknown, resolved('/softer/f')]);
  });

  it('is known also when its directory has been moved', () => {
    const removed = operation(21, 20, { operation: 'unlink', file: at('/x/soft'), ...link });
    const moved = { operation: 'rename', file: at('/x'), to: at('/y'), fileType: 'directory' } as const;

    const below = [forked, opensDirectory(20, 20, 5, '/x/soft/a'), removed, operation(22, 20, moved)];
    expect(pathsOf(...below, opens(23, 20, 'f', 5))[0]).toEqual(unknown);
  });

  it('is nothing to what was opened after it', () => {
    const removed = operation(19, 20, { operation: 'unlink', file: at('/soft'), ...link });

    expect(pathsOf(forked, removed, ...events.slice(1), ...use)[0]).toEqual(resolved('/soft/a/f'));
  });

  it('is remembered of so many; of more, all that was opened before is unknown', () => {
    const links = new ChangedLinks(2);
    const view = { containerId: null, mounts: 0, chroot: '' };
    const what = {
      view,
      dev: 'fe:00',
      inode: '5',
      fileType: 'directory',
      isPhysical: false,
      openedBefore: false,
    } as const;
    const [old, recent] = [0, 1].map((changes) => ({ ...what, path: '/a', changes, learntMs: 0 }));
    for (const path of ['/1', '/2', '/3']) links.note(view, path);
    for (const file of [old, recent]) if (file !== undefined) links.check(file);

    expect([old?.path, recent?.path]).toEqual([null, '/a']);
  });
});

describe('directories that were open before the listener started', () => {
  const open5 = {
    fd: 5,
    path: '/srv/x',
    closeOnExec: false,
    dev: 'fe:00',
    inode: '500',
    fileType: 'directory',
  } as const;
  const seen = snapshot(100, { tgid: 20, directories: [open5] }, 10);

  it('are known by the path that the kernel states, free of links', () => {
    expect(pathsOf(seen, opens(150, 20, '../a', 5))).toEqual([resolved('/srv/a')]);
  });

  it('are nothing that a call from before them was about', () => {
    expect(pathsOf(seen, opens(50, 20, 'a', 5))[0]).toEqual(['a', false, 5]);
    expect(pathsOf(seen, close(50, 20, 5), opens(150, 20, 'a', 5))).toEqual([resolved('/srv/x/a')]);
  });
});

describe('a root of its own', () => {
  const host = snapshot(5, { tgid: 20 });
  const rootsOf = (...events: readonly PipelineEvent[]) =>
    record(host, ...events).pids.flatMap(({ observation, rootfs, warnings }) =>
      observation === 'root' ? [warnings === undefined ? rootfs : [rootfs, ...warnings]] : [],
    );
  const unknown = [null, 'the path of the new root is not known from the call'];

  it('lies where the calls lead, one from the other, and the children have it too', () => {
    const child = [fork(30, { tgid: 40, parentTgid: 20 }), chroot(31, 40, '/b')];

    expect(rootsOf(chroot(20, 20, '/a'), ...child)).toEqual(['/a', '/a/b']);
    expect(rootsOf(chroot(20, 20, '/a'), chroot(21, 20, '/'))).toEqual(['/a', '/a']);
    expect(rootsOf(chroot(20, 20, '/a'), chroot(21, 20, '/srv/x', { isWhole: true }))).toEqual(['/a', '/srv/x']);
  });

  it('is that of all who share it, until they leave', () => {
    const sharing = [fork(15, { tgid: 40, parentTgid: 20 }), cloned(16, 20, 40, { flags: 0x200 })];
    const ofEach = (...events: readonly PipelineEvent[]) =>
      record(host, ...sharing, ...events).pids.flatMap(({ observation, tgid, rootfs }) =>
        observation === 'root' ? [[tgid, rootfs]] : [],
      );

    expect(ofEach(chroot(20, 40, '/a'))).toEqual([
      [20, '/a'],
      [40, '/a'],
    ]);
    expect(ofEach(unshare(19, 20, 0x200), chroot(20, 40, '/a'))).toEqual([[40, '/a']]);
    expect(ofEach(exit(19, { tgid: 40 }), chroot(20, 20, '/a'))).toEqual([[20, '/a']]);
  });

  it('is not known where the call does not tell it, unless the directory was met before', () => {
    expect(rootsOf(chroot(20, 20, null), chroot(21, 20, '/b'))).toEqual([unknown, null]);
    expect(rootsOf(opensDirectory(19, 20, 5, '/srv/j'), chroot(20, 20, null, { inode: '500' }))).toEqual(['/srv/j']);
  });

  it('is that of the namespace that setns leads to, which is not known', () => {
    expect(rootsOf(setns(20, 20, 0x2_0000), setns(21, 20, 0x4000_0000))).toEqual([null]);
  });

  it('has below it what was opened before it, without the path to it', () => {
    const before = [host, opensDirectory(10, 20, 5, '/srv/jail/in'), opensDirectory(11, 20, 6, '/srv')];
    const use = [opens(30, 20, 'f', 5), close(31, 20, 90), opens(32, 20, 'f', 6)];
    const { files, fds } = record(...before, chroot(20, 20, '/srv/jail'), ...use, { kind: 'checkpoint', timeNs: 1n });

    expect(files).toMatchObject([{ path: '/in/f', pathResolved: true }]);
    expect(fds).toMatchObject([
      {
        ...{ path: 'f', pathResolved: false, dirfd: 6 },
        warnings: ['it is not known where its directory lies below the root of the process'],
      },
    ]);
  });

  it('is another place for names than the root of others', () => {
    const jailed = [fork(15, { tgid: 40, parentTgid: 20 }), chroot(20, 40, '/srv/jail')];
    const met = opensDirectory(21, 20, 5, '/srv/jail/in', { inode: '7' });

    expect(pathsOf(host, ...jailed, met, opens(22, 40, 'f', 77, '7'))).toEqual([['f', false, 77]]);
    expect(pathsOf(host, ...jailed, met, opens(22, 20, 'f', 77, '7'))).toEqual([resolved('/srv/jail/in/f')]);
  });
});

describe('a mount namespace of its own', () => {
  const host = snapshot(5, { tgid: 20 });
  const opened = [host, opensDirectory(10, 20, 5, '/srv')];
  const newMounts = 0x2_0000;

  it('has what the process holds under the same paths, until it changes its root', () => {
    expect(pathsOf(...opened, unshare(11, 20, newMounts), opens(12, 20, 'f', 5))).toEqual([resolved('/srv/f')]);
    const pivoted = [...opened, unshare(11, 20, newMounts), pivotRoot(12, 20, '/new'), opens(13, 20, 'f', 5)];
    expect(pathsOf(...pivoted)).toEqual([['f', false, 5]]);
  });

  it('is made with a process, too', () => {
    const child = [fork(30, { tgid: 40, parentTgid: 20 }), cloned(31, 20, 40, { flags: newMounts })];

    expect(pathsOf(...opened, ...child, opens(40, 40, 'f', 5))).toEqual([resolved('/srv/f')]);
    expect(pathsOf(...opened, ...child, opens(40, 40, 'f', 77, '500'))).toEqual([['f', false, 77]]);
  });

  it('is of one piece in a container, whoever started the process in it', () => {
    const runc = { comm: 'runc', exe: '/usr/bin/runc' };
    const place = { proc: { startTicks: 5001, containerId: 'c1' } };
    const starts = (tgid: number) => [
      fork(10, { tgid, parentTgid: 1, ...place }),
      exec(11, tgid, { caller: runc }),
      unshare(12, tgid, newMounts),
      pivotRoot(13, tgid, '/rootfs'),
      exec(14, tgid),
    ];
    const events = [...starts(30), ...starts(31), opensDirectory(20, 30, 5, '/x')];
    const move = operation(21, 31, {
      ...{ operation: 'rename', fileType: 'directory', inode: '500' },
      ...{ file: { path: '/x', pathResolved: true, dirfd: null }, to: { path: '/y', pathResolved: true, dirfd: null } },
    });

    expect(pathsOf(...events, move, opens(22, 30, 'f', 5))[0]).toEqual(resolved('/y/f'));
  });

  it('does not keep what was met on a file system that was taken away', () => {
    expect(pathsOf(...opened, unmount(11, 20), opens(12, 20, 'f', 77, '500'))).toEqual([['f', false, 77]]);
    const other = fork(6, { tgid: 40, parentTgid: 20 });
    const elsewhere = [...opened, other, unshare(11, 40, newMounts), unmount(12, 40)];
    expect(pathsOf(...elsewhere, opens(13, 20, 'f', 77, '500'))).toEqual([resolved('/srv/f')]);
  });
});

it('a program that was asked for by a directory descriptor has its path', () => {
  const failed = exec(21, 20, { success: false, exit: -13, name: 'run', dirfd: 5, argv: null });
  const { pids } = record(forked, opensDirectory(20, 20, 5, '/srv'), failed);

  expect(pids.at(-1)).toMatchObject({ observation: 'exec', success: false, exe: '/srv/run' });
});
