import { isoTime } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import type { MadeEvent, SnapshotEvent } from '../../src/events.ts';
import { Recorder } from '../../src/recorder/recorder.ts';
import {
  baseMs,
  caller,
  checkpoint,
  cloned,
  close,
  closeRange,
  dup,
  exec,
  exit,
  fork,
  keyOf,
  loss,
  nsAt,
  open,
  operation,
  sessionEnd,
  sessionStart,
  setFlags,
  snapshot,
  write,
} from '../support/events.ts';
import { found, pipe, recordLooking } from '../support/looking.ts';
import { closed, fileSession, writes } from '../support/recording.ts';

const forked = fork(10, { tgid: 20, parentTgid: 1 });
const other = fork(10, { tgid: 30, parentTgid: 1 });
const key = keyOf(20, 10);
/** Everything was looked at long after the calls, but for what is said to come later. */
const atMs = 500;

const receivedWarning =
  'found in /proc at its first write: received over a socket, or opened in a way audit does not tell';
const received = (fields: object = {}) => ({
  ...fileSession(atMs, 20, 10),
  _id: `boot:run:1:found:20.5001.5@${nsAt(atMs)}`,
  fileSessionId: `boot:run:1:found:20.5001.5@${nsAt(atMs)}`,
  path: '/srv/received',
  inode: '7',
  flags: 0o100001,
  created: false,
  fd: 5,
  // Of the process, which nobody told of.
  comm: null,
  exe: null,
  openedBefore: true,
  warnings: [receivedWarning],
  ...fields,
});
const wrote = (count: number, bytes: number, first: number, last: number) => ({
  writes: writes(count, bytes, first, last),
  writers: [{ key, ...writes(count, bytes, first, last) }],
});
const noWriters = { writers: [] };
const unresolved = (document: object | undefined) => document as { count?: number; reason?: string } | undefined;

function made(ms: number, fd: number, fields: Partial<MadeEvent> = {}): MadeEvent {
  const how = { by: 'memfd_create', flags: null, closeOnExec: true } as const;
  return { kind: 'descriptor-made', ...how, fd, ms: baseMs + ms, serial: ms, caller: caller(20), ...fields };
}

describe('a write to a descriptor that nothing told of', () => {
  it('begins a session of the file that /proc shows, once for all writes', () => {
    const { files, asked } = recordLooking(
      { files: { '20:5': found() }, atMs },
      forked,
      write(21, 20, 5, 6),
      write(22, 20, 5, 7),
      close(600, 20, 5),
    );

    expect(files).toEqual([received({ ...wrote(2, 13, 21, 22), ...closed(600, 'close') })]);
    expect(asked).toEqual(['20:5']);
  });

  it.each([
    ['a pipe', pipe],
    ['a file that is only read', found({ access: 'read', flags: 0 })],
    ['a path alone', found({ flags: 0o10000001 })],
    ['a terminal', found({ path: '/dev/pts/3', fileType: 'character', terminal: true })],
  ])('is none of ours where that is %s, which is known until the number is given up', (_, file) => {
    const { files, asked, counters } = recordLooking(
      { files: { '20:5': file, '20:9': file }, atMs },
      forked,
      write(21, 20, 5, 6),
      dup(22, 20, 5, 9),
      write(23, 20, 9, 6),
      write(24, 20, 5, 6),
      close(600, 20, 5),
      write(601, 20, 5, 6),
    );

    expect([files, asked]).toEqual([[], ['20:5', '20:5']]);
    expect(counters).toMatchObject({ writesElsewhere: 4, writesUnresolved: 0 });
  });

  it.each([
    ['close', close(600, 20, 5)],
    ['close_range', closeRange(600, 20, 3, 9)],
    ['dup2 of what is not known', dup(600, 20, 8, 5)],
    ['an exec, being close-on-exec', exec(600, 20)],
    ['a loss, in which all that may have been', loss(600)],
  ])('is looked up again after %s', (_, event) => {
    const { asked } = recordLooking(
      { files: { '20:5': { ...pipe, closeOnExec: true } }, atMs },
      forked,
      write(21, 20, 5, 6),
      event,
      write(700, 20, 5, 6),
    );

    expect(asked).toEqual(['20:5', '20:5']);
  });

  it('is not looked up again after an exec that keeps it, or by a child', () => {
    const { asked, counters } = recordLooking(
      { files: { '20:5': pipe, '20:6': { ...pipe, closeOnExec: true } }, atMs },
      forked,
      write(21, 20, 5, 6),
      write(22, 20, 6, 6),
      setFlags(23, 20, 6, false),
      exec(600, 20),
      write(610, 20, 5, 6),
      write(611, 20, 6, 6),
      fork(620, { tgid: 40, parentTgid: 20 }),
      cloned(620, 20, 40),
      write(630, 40, 5, 6),
    );

    expect(asked).toEqual(['20:5', '20:6']);
    expect(counters.writesElsewhere).toBe(5);
  });

  it('teaches of the standard descriptors too, which children inherit that end at once', () => {
    const { asked, counters } = recordLooking(
      { files: { '20:2': pipe, '20:1': pipe, '20:0': found() }, atMs },
      forked,
      write(21, 20, 2, 6),
      fork(620, { tgid: 40, parentTgid: 20 }),
      cloned(620, 20, 40),
      write(630, 40, 1, 6),
    );

    expect(asked).toEqual(['20:2', '20:0', '20:1']);
    expect(counters).toMatchObject({ writesElsewhere: 2, openFileSessions: 0 });
  });

  it('is counted as unresolved where the process is gone, and told of once', () => {
    const { losses, asked, counters } = recordLooking(
      { files: { '20:5': null, '30:5': null }, atMs },
      forked,
      other,
      write(21, 20, 5, 6),
      write(22, 20, 5, 6),
      write(23, 30, 5, 6),
      checkpoint(600),
      write(610, 20, 5, 8),
      checkpoint(700),
      sessionEnd(800),
    );

    expect(asked).toEqual(['20:5', '30:5']);
    expect(counters).toMatchObject({ writesElsewhere: 0, writesUnresolved: 4 });
    expect(losses.map((document) => [unresolved(document)?.count, unresolved(document)?.reason])).toEqual([
      [
        3,
        expect.stringMatching(/^3 write\(s\), 18 bytes, of 2 process\(es\) went to descriptors that no call told of/),
      ],
      [1, expect.stringMatching(/^1 write\(s\), 8 bytes, of 1 process\(es\)/)],
    ]);
  });

  it('is asked for again where there was no time to look', () => {
    const { counters } = recordLooking({ files: {}, atMs }, forked, write(21, 20, 5, 6), write(22, 20, 5, 6));

    expect(counters.writesUnresolved).toBe(2);
  });

  it('in a log, where nobody can look, is counted with those elsewhere, and nothing is said of it', () => {
    const recorder = new Recorder((entry) => expect(entry.collection).not.toBe('losses'));
    const events = [sessionStart({ intake: 'log' }), write(21, 20, 3, 6), checkpoint(600), sessionEnd(700)];
    for (const event of events) recorder.apply(event);

    expect(recorder.counters()).toMatchObject({ writesElsewhere: 1, writesUnresolved: 0 });
  });

  it('of a file without a name says so', () => {
    const { files } = recordLooking(
      { files: { '20:5': found({ deleted: true }) }, atMs },
      forked,
      write(21, 20, 5, 6),
      exit(600, { tgid: 20 }),
    );

    expect(files[0]).toMatchObject({
      path: '/srv/received',
      warnings: [receivedWarning, 'the file had no name any more when it was found'],
    });
  });
});

describe('what was found at a number that had been given away before', () => {
  it('is not what was written to: an open that is told later shows it', () => {
    const { files, counters } = recordLooking(
      { files: { '20:5': found() }, atMs },
      forked,
      write(21, 20, 5, 6),
      close(30, 20, 5),
      open(40, 20, { fd: 5 }),
      close(600, 20, 5),
    );

    expect(files).toEqual([fileSession(40, 20, 10, { fd: 5, ...noWriters, ...closed(600, 'close') })]);
    expect(counters).toMatchObject({ writesElsewhere: 0, writesUnresolved: 1, openFileSessions: 0 });
  });

  it.each([
    ['a close', close(30, 20, 5)],
    ['a close_range', closeRange(30, 20, 5, 5)],
    ['a dup2', dup(30, 20, 8, 5)],
    ['an exec', exec(30, 20)],
  ])('is not what was written to: %s shows it', (_, event) => {
    const { files, fds, counters } = recordLooking(
      { files: { '20:5': found() }, atMs },
      forked,
      write(21, 20, 5, 6),
      checkpoint(510),
      event,
      sessionEnd(900),
    );

    expect([files, fds]).toEqual([[], []]);
    expect(counters.writesUnresolved).toBe(1);
  });

  it('nor is a pipe', () => {
    const { counters } = recordLooking(
      { files: { '20:5': pipe }, atMs },
      forked,
      write(21, 20, 5, 6),
      write(22, 20, 5, 6),
      close(30, 20, 5),
    );

    expect(counters).toMatchObject({ writesElsewhere: 0, writesUnresolved: 2 });
  });

  it('is it where the call came within a tick of the clock before the look', () => {
    const { files } = recordLooking(
      { files: { '20:5': found() }, atMs },
      forked,
      write(21, 20, 5, 6),
      close(495, 20, 5),
    );

    expect(files.map(({ path, writes: { bytes } }) => [path, bytes])).toEqual([['/srv/received', 6]]);
  });
});

describe('a descriptor that was received', () => {
  const holder = open(20, 30, { path: '/srv/received', inode: '7' });

  it('is one of the sender’s session where the kernel says so, and each writer is counted', () => {
    const { files, asked } = recordLooking(
      { files: { '20:5': found() }, atMs, same: ['20:5', '30:3'] },
      forked,
      other,
      holder,
      write(21, 30, 3, 1),
      write(22, 20, 5, 6),
      close(600, 30, 3),
      write(601, 20, 5, 2),
      close(610, 20, 5),
    );

    expect(asked).toEqual(['20:5']);
    expect(files).toEqual([
      expect.objectContaining({
        path: '/srv/received',
        key: keyOf(30, 10),
        openedBefore: false,
        writers: [
          { key: keyOf(30, 10), ...writes(1, 1, 21, 21) },
          { key, ...writes(2, 8, 22, 601) },
        ],
        ...closed(610, 'close'),
      }),
    ]);
  });

  it('is a session of its own where it does not', () => {
    const { files } = recordLooking(
      { files: { '20:5': found() }, atMs },
      forked,
      other,
      holder,
      write(22, 20, 5, 6),
      close(600, 30, 3),
      close(610, 20, 5),
    );

    expect(files.map(({ key: opener, openedBefore, writes: { bytes } }) => [opener, openedBefore, bytes])).toEqual([
      [keyOf(30, 10), false, 0],
      [key, true, 6],
    ]);
  });

  it('is taken from the sender’s session again where the number had been given away before the look', () => {
    const { files, counters } = recordLooking(
      { files: { '20:5': found() }, atMs, same: ['20:5', '30:3'] },
      forked,
      other,
      holder,
      write(21, 30, 3, 1),
      write(22, 20, 5, 6),
      close(40, 20, 5),
      close(600, 30, 3),
    );

    expect(files.map((file) => [file.writes.count, file.writes.lastNs, file.writers.length])).toEqual([
      [1, nsAt(21), 1],
    ]);
    expect(counters.writesUnresolved).toBe(1);
  });
});

describe('a descriptor that a call made without saying of what', () => {
  const inMemory = found({ path: '/memfd:x', deleted: true, access: 'readwrite', flags: 0o2, dev: '00:01' });

  it('is looked at at once: memory has a session from that call on', () => {
    const { files } = recordLooking({ files: { '20:5': inMemory }, atMs }, forked, made(20, 5), close(600, 20, 5));

    expect(files).toEqual([
      fileSession(20, 20, 10, {
        ...{ path: '/memfd:x', dev: '00:01', inode: '7', flags: 0o2, access: 'readwrite', fd: 5 },
        ...closed(600, 'close'),
      }),
    ]);
  });

  it.each([
    ['is gone', null],
    ['is something else by now', found()],
  ])('is a session without a name where it %s', (_, file) => {
    const { files } = recordLooking(
      { files: { '20:5': file }, atMs },
      forked,
      made(20, 5),
      write(21, 20, 5, 6),
      close(30, 20, 5),
    );

    expect(files).toEqual([
      expect.objectContaining({
        ...{ path: null, pathResolved: false, dev: null, inode: null, fileType: 'regular' },
        ...wrote(1, 6, 21, 21),
        warnings: ['which file it was could not be looked up before it was closed'],
      }),
    ]);
  });

  it('loses its name where it proves to have been closed before the look', () => {
    const { files } = recordLooking({ files: { '20:5': inMemory }, atMs }, forked, made(20, 5), close(30, 20, 5));

    expect(files.map(({ path, inode, warnings }) => [path, inode, warnings])).toEqual([
      [null, null, ['which file it was could not be looked up before it was closed']],
    ]);
  });

  it('by a handle has the path that /proc shows', () => {
    const byHandle = { by: 'open_by_handle_at', flags: 0o1, closeOnExec: false } as const;
    const { files } = recordLooking(
      { files: { '20:5': found() }, atMs },
      forked,
      made(20, 5, byHandle),
      close(600, 20, 5),
    );

    expect(files.map((file) => [file.path, file.access, file.openedBefore, file.warnings])).toEqual([
      ['/srv/received', 'write', false, ['opened by handle: its path was found in /proc']],
    ]);
  });

  it('from another process is known before the first write', () => {
    const { files, asked } = recordLooking(
      { files: { '20:5': found() }, atMs, same: ['20:5', '30:3'] },
      forked,
      other,
      open(20, 30, { path: '/srv/received', inode: '7' }),
      made(21, 5, { by: 'pidfd_getfd' }),
      write(22, 20, 5, 6),
      close(600, 20, 5),
      close(601, 30, 3),
    );

    expect(asked).toEqual(['20:5']);
    expect(files.map((file) => [file.key, file.writes.bytes])).toEqual([[keyOf(30, 10), 6]]);
  });
});

describe('a file that was opened without a name', () => {
  const flags = 0o20200001;
  const unnamed = open(20, 20, { path: null, pathResolved: false, inode: null, flags, created: true });
  const shown = found({ path: '/srv/#7', deleted: true, flags });
  const link = (ms: number, fields: object) =>
    operation(ms, 20, {
      operation: 'link',
      file: { path: '/proc/self/fd/3', pathResolved: true, dirfd: null },
      to: { path: '/srv/linked', pathResolved: true, dirfd: null },
      inode: '7',
      ...fields,
    });

  it('has the inode that /proc shows', () => {
    const { files } = recordLooking({ files: { '20:3': shown }, atMs }, forked, unnamed, close(600, 20, 3));

    expect(files.map(({ path, inode }) => [path, inode])).toEqual([[null, '7']]);
  });

  it.each([
    ['by its descriptor in /proc', {}],
    ['by the number of its process', { file: { path: '/proc/20/fd/3', pathResolved: true, dirfd: null } }],
    ['by its descriptor alone', { fd: 3, file: { path: null, pathResolved: false, dirfd: null } }],
  ])('gets the name that it is linked at %s, also where it could not be looked at', (_, fields) => {
    const { files } = recordLooking({ files: {}, atMs }, forked, unnamed, link(25, fields), close(30, 20, 3));

    expect(files.map(({ path, inode, warnings }) => [path, inode, warnings])).toEqual([
      ['/srv/linked', '7', ['it was written under no name until it was linked under this one']],
    ]);
  });

  it('had none when it was linked', () => {
    const byDescriptor = link(25, { fd: 3, file: { path: null, pathResolved: false, dirfd: null } });
    const { operations } = recordLooking({ files: {}, atMs }, forked, unnamed, byDescriptor, close(30, 20, 3));

    expect(operations.map(({ path, toPath }) => [path, toPath])).toEqual([[null, '/srv/linked']]);
  });

  it('keeps the first of its names', () => {
    const again = link(26, { to: { path: '/srv/again', pathResolved: true, dirfd: null } });
    const { files } = recordLooking({ files: {}, atMs }, forked, unnamed, link(25, {}), again, close(30, 20, 3));

    expect(files.map(({ path }) => path)).toEqual(['/srv/linked']);
  });

  it('is not named by a link of another descriptor, or of another process', () => {
    const otherFd = link(25, { file: { path: '/proc/self/fd/4', pathResolved: true, dirfd: null } });
    const otherProcess = link(26, { file: { path: '/proc/30/fd/3', pathResolved: true, dirfd: null } });
    const { files } = recordLooking({ files: {}, atMs }, forked, unnamed, otherFd, otherProcess, close(30, 20, 3));

    expect(files.map(({ path }) => path)).toEqual([null]);
  });
});

describe('an operation on a descriptor that nothing told of', () => {
  it('has the path that /proc shows, also of a file that is only read', () => {
    const chmod = operation(21, 20, {
      operation: 'chmod',
      fd: 5,
      file: { path: null, pathResolved: false, dirfd: null },
      inode: '7',
    });
    const { operations, files } = recordLooking(
      { files: { '20:5': found({ access: 'read', flags: 0 }) }, atMs },
      forked,
      chmod,
    );

    expect(operations).toEqual([expect.objectContaining({ path: '/srv/received', pathResolved: true, fd: 5 })]);
    expect(files).toEqual([]);
  });
});

describe('what else had been open when the listener started', () => {
  const others = [{ fd: 1, closeOnExec: false }];
  const running: SnapshotEvent = snapshot(100, { tgid: 20, others });

  it('need not be looked up, by children neither', () => {
    const { asked, counters } = recordLooking(
      { files: { '20:1': pipe, '40:1': pipe }, atMs },
      running,
      write(110, 20, 1, 6),
      fork(120, { tgid: 40, parentTgid: 20 }),
      cloned(120, 20, 40),
      write(130, 40, 1, 6),
    );

    expect([asked, counters.writesElsewhere]).toEqual([[], 2]);
  });

  it('is forgotten where the number had been given away before', () => {
    const { asked } = recordLooking({ files: { '20:1': pipe }, atMs }, running, close(50, 20, 1), write(110, 20, 1, 6));

    expect(asked).toEqual(['20:1']);
  });
});

it('the time of a session that was found is that of the look', () => {
  const { fds } = recordLooking(
    { files: { '20:5': found() }, atMs },
    forked,
    write(21, 20, 5, 6),
    checkpoint(600),
    checkpoint(atMs + 3_000),
  );

  expect(fds.map(({ opened, checkpoint: at }) => [opened, at])).toEqual([
    [isoTime(nsAt(atMs)), isoTime(nsAt(atMs + 3_000))],
  ]);
});
