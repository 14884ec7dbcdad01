import { describe, expect, it } from 'vitest';
import { became, cloned, close, closeRange, exec, exit, fork, keyOf, open, unshare, write } from '../support/events.ts';
import { recordLooking } from '../support/looking.ts';
import { closed, record } from '../support/recording.ts';

/** 20 is the parent, 30 its child, which shares its descriptors. */
const parent = fork(10, { tgid: 20, parentTgid: 1 });
const child = fork(50, { tgid: 30, parentTgid: 20 });
const filesFlag = 0x400;
const sharing = cloned(50, 20, 30, { flags: filesFlag | 17 });
const second = { path: '/srv/second', fd: 4 } as const;
const told = (files: readonly { path: string | null; key: string; closedBy: unknown; writers: readonly unknown[] }[]) =>
  files.map(({ path, key, closedBy, writers }) => [path, key, closedBy, writers.length]);
const [parentKey, childKey] = [keyOf(20, 10), keyOf(30, 50)];

describe('processes that share their descriptors', () => {
  it('write to and close what the other one opened', () => {
    const { files } = record(
      parent,
      open(20, 20),
      child,
      sharing,
      open(60, 30, second),
      write(61, 20, 4, 6),
      write(62, 30, 4, 6),
      close(63, 20, 4),
      close(64, 30, 3),
    );

    expect(told(files)).toEqual([
      ['/srv/second', childKey, 'close', 2],
      ['/srv/out', parentKey, 'close', 0],
    ]);
  });

  it('keep them until the last of them has ended', () => {
    const { files } = record(parent, open(20, 20), child, sharing, exit(70, { tgid: 20 }), exit(80, { tgid: 30 }));

    expect(files).toEqual([expect.objectContaining({ path: '/srv/out', ...closed(80, 'exit') })]);
  });

  it.each([
    ['an exec', exec(60, 30)],
    ['unshare', unshare(60, 30, filesFlag)],
  ])('have their own after %s', (_, event) => {
    const { files } = record(
      parent,
      open(20, 20),
      child,
      sharing,
      event,
      close(61, 30, 3),
      write(62, 20, 3, 6),
      close(70, 20, 3),
    );

    expect(files).toEqual([expect.objectContaining({ path: '/srv/out', ...closed(70, 'close') })]);
  });

  it('lose by an exec what is close-on-exec in the one that executed alone', () => {
    const { files } = record(
      parent,
      open(20, 20, { closeOnExec: true }),
      child,
      sharing,
      exec(60, 30),
      write(62, 20, 3, 6),
      close(70, 20, 3),
    );

    expect(files).toEqual([expect.objectContaining({ ...closed(70, 'close') })]);
  });

  it('have their own before a close_range that unshares them', () => {
    const { files } = record(
      parent,
      open(20, 20),
      child,
      sharing,
      closeRange(60, 30, 3, 9, { unshares: true }),
      write(62, 20, 3, 6),
      close(70, 20, 3),
    );

    expect(files).toEqual([expect.objectContaining({ ...closed(70, 'close') })]);
  });

  it('share them from the beginning where the child is told of before its parent’s call is over', () => {
    const { files } = record(
      parent,
      open(20, 20),
      child,
      close(51, 30, 3),
      open(52, 30, second),
      sharing,
      write(60, 20, 4, 6),
      close(61, 20, 4),
    );

    expect(told(files)).toEqual([
      ['/srv/out', parentKey, 'close', 0],
      ['/srv/second', childKey, 'close', 1],
    ]);
    expect(files[0]).toMatchObject(closed(51, 'close'));
  });

  it('do not where the child executed something before', () => {
    const { files } = record(
      parent,
      open(20, 20),
      child,
      exec(51, 30),
      sharing,
      close(60, 30, 3),
      write(61, 20, 3, 6),
      close(70, 20, 3),
    );

    expect(files).toEqual([expect.objectContaining({ ...closed(70, 'close') })]);
  });

  it('may be three', () => {
    const { files } = record(
      parent,
      child,
      sharing,
      fork(60, { tgid: 40, parentTgid: 20 }),
      cloned(60, 20, 40, { flags: filesFlag }),
      open(61, 40),
      exit(70, { tgid: 40 }),
      exit(71, { tgid: 20 }),
      close(80, 30, 3),
    );

    expect(files).toEqual([expect.objectContaining({ key: keyOf(40, 60), ...closed(80, 'close') })]);
  });
});

describe('after clone3, whose flags are not told', () => {
  const hidden = cloned(50, 20, 30, { flags: null });

  it('the kernel is asked whether they share their descriptors', () => {
    const { files, asked } = recordLooking(
      { files: {}, atMs: 60, sharing: [30] },
      parent,
      open(20, 20),
      child,
      hidden,
      close(61, 30, 3),
    );

    expect(asked).toEqual(['30=20']);
    expect(told(files)).toEqual([['/srv/out', parentKey, 'close', 0]]);
  });

  it('they have their own where it says no', () => {
    const { files } = recordLooking({ files: {}, atMs: 60 }, parent, open(20, 20), child, hidden, close(61, 30, 3));

    expect(files).toEqual([]);
  });

  it('it is not asked of a child that executed something, or has ended', () => {
    const { asked } = recordLooking(
      { files: {}, atMs: 60, sharing: [30] },
      parent,
      child,
      became(55, { tgid: 30 }),
      hidden,
      fork(60, { tgid: 40, parentTgid: 20 }),
      exit(65, { tgid: 40 }),
      cloned(60, 20, 40, { flags: null }),
    );

    expect(asked).toEqual([]);
  });
});
