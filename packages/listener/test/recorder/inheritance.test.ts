import { describe, expect, it } from 'vitest';
import { cloned, close, dup, exec, exit, fork, keyOf, open, write } from '../support/events.ts';
import { closed, fileSession, record, writes } from '../support/recording.ts';

/** 20 is the parent, 30 its child. */
const parent = fork(10, { tgid: 20, parentTgid: 1 });
const child = fork(50, { tgid: 30, parentTgid: 20 });
const session = (fields: object) => fileSession(20, 20, 10, fields);
const parentKey = keyOf(20, 10);
const childKey = keyOf(30, 50);

describe('an inherited descriptor', () => {
  it('writes to the session of the parent, each process counted apart, up to the last holder’s exit', () => {
    const { files } = record(
      parent,
      open(20, 20),
      write(21, 20, 3, 6),
      child,
      cloned(50, 20, 30),
      write(60, 30, 3, 10),
      write(61, 20, 3, 1),
      close(62, 20, 3),
      exit(75, { tgid: 30 }),
    );

    expect(files).toEqual([
      session({
        writes: writes(3, 17, 21, 61),
        writers: [
          { key: parentKey, ...writes(2, 7, 21, 61) },
          { key: childKey, ...writes(1, 10, 60, 60) },
        ],
        ...closed(75, 'exit'),
      }),
    ]);
  });

  it('is closed by the parent that waited for its child, though the stamp of the close lags behind the exit', () => {
    const { files } = record(parent, open(20, 20), child, cloned(50, 20, 30), close(70, 20, 3), exit(72, { tgid: 30 }));

    expect(files).toEqual([session(closed(72, 'close'))]);
  });

  it('is closed by the exit of the process that closed another descriptor of it just before', () => {
    const { files } = record(parent, open(20, 20), dup(21, 20, 3, 1), close(22, 20, 3), exit(24, { tgid: 20 }));

    expect(files).toEqual([session(closed(24, 'exit'))]);
  });

  it('closed by both ends with the later close, whichever is told last', () => {
    const { files } = record(parent, open(20, 20), child, cloned(50, 20, 30), close(72, 30, 3), close(71, 20, 3));

    expect(files).toEqual([session(closed(72, 'close'))]);
  });

  it('goes with the child’s exec where it is close-on-exec, and stays with the parent', () => {
    const { files } = record(
      parent,
      open(20, 20, { closeOnExec: true }),
      child,
      cloned(50, 20, 30),
      exec(60, 30),
      write(61, 30, 3, 100),
      write(62, 20, 3, 1),
      close(63, 20, 3),
    );

    expect(files).toEqual([
      session({
        writes: writes(1, 1, 62, 62),
        writers: [{ key: parentKey, ...writes(1, 1, 62, 62) }],
        ...closed(63, 'close'),
      }),
    ]);
  });

  it('goes on to grandchildren', () => {
    const { files } = record(
      parent,
      open(20, 20),
      child,
      fork(55, { tgid: 40, parentTgid: 30 }),
      write(60, 40, 3, 5),
      close(61, 20, 3),
      exit(72, { tgid: 30 }),
      exit(73, { tgid: 40 }),
    );

    expect(files).toEqual([
      session({
        writes: writes(1, 5, 60, 60),
        writers: [{ key: keyOf(40, 55), ...writes(1, 5, 60, 60) }],
        ...closed(73, 'exit'),
      }),
    ]);
  });
});
