import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../../src/events.ts';
import { exec, fork, nsAt, open, operation, snapshot } from '../support/events.ts';
import { record } from '../support/recording.ts';

const forked = fork(10, { tgid: 20, parentTgid: 1 });
const missed: PipelineEvent = { kind: 'calls-missed', timeNs: nsAt(300), sinceNs: nsAt(100), untilNs: nsAt(200) };

const directory = { flags: 0o200000, access: 'read', truncates: false, created: false, fileType: 'directory' } as const;
const opensDirectory = (ms: number, fd: number, path: string, inode: string) =>
  open(ms, 20, { ...directory, fd, path, inode });
const relative = (path: string, ...inodes: readonly string[]) => ({
  ...{ path, pathResolved: false, dirfd: 5 },
  ...(inodes.length > 0 && { parents: inodes.map((inode) => ({ dev: 'fe:00', inode })) }),
});
const opens = (ms: number, path: string, ...inodes: readonly string[]) =>
  open(ms, 20, { fd: 90, ...relative(path, ...inodes) });

const unsurePath =
  'calls were missed since its directory was met: it may have been renamed, or another one have its number by now';
const unsureDescriptor = 'calls were missed since its directory descriptor was opened: it may be of another directory';

function told(...events: readonly PipelineEvent[]) {
  const { fds, operations } = record(forked, ...events, { kind: 'checkpoint', timeNs: nsAt(900) });
  return [...fds, ...operations].map(({ path, pathResolved, warnings }) => [path, pathResolved, warnings]);
}

describe('a name that hangs on a directory descriptor from before calls were missed', () => {
  const srv = opensDirectory(50, 5, '/srv', '500');

  it('is below that directory where audit tells the same one beside it, which may have another name by now', () => {
    expect(told(srv, missed, opens(400, 'a', '500'))).toEqual([['/srv/a', true, [unsurePath]]]);
  });

  it.each([
    ['no directory is told beside it', opens(400, 'a')],
    ['one below it is told', opens(400, 'lib/a', '501')],
    ['it may be one of two', opens(400, 'a', '500', '501')],
  ])('is below the directory that was known, which it may not be of any more, where %s', (_, event) => {
    expect(told(srv, missed, event)).toEqual([[`/srv/${event.path}`, true, [unsureDescriptor]]]);
  });

  it('makes nothing known of directories for sure', () => {
    const lib = open(310, 20, { ...directory, fd: 6, inode: '501', ...relative('usr/lib') });
    const makes = operation(320, 20, { operation: 'mkdir', inode: '502', file: relative('usr/share') });
    const below = (fd: number, path: string, inode: string) =>
      open(400, 20, { fd: 90, ...relative(path, inode), dirfd: fd });

    expect(told(srv, missed, lib, below(6, 'a', '501')).at(0)).toEqual(['/srv/usr/lib/a', true, [unsurePath]]);
    expect(told(srv, missed, lib, below(7, 'a', '501')).at(0)).toEqual(['a', false, undefined]);
    expect(told(srv, missed, makes, below(7, 'a', '502')).at(0)).toEqual(['a', false, undefined]);
  });

  it('is below the directory that is told beside it where that was met', () => {
    const lib = opensDirectory(51, 6, '/usr/lib', '501');

    expect(told(srv, lib, missed, opens(400, 'lib/a', '501'))).toEqual([['/usr/lib/a', true, [unsurePath]]]);
    expect(told(srv, missed, opensDirectory(310, 6, '/usr/lib', '501'), opens(400, 'lib/a', '501'))).toEqual([
      ['/usr/lib/a', true, undefined],
    ]);
  });

  it.each([
    ['the descriptor was opened since', [missed, opensDirectory(310, 5, '/srv', '500'), opens(400, 'lib/a', '501')]],
    ['it was used before, which was told later', [srv, missed, opens(80, 'lib/a', '501')]],
  ])('is sure where %s', (_, events) => {
    expect(told(...events)).toEqual([['/srv/lib/a', true, undefined]]);
  });

  it('is unsure of directories that were open before the listener as well', () => {
    const held = {
      fd: 5,
      path: '/srv',
      closeOnExec: false,
      dev: 'fe:00',
      inode: '500',
      fileType: 'directory',
    } as const;
    const seen = snapshot(20, { tgid: 20, directories: [held] });

    expect(told(seen, missed, opens(400, 'lib/a'))).toEqual([['/srv/lib/a', true, [unsureDescriptor]]]);
  });

  it('of a directory that is opened is unsure below it as well', () => {
    const lib = open(310, 20, { ...directory, fd: 6, inode: '501', ...relative('lib', '500') });
    const below = open(400, 20, { fd: 90, ...relative('a', '501'), dirfd: 6 });

    expect(told(srv, missed, lib, below)).toEqual([['/srv/lib/a', true, [unsurePath]]]);
  });

  it('of what is executed stays as it was given, of which no doubt could be told', () => {
    const runs = exec(400, 20, { success: false, exit: -13, name: 'lib/run', dirfd: 5, argv: null });
    const names = (...events: readonly PipelineEvent[]) =>
      record(forked, ...events).pids.flatMap(({ exe, observation }) => (observation === 'exec' ? [exe] : []));

    expect(names(srv, missed, runs)).toEqual(['lib/run']);
    expect(names(srv, runs)).toEqual(['/srv/lib/run']);
  });

  it('of an operation bears the same doubt', () => {
    const unlinks = operation(400, 20, { file: relative('a', '500') });

    expect(told(srv, missed, unlinks)).toEqual([['/srv/a', true, [unsurePath]]]);
  });
});

describe('an operation on a directory descriptor from before calls were missed', () => {
  const changes = (inode: string | null) =>
    operation(400, 20, {
      ...{ operation: 'chmod', fd: 5, inode, fileType: 'directory' },
      file: { path: null, pathResolved: false, dirfd: null },
    });

  it('is one on that directory where audit tells that it is that one', () => {
    const srv = opensDirectory(50, 5, '/srv', '500');

    expect(told(srv, missed, changes('500'))).toEqual([['/srv', true, undefined]]);
    expect(told(srv, missed, changes(null)).map(([path]) => path)).toEqual([null]);
    expect(told(srv, missed, changes('501')).map(([path]) => path)).toEqual([null]);
  });
});
