import { describe, expect, it } from 'vitest';
import { cloned, close, dup, exec, exit, fork, open, pipe, write } from '../support/events.ts';
import { found, recordLooking } from '../support/looking.ts';
import { closed, fileSession } from '../support/recording.ts';

const shell = fork(10, { tgid: 20, parentTgid: 1 });
const atMs = 500;

describe('a pipe', () => {
  it('takes the writes of a pipeline’s programs, also of those that are gone before anybody could look', () => {
    const { asked, files, counters } = recordLooking(
      { files: { '30:1': null }, atMs },
      shell,
      pipe(20, 20, [3, 4], true),
      fork(30, { tgid: 30, parentTgid: 20 }),
      cloned(30, 20, 30),
      dup(31, 30, 4, 1),
      exec(32, 30),
      write(33, 30, 1, 100),
      exit(34, { tgid: 30 }),
    );

    expect({ asked, files }).toEqual({ asked: [], files: [] });
    expect(counters).toMatchObject({ writesElsewhere: 1, writesUnresolved: 0 });
  });

  it('whose number is closed is forgotten, as is one that an exec closes', () => {
    const { asked } = recordLooking(
      { files: { '20:4': found(), '20:6': found() }, atMs },
      shell,
      pipe(20, 20, [3, 4]),
      pipe(21, 20, [5, 6], true),
      close(600, 20, 4),
      exec(601, 20),
      write(610, 20, 4, 1),
      write(611, 20, 6, 1),
    );

    expect(asked).toEqual(['20:4', '20:6']);
  });

  it('that gets the number of a file, whose close was not told, ends that', () => {
    const { files } = recordLooking(
      { files: {}, atMs },
      shell,
      open(20, 20, { fd: 4 }),
      pipe(30, 20, [3, 4]),
      write(40, 20, 4, 9),
    );

    expect(files).toEqual([fileSession(20, 20, 10, { fd: 4, ...closed(30, 'unseen') })]);
  });
});
