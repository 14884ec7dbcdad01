import { describe, expect, it } from 'vitest';
import { close, fork, open, operation } from '../support/events.ts';
import { record } from '../support/recording.ts';

const forked = fork(10, { tgid: 20, parentTgid: 1 });
const opened = open(20, 20);
const at = (path: string) => ({ path, pathResolved: true, dirfd: null });
const pathOf = (path: string) =>
  record(
    forked,
    opened,
    operation(30, 20, { operation: 'chmod', file: at(path), mode: 0o600 } as never),
  ).operations.map((one) => [one.path, one.fd]);

describe('a name in /proc', () => {
  it.each(['/proc/self/fd/3', '/proc/thread-self/fd/3', '/proc/20/fd/3', '/dev/fd/3'])(
    '%s leads to what the descriptor refers to',
    (path) => {
      expect(pathOf(path)).toEqual([['/srv/out', 3]]);
    },
  );

  it.each(['/proc/21/fd/3', '/proc/self/fd/3/', '/proc/self/fdinfo/3', '/srv/proc/self/fd/3'])(
    '%s is none of a descriptor of the process',
    (path) => {
      expect(pathOf(path)).toEqual([[path, undefined]]);
    },
  );

  it('names the file by its own name when it is opened again', () => {
    const again = [open(30, 20, { fd: 4, path: '/proc/self/fd/3' }), open(31, 20, { fd: 5, path: '/proc/self/fd/9' })];
    const other = open(32, 20, { fd: 6, path: '/proc/self/fd/3', inode: '43' });
    const { files } = record(forked, opened, ...again, other, close(40, 20, 4), close(41, 20, 5), close(42, 20, 6));

    expect(files.map(({ path }) => path)).toEqual(['/srv/out', '/proc/self/fd/9', '/proc/self/fd/3']);
  });
});
