import { describe, expect, it } from 'vitest';
import { close, closeRange, dup, exec, exit, fork, keyOf, open, setFlags, write } from '../support/events.ts';
import { closed, fileSession, record, writes } from '../support/recording.ts';

const forked = fork(10, { tgid: 20, parentTgid: 1 });
const key = keyOf(20, 10);
const session = (fields: object) => fileSession(20, 20, 10, fields);
const wrote = (count: number, bytes: number, first: number, last: number) => ({
  writes: writes(count, bytes, first, last),
  writers: [{ key, ...writes(count, bytes, first, last) }],
});

describe('a file session', () => {
  it('goes from open to close, with its writes counted', () => {
    const { files, fds } = record(
      forked,
      open(20, 20),
      write(21, 20, 3, 6),
      write(22, 20, 3, 4096),
      write(23, 20, 3, 1),
      close(30, 20, 3),
    );

    expect(files).toEqual([session({ ...wrote(3, 4103, 21, 23), ...closed(30, 'close') })]);
    expect(fds).toEqual([]);
  });

  it('of a shell’s redirection ends when the descriptor that stood in for standard output is given back', () => {
    const { files } = record(
      forked,
      dup(18, 20, 1, 10, { replaces: false, closeOnExec: true }),
      open(20, 20),
      dup(21, 20, 3, 1),
      close(22, 20, 3),
      write(23, 20, 1, 6),
      dup(24, 20, 10, 1),
      close(25, 20, 10),
    );

    expect(files).toEqual([session({ ...wrote(1, 6, 23, 23), ...closed(24, 'dup') })]);
  });

  it('lives as long as any of its descriptors', () => {
    const { files } = record(
      forked,
      open(20, 20),
      dup(21, 20, 3, 4, { replaces: false }),
      close(22, 20, 3),
      write(23, 20, 4, 6),
      write(24, 20, 3, 100),
      close(25, 20, 4),
    );

    expect(files).toEqual([session({ ...wrote(1, 6, 23, 23), ...closed(25, 'close') })]);
  });

  it('is not ended by a dup2 onto itself', () => {
    const { files } = record(forked, open(20, 20), dup(21, 20, 3, 3), close(22, 20, 3));

    expect(files).toEqual([session(closed(22, 'close'))]);
  });

  it('is ended by a dup2 of a descriptor that is not recorded', () => {
    const { files } = record(forked, open(20, 20), dup(21, 20, 7, 3), write(22, 20, 3, 6));

    expect(files).toEqual([session(closed(21, 'dup'))]);
  });

  it('whose close was missed ends when its number is given out again', () => {
    const { files } = record(
      forked,
      open(20, 20),
      open(30, 20, { path: '/srv/other' }),
      dup(40, 20, 5, 3, { replaces: false }),
    );

    expect(files).toEqual([
      session(closed(30, 'unseen')),
      fileSession(30, 20, 10, { path: '/srv/other', ...closed(40, 'unseen') }),
    ]);
  });

  it('ends with its process', () => {
    const { files } = record(forked, open(20, 20), write(21, 20, 3, 6), exit(30, { tgid: 20 }));

    expect(files).toEqual([session({ ...wrote(1, 6, 21, 21), ...closed(30, 'exit') })]);
  });

  it('ends with an exec if it was opened close-on-exec, but not with a failed one', () => {
    const { files } = record(
      forked,
      open(20, 20, { closeOnExec: true, flags: 0o2001101 }),
      open(21, 20, { fd: 4 }),
      exec(25, 20, { success: false, exit: -2 }),
      exec(30, 20),
    );

    expect(files).toEqual([session({ flags: 0o2001101, ...closed(30, 'exec') })]);
  });

  it('ends with an exec by the mark that a descriptor has at that time', () => {
    const cloexec = { closeOnExec: true };
    const { files } = record(
      forked,
      open(20, 20, cloexec),
      open(21, 20, { fd: 4 }),
      open(22, 20, { fd: 5, ...cloexec }),
      open(23, 20, { fd: 6 }),
      setFlags(24, 20, 3, false),
      setFlags(25, 20, 4, true),
      setFlags(26, 20, 99, true),
      dup(27, 20, 5, 8, { replaces: false }),
      dup(28, 20, 6, 9, cloexec),
      close(29, 20, 6),
      exec(30, 20),
    );

    expect(files.map(({ fd, closedBy }) => [fd, closedBy])).toEqual([
      [4, 'exec'],
      [6, 'exec'],
    ]);
  });

  it('ends with a close_range that its descriptor lies in, both ends included', () => {
    const { files } = record(
      forked,
      ...[3, 4, 5, 6].map((fd) => open(20 + fd, 20, { fd })),
      closeRange(30, 20, 4, 5),
      closeRange(40, 20, 6, 4294967295),
    );

    expect(files.map(({ fd, closedBy, closedNs }) => [fd, closedBy, closedNs])).toEqual([
      [4, 'close', closed(30, 'close').closedNs],
      [5, 'close', closed(30, 'close').closedNs],
      [6, 'close', closed(40, 'close').closedNs],
    ]);
  });

  it('ends with the next exec where a close_range has only marked it', () => {
    const { files } = record(
      forked,
      open(20, 20),
      open(21, 20, { fd: 4 }),
      closeRange(22, 20, 3, 3, { onExec: true }),
      exec(30, 20),
    );

    expect(files).toEqual([session(closed(30, 'exec'))]);
  });

  it('is one of several with the same name and number', () => {
    const { files } = record(forked, open(20, 20), close(21, 20, 3), open(22, 20), close(23, 20, 3), close(24, 20, 3));

    expect(files).toEqual([session(closed(21, 'close')), fileSession(22, 20, 10, closed(23, 'close'))]);
  });

  it('is not begun by an open that can change nothing, though it takes the number', () => {
    const reading = { flags: 0, access: 'read', truncates: false, created: false } as const;
    const path = { flags: 0o10000001, access: 'write' } as const;
    const { files, fds } = record(forked, open(20, 20), open(21, 20, reading), close(22, 20, 3), open(23, 20, path));

    expect(files).toEqual([session(closed(21, 'unseen'))]);
    expect(fds).toEqual([]);
  });

  it('is begun by an open whose flags are not known', () => {
    const unknown = {
      flags: null,
      access: 'unknown',
      truncates: false,
      warnings: ['the flags are not known'],
    } as const;
    const { files } = record(forked, open(20, 20, unknown), close(21, 20, 3));

    expect(files).toEqual([
      session({ flags: null, access: 'unknown', warnings: ['the flags are not known'], ...closed(21, 'close') }),
    ]);
  });

  it('keeps a name that is not resolved, with the directory it hangs on', () => {
    const { files } = record(
      forked,
      open(20, 20, { path: 'x', pathResolved: false, dirfd: 7 }),
      close(21, 20, 3),
      open(22, 20, { path: null, pathResolved: false, dev: null, inode: null, fileType: 'unknown' }),
      close(23, 20, 3),
    );

    expect(files).toEqual([
      session({ path: 'x', pathResolved: false, dirfd: 7, ...closed(21, 'close') }),
      fileSession(22, 20, 10, {
        path: null,
        pathResolved: false,
        dev: null,
        inode: null,
        fileType: 'unknown',
        ...closed(23, 'close'),
      }),
    ]);
  });

  it('keeps the bytes of a path that is not UTF-8', () => {
    const { files } = record(forked, open(20, 20, { path: '/srv/bad\xff' }), close(21, 20, 3));

    expect(files).toEqual([session({ path: '/srv/bad\ufffd', pathHex: '2f7372762f626164ff', ...closed(21, 'close') })]);
  });

  it('has the container of the process that opened it', () => {
    const containerId = 'c'.repeat(64);
    const proc = { startTicks: 5001, containerId };
    const { files } = record(fork(10, { tgid: 20, parentTgid: 1, proc }), open(20, 20), close(21, 20, 3));

    expect(files).toEqual([session({ containerId, ...closed(21, 'close') })]);
  });
});

describe('a write', () => {
  it('that moved no byte is none', () => {
    const { files } = record(forked, open(20, 20), write(21, 20, 3, 0), close(22, 20, 3));

    expect(files).toEqual([session(closed(22, 'close'))]);
  });

  it('told out of order still has its place between first and last', () => {
    const { files } = record(forked, open(20, 20), write(25, 20, 3, 1), write(21, 20, 3, 1), close(30, 20, 3));

    expect(files).toEqual([session({ ...wrote(2, 2, 21, 25), ...closed(30, 'close') })]);
  });
});
