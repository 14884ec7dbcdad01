import type { FileSessionDocument } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import { cloned, close, exec, exit, fork, keyOf, open, write } from '../support/events.ts';
import { closed, fileSession, record, writes } from '../support/recording.ts';

/** 20 is the parent, 30 its child. */
const parent = fork(10, { tgid: 20, parentTgid: 1 });
const child = fork(50, { tgid: 30, parentTgid: 20 });
const session = (fields: object) => fileSession(20, 20, 10, fields);
const childKey = keyOf(30, 50);
const containerId = 'c'.repeat(64);
const contained = fork(10, { tgid: 20, parentTgid: 1, proc: { startTicks: 5001, containerId } });
/** Another child, before that one. */
const spawned = fork(20, { tgid: 29, parentTgid: 20 });
/** Another one, after it. */
const second = fork(52, { tgid: 31, parentTgid: 20 });
/** What the parent opens before its clone returns. */
const opened = open(45, 20);
/** After which the parent gives it up, and its child writes to it and ends. */
const usedByChild = [close(52, 20, 3), write(60, 30, 3, 5), exit(70, { tgid: 30 })];
const writtenByChild = (ms: number) => ({
  writes: writes(1, 5, ms, ms),
  writers: [{ key: childKey, ...writes(1, 5, ms, ms) }],
});
const writersOf = ({ writers }: FileSessionDocument) => writers.map(({ key }) => key);

/** The connector is ahead of audit: a fork is applied before calls that the parent made before it. */
describe('a fork that is told ahead of the audit events before it', () => {
  it('gives the child what the parent opened before its clone returned, not what it opened after', () => {
    const { files } = record(
      parent,
      child,
      opened,
      cloned(50, 20, 30),
      open(55, 20, { fd: 4, path: '/srv/later' }),
      write(60, 30, 3, 5),
      write(61, 30, 4, 7),
      exit(70, { tgid: 20 }),
      exit(80, { tgid: 30 }),
    );

    expect(files).toEqual([
      fileSession(55, 20, 10, { fd: 4, path: '/srv/later', ...closed(70, 'exit') }),
      fileSession(45, 20, 10, {
        ...writtenByChild(60),
        ...closed(80, 'exit'),
      }),
    ]);
  });

  it('does not give the child what the parent had closed before', () => {
    const { files } = record(parent, open(20, 20), child, close(45, 20, 3), cloned(50, 20, 30), write(60, 30, 3, 5));

    expect(files).toEqual([session(closed(45, 'close'))]);
  });

  it('gives the child of a vfork, whose first call comes before the clone record, what the parent has then', () => {
    const { files } = record(
      parent,
      child,
      opened,
      write(55, 30, 3, 5),
      exec(56, 30),
      cloned(50, 20, 30),
      open(58, 20, { fd: 4, path: '/srv/later' }),
      exit(60, { tgid: 30 }),
      exit(70, { tgid: 20 }),
    );

    expect(files.map((file) => [file.path, file.closedBy, writersOf(file)])).toEqual([
      ['/srv/out', 'exit', [childKey]],
      ['/srv/later', 'exit', []],
    ]);
    expect(files[0]).toMatchObject(closed(70, 'exit'));
  });

  it('is not taken for the fork before it, whose child spoke before its clone record', () => {
    const { files } = record(
      parent,
      spawned,
      child,
      exec(25, 29),
      cloned(20, 20, 29),
      opened,
      cloned(50, 20, 30),
      ...usedByChild,
    );

    expect(files.map((file) => [writersOf(file), file.closedBy])).toEqual([[[childKey], 'exit']]);
  });

  describe('inside a container, where clone returns a number of its own', () => {
    it('is the child that was forked first', () => {
      const { files } = record(
        contained,
        child,
        second,
        opened,
        cloned(50, 20, 7),
        close(51, 20, 3),
        cloned(52, 20, 8),
        write(60, 30, 3, 5),
        write(61, 31, 3, 9),
        exit(70, { tgid: 30 }),
      );

      expect(files).toEqual([
        fileSession(45, 20, 10, {
          containerId,
          ...writtenByChild(60),
          ...closed(70, 'exit'),
        }),
      ]);
    });

    it('is not taken for the fork before it, whose child spoke before its clone record', () => {
      const { files } = record(
        contained,
        spawned,
        child,
        exec(25, 29),
        cloned(20, 20, 7),
        opened,
        cloned(50, 20, 8),
        ...usedByChild,
      );

      expect(files.map((file) => [writersOf(file), file.closedBy])).toEqual([[[childKey], 'exit']]);
    });
  });

  it('is not concluded from a clone record of the host that names another number', () => {
    const { files } = record(parent, child, cloned(20, 20, 29), opened, cloned(50, 20, 30), ...usedByChild);

    expect(files.map(writersOf)).toEqual([[childKey]]);
  });

  it('is not concluded from the clone record of a thread', () => {
    const { files } = record(
      contained,
      fork(15, { tgid: 20, pid: 21, parentTgid: 20 }),
      child,
      cloned(15, 20, 21),
      opened,
      cloned(50, 20, 7),
      ...usedByChild,
    );

    expect(files.map(writersOf)).toEqual([[childKey]]);
  });

  it('takes the child that clone returned, where the host’s numbers are seen', () => {
    const { files } = record(
      parent,
      child,
      second,
      opened,
      cloned(52, 20, 31),
      close(53, 20, 3),
      write(61, 31, 3, 9),
      exit(70, { tgid: 31 }),
    );

    expect(files.map(({ writes: { bytes } }) => bytes)).toEqual([9]);
  });

  it('gives the child its share even when the parent ends before any clone record', () => {
    const { files } = record(
      parent,
      open(20, 20),
      child,
      exit(60, { tgid: 20 }),
      write(65, 30, 3, 5),
      exit(70, { tgid: 30 }),
    );

    expect(files).toEqual([
      session({
        ...writtenByChild(65),
        ...closed(70, 'exit'),
      }),
    ]);
  });

  it('gives every child its share however many clone records were lost', () => {
    const children = Array.from({ length: 300 }, (_, index) =>
      fork(50, { tgid: 100 + index, parentTgid: 20, seq: index }),
    );
    const { files } = record(
      parent,
      open(20, 20),
      ...children,
      close(60, 20, 3),
      ...children.map(({ tgid }, index) => write(70 + index, tgid, 3, 1)),
      ...children.map(({ tgid }) => exit(900, { tgid })),
    );

    expect(files.map(({ writers, closedNs }) => [writers.length, closedNs])).toEqual([
      [44, closed(900, 'exit').closedNs],
    ]);
  });

  it('gives a child that makes no call of its own nothing to keep open after its exit', () => {
    const { files } = record(parent, child, opened, exit(60, { tgid: 30 }), close(65, 20, 3));

    expect(files).toEqual([fileSession(45, 20, 10, closed(65, 'close'))]);
  });
});
