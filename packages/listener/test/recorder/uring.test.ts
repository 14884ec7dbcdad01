import { describe, expect, it } from 'vitest';
import type {
  UringChangeEvent,
  UringCloseEvent,
  UringDescriptor,
  UringFile,
  UringFoundEvent,
  UringOpenEvent,
  UringSetupEvent,
} from '../../src/events.ts';
import {
  baseMs,
  caller,
  checkpoint,
  cloned,
  close,
  exec,
  exit,
  fork,
  keyOf,
  nsAt,
  open,
  operation,
  snapshot,
  ticksAt,
  write,
} from '../support/events.ts';
import { record } from '../support/recording.ts';

/** A worker of the kernel tells no program. */
const worker = caller(20, { comm: null, exe: null, auid: Number.NaN, ses: Number.NaN });
const origin = (ms: number) => ({ ms: baseMs + ms, serial: ms, caller: worker });
const setup = (ms: number): UringSetupEvent => ({ kind: 'uring-setup', ...origin(ms), caller: caller(20) });
const uringClose = (ms: number): UringCloseEvent => ({ kind: 'uring-close', ...origin(ms) });
const change = (ms: number): UringChangeEvent => ({ kind: 'uring-change', operation: 'ftruncate', ...origin(ms) });
const file = (fields: Partial<UringFile> = {}): UringFile => ({
  ...{ path: null, pathResolved: false, created: true, dev: 'fe:00', inode: '42', fileType: 'regular' },
  ...fields,
});
const uringOpen = (ms: number, ...files: readonly UringFile[]): UringOpenEvent => ({
  ...{ kind: 'uring-open', files, ...origin(ms), warnings: ['as the call tells'] },
});
const descriptor = (fields: Partial<UringDescriptor> = {}): UringDescriptor => ({
  ...{ fd: 5, path: '/srv/new', flags: 0o2, dev: 'fe:00', inode: '42' },
  ...fields,
});
const found = (ms: number, ...descriptors: readonly UringDescriptor[]): UringFoundEvent => ({
  ...{ kind: 'uring-found', timeNs: nsAt(ms), tgid: 20, startTicks: ticksAt(10), descriptors },
});

const forked = fork(10, { tgid: 20, parentTgid: 1 });
const writesUnseen = 'its process used io_uring, whose writes audit does not tell: there may be more than are counted';

describe('a process that uses io_uring', () => {
  it('is said once, by whatever it is known from first', () => {
    const own = { kind: 'io-uring', key: keyOf(20, 10), tgid: 20, containerId: null };

    expect(record(forked, setup(20), setup(21), uringClose(22)).events).toMatchObject([
      { ...own, _id: `${keyOf(20, 10)}:io-uring`, timeNs: nsAt(20), data: { seen: 'setup' } },
    ]);
    expect(record(forked, operation(20, 20, { byUring: true })).events).toMatchObject([
      { ...own, data: { seen: 'operation' } },
    ]);
    expect(record(snapshot(5, { tgid: 20, ioUring: true }), setup(20)).events).toMatchObject([
      { kind: 'io-uring', timeNs: nsAt(5), data: { seen: 'snapshot' } },
    ]);
  });

  it('may have written more to its files than is counted: those before the ring and behind it', () => {
    const { files } = record(
      forked,
      open(20, 20, { fd: 3 }),
      setup(21),
      open(22, 20, { fd: 4 }),
      write(23, 20, 4, 6),
      close(24, 20, 3),
      close(25, 20, 4),
    );

    expect(files.map(({ fd, writes, warnings }) => [fd, writes.count, warnings])).toEqual([
      [3, 0, [writesUnseen]],
      [4, 1, [writesUnseen]],
    ]);
  });

  it('has no ring any more when it has executed another program, nor has a child', () => {
    const { files } = record(
      forked,
      setup(20),
      exec(21, 20),
      open(22, 20, { fd: 3 }),
      close(23, 20, 3),
      setup(24),
      fork(30, { tgid: 21, parentTgid: 20 }),
      cloned(30, 20, 21),
      open(31, 21, { fd: 3 }),
      close(32, 21, 3),
    );

    expect(files.map(({ warnings }) => warnings)).toEqual([undefined, undefined]);
  });

  it('says so of files that stay open, too', () => {
    const { fds } = record(forked, open(20, 20, { fd: 3 }), checkpoint(21), setup(22), checkpoint(23));

    expect(fds.map(({ warnings }) => warnings)).toEqual([undefined, [writesUnseen]]);
  });

  it('may have closed any of its files where it closed one by io_uring', () => {
    const { files } = record(
      forked,
      setup(20),
      open(21, 20, { fd: 3 }),
      uringClose(22),
      uringClose(23),
      open(24, 20, { fd: 4 }),
      exit(30, { tgid: 20 }),
    );

    expect(files.map(({ fd, warnings }) => [fd, warnings?.length, warnings?.[1]?.slice(0, 39)])).toEqual([
      [3, 2, 'its process closed a file by io_uring, '],
      [4, 1, undefined],
    ]);
  });

  it('changed a file that is not told', () => {
    expect(record(forked, setup(20), change(21)).events[1]).toMatchObject({
      _id: `boot:audit:${baseMs + 21}.21`,
      kind: 'io-uring',
      data: { operation: 'ftruncate' },
    });
  });
});

describe('a file that io_uring opened', () => {
  it('has a session that ends at once where no descriptor is known, with the program that the process is', () => {
    const { files } = record(forked, exec(15, 20), uringOpen(20, file()), write(21, 20, 5, 9));

    expect(files).toMatchObject([
      {
        _id: `boot:audit:${baseMs + 20}.20`,
        ...{ path: null, pathResolved: false, dev: 'fe:00', inode: '42', created: true },
        ...{ fd: -1, flags: null, access: 'unknown', comm: 'sh', exe: '/bin/sh' },
        ...{ openedNs: nsAt(20), closedNs: nsAt(20), closedBy: 'unseen' },
        warnings: ['as the call tells'],
      },
    ]);
  });

  it('is one of several of the same call, each with an id of its own', () => {
    const { files } = record(forked, uringOpen(20, file(), file({ inode: '43', path: 'b' })));

    expect(files.map(({ fileSessionId, inode, path }) => [fileSessionId, inode, path])).toEqual([
      [`boot:audit:${baseMs + 20}.20`, '42', null],
      [`boot:audit:${baseMs + 20}.20.1`, '43', 'b'],
    ]);
  });

  it('is followed where /proc shows the one descriptor of it that can write', () => {
    const { files } = record(
      forked,
      setup(19),
      found(20, descriptor(), descriptor({ fd: 6, inode: '50' })),
      uringOpen(20, file()),
      write(21, 20, 5, 9),
      close(22, 20, 5),
    );

    expect(files).toMatchObject([
      {
        ...{ path: '/srv/new', pathResolved: true, fd: 5, flags: 0o2, access: 'readwrite', created: true },
        ...{ closedNs: nsAt(22), closedBy: 'close', writes: { count: 1, bytes: 9 } },
        warnings: [
          'opened by io_uring, which does not tell how: descriptor, path and flags are what /proc showed a moment later',
          writesUnseen,
        ],
      },
    ]);
  });

  it('gives its descriptor an end that was not seen', () => {
    const { files } = record(
      forked,
      open(15, 20, { fd: 5, inode: '7' }),
      found(20, descriptor()),
      uringOpen(20, file()),
      exit(30, { tgid: 20 }),
    );

    expect(files.map(({ inode, closedBy }) => [inode, closedBy])).toEqual([
      ['7', 'unseen'],
      ['42', 'exit'],
    ]);
  });

  it('is not taken for what was opened before, nor for one of two, nor for one that only reads', () => {
    const before = open(15, 20, { fd: 5 });
    const told = (...descriptors: readonly UringDescriptor[]) =>
      record(forked, before, found(20, ...descriptors), uringOpen(20, file())).files.map(({ fd, path, access }) => [
        fd,
        path,
        access,
      ]);

    expect(told(descriptor())).toEqual([[-1, '/srv/new', 'unknown']]);
    expect(told(descriptor({ fd: 6 }), descriptor({ fd: 7 }))).toEqual([[-1, '/srv/new', 'unknown']]);
    expect(told(descriptor({ fd: 6, flags: 0 }))).toEqual([[-1, '/srv/new', 'unknown']]);
    expect(told(descriptor({ fd: 6, flags: 0 }), descriptor({ fd: 7, path: '/srv/link' }))).toEqual([
      [-1, null, 'unknown'],
    ]);
  });

  it('is not looked for in another life of the process', () => {
    const other = { ...found(20, descriptor()), startTicks: ticksAt(10) + 2 };

    expect(record(forked, other, uringOpen(20, file())).files).toMatchObject([{ fd: -1, path: null }]);
  });
});
