import { moment } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import type { FileLookEvent, PipelineEvent, SeenFile } from '../../src/events.ts';
import type { FileQuestion } from '../../src/recorder/mapped-sessions.ts';
import { Recorder } from '../../src/recorder/recorder.ts';
import {
  checkpoint,
  close,
  exec,
  exit,
  fork,
  keyOf,
  map,
  nsAt,
  open,
  operation,
  sessionEnd,
  sessionStart,
  snapshot,
  write,
} from '../support/events.ts';
import { byAudit, closed, fileSession, recordFrom, sorted } from '../support/recording.ts';

const id = byAudit(20)._id;
const key = keyOf(20, 10);
const child = keyOf(30, 40);
const forked = fork(10, { tgid: 20, parentTgid: 1 });
const opened = open(20, 20, { flags: 0o2, access: 'readwrite', truncates: false, created: false });
/** From an open of a file that was there to its close, mapped at 25. */
const mapped = [forked, opened, map(25, 20, 3), close(30, 20, 3)];
const gone = exit(60, { tgid: 20 });

const unchanged: SeenFile = {
  ...{ size: 8192, mtimeNs: nsAt(-5), ctimeNs: nsAt(-5), birthNs: nsAt(-9) },
  ...{ fileSystem: 'ext4', tellsStores: true },
};
const stored = { ...unchanged, mtimeNs: nsAt(26), ctimeNs: nsAt(26) };
const look = (ms: number, found: Partial<SeenFile> | null, reason: string | null = null): FileLookEvent => ({
  ...{ kind: 'file-look', timeNs: nsAt(ms), fileSessionId: id },
  ...{ found: found === null ? null : { ...unchanged, ...found }, reason },
});

function told(...events: readonly PipelineEvent[]) {
  const questions: FileQuestion[] = [];
  const entries: Parameters<ConstructorParameters<typeof Recorder>[0]>[0][] = [];
  const recorder = new Recorder(
    (entry) => entries.push(entry),
    null,
    (question) => questions.push(question),
  );
  for (const event of [sessionStart(), ...events]) recorder.apply(event);
  return { questions, ...sorted(entries) };
}

/** What is said of the mapping at 25. */
const mapping = (written: boolean | null, unknownBecause?: string, fields: object = {}) => ({
  ...{ count: 1, firstNs: moment(nsAt(25)).timeNs, first: moment(nsAt(25)).time },
  ...{ lastNs: moment(nsAt(25)).timeNs, last: moment(nsAt(25)).time, writable: true, keys: [key], written },
  ...(unknownBecause !== undefined && { unknownBecause }),
  ...fields,
});
const session = (fields: object) =>
  fileSession(20, 20, 10, { flags: 0o2, access: 'readwrite', created: false, ...closed(30, 'close'), ...fields });
const verdict = ({ files }: ReturnType<typeof told>) =>
  files.map((file) => [file.mapped?.written, file.mapped?.unknownBecause]);

const explained = 'a recorded change of the file may be what its times tell of';
const timesSet = 'its times were set by a call';

describe('a session that was mapped', () => {
  it('is looked at when its last descriptor is gone, and written down when it is seen to have been written', () => {
    const { questions, files } = told(...mapped, look(31, stored));

    expect(questions).toEqual([
      { fileSessionId: id, path: '/srv/out', dev: 'fe:00', inode: '42', tgids: [20, 1], roots: ['/'] },
    ]);
    expect(files).toEqual([session({ mapped: mapping(true) })]);
  });

  it('is looked at again when its process has ended, for it may be written until then', () => {
    const { questions, files } = told(...mapped, look(31, unchanged), gone, look(61, { ...stored, ctimeNs: nsAt(50) }));

    expect(questions).toHaveLength(2);
    expect(files).toEqual([session({ mapped: mapping(true) })]);
  });

  it('and whose times are from before the mapping was not written', () => {
    expect(verdict(told(...mapped, look(31, unchanged), gone, look(61, unchanged)))).toEqual([[false, undefined]]);
  });

  it('is over with an exec too', () => {
    expect(verdict(told(...mapped, look(31, unchanged), exec(40, 20), look(41, unchanged)))).toEqual([
      [false, undefined],
    ]);
  });

  it('is asked for once where the process ends before it was looked at, and then once more', () => {
    const { questions, files } = told(...mapped, gone, look(61, unchanged), look(62, unchanged));

    expect(questions).toHaveLength(2);
    expect(files).toEqual([session({ mapped: mapping(false) })]);
  });

  it('and that ends with its process is looked at once', () => {
    const { questions, files } = told(forked, opened, map(25, 20, 3), gone, look(61, stored));

    expect(questions).toHaveLength(1);
    expect(files).toEqual([session({ ...closed(60, 'exit'), mapped: mapping(true) })]);
  });

  it('is held by children who got it from their parent', () => {
    const events = [forked, opened, map(25, 20, 3), close(30, 20, 3), fork(40, { tgid: 30, parentTgid: 20 })];
    const ended = [gone, exit(70, { tgid: 30 })];
    const { questions, files } = told(...events, look(41, unchanged), ...ended, look(71, stored));

    expect(questions).toHaveLength(2);
    expect(files).toEqual([session({ mapped: mapping(true, undefined, { keys: [key, child] }) })]);
  });

  it('counts its mappings, and is writable when one of them was', () => {
    const twice = [map(25, 20, 3, { writable: false }), map(27, 20, 3, { writable: null })];
    const at27 = { ...stored, mtimeNs: nsAt(27), ctimeNs: nsAt(27) };
    const { files } = told(forked, opened, ...twice, close(30, 20, 3), look(31, at27));
    const last = { lastNs: nsAt(27), last: moment(nsAt(27)).time };

    expect(files).toEqual([session({ mapped: mapping(true, undefined, { count: 2, ...last }) })]);
  });

  it('of a file that is only open for writing, or of none that is known, is none', () => {
    const { files, questions } = told(forked, open(20, 20), map(25, 20, 3), map(26, 20, 9), close(30, 20, 3));

    expect(files).toEqual([fileSession(20, 20, 10, closed(30, 'close'))]);
    expect(questions).toEqual([]);
  });

  it('stands in the checkpoints until it is over, closed as it is', () => {
    const { fds, files } = told(...mapped, checkpoint(40), look(41, unchanged), checkpoint(50));
    const waiting = 'it was still open or mapped when this was written down';

    expect(files).toEqual([]);
    expect(fds).toEqual([
      session({
        _id: `${id}@${nsAt(40)}`,
        checkpointNs: nsAt(40),
        checkpoint: moment(nsAt(40)).time,
        mapped: mapping(null, waiting),
      }),
    ]);
  });

  it('that stays open is looked at after ten seconds, and then after ever longer ones, until it was written', () => {
    const open10 = [forked, opened, map(25, 20, 3)];
    const times = Array.from({ length: 10 }, (_, index) => checkpoint((index + 1) * 10_000));
    const answered = times.flatMap((time, index) => [time, look((index + 1) * 10_000 + 5, unchanged)]);
    const { questions } = told(...open10, ...answered);
    const found = told(...open10, ...times.slice(0, 2), look(20_500, stored), ...times.slice(2), close(99_999, 20, 3));

    // At 20, 30, 50 and 90 s.
    expect(questions).toHaveLength(4);
    expect(found.questions).toHaveLength(1);
    expect(found.fds.map(({ mapped: said }) => said?.written)).toEqual([null, true]);
    expect(verdict(found)).toEqual([[true, undefined]]);
  });

  it('is looked for where it was renamed to', () => {
    const to = { path: '/srv/new', pathResolved: true, dirfd: null };
    const renamed = operation(26, 20, { operation: 'rename', to });
    const other = operation(27, 20, { operation: 'rename', inode: '43', to: { ...to, path: '/srv/other' } });
    const { questions } = told(forked, opened, map(25, 20, 3), renamed, other, close(30, 20, 3));

    expect(questions.map(({ path }) => path)).toEqual(['/srv/new']);
  });

  it('is written down at the end of the run whatever is known by then', () => {
    expect(verdict(told(...mapped, sessionEnd(90)))).toEqual([
      [null, 'it was still open or mapped when this was written down'],
    ]);
  });

  it('that was open before the listener started is looked at as well', () => {
    const file = { fd: 3, path: '/srv/out', flags: 2, access: 'readwrite', closeOnExec: false } as const;
    const known = { ...file, dev: 'fe:00', inode: '42', fileType: 'regular' } as const;
    const before = snapshot(0, { tgid: 20, parentTgid: 1, files: [known] });
    const { questions } = told(before, map(25, 20, 3), close(30, 20, 3));

    expect(questions).toMatchObject([{ path: '/srv/out', inode: '42' }]);
  });

  it.each([
    ['no inode', { inode: null }, 'its path or inode is not known'],
    ['no whole path', { pathResolved: false, dirfd: 5 }, 'its path or inode is not known'],
    ['no regular file', { fileType: 'block' }, 'it is no regular file'],
  ] as const)('of which there is %s cannot be looked at', (_, fields, because) => {
    const one = open(20, 20, { flags: 0o2, access: 'readwrite', truncates: false, created: false, ...fields });
    const found = told(forked, one, map(25, 20, 3), close(30, 20, 3));

    expect(verdict(found)).toEqual([[null, because]]);
    expect(found.questions).toEqual([]);
  });

  it('is not looked at where it is known from a log', () => {
    const start = sessionStart({ intake: 'log', mode: 'replay' });
    const { files } = sorted(recordFrom(start, [opened, map(25, 20, 3), close(30, 20, 3)]));

    expect(files.map(({ mapped: said }) => said?.unknownBecause)).toEqual(['it is known from a log alone']);
  });
});

describe('what the times of a file say of a mapping', () => {
  const by = (found: Partial<SeenFile>, ...events: readonly PipelineEvent[]) =>
    verdict(told(forked, opened, map(25, 20, 3), ...events, gone, look(5_000, found)));
  const later = { mtimeNs: nsAt(1_500), ctimeNs: nsAt(1_500) };

  it('is nothing where the session wrote within the second before, and enough where it did so earlier', () => {
    expect(by(stored, write(26, 20, 3, 5))).toEqual([[null, explained]]);
    expect(by(later, write(26, 20, 3, 5))).toEqual([[true, undefined]]);
  });

  it('is nothing where another changed the file by a recorded call', () => {
    const other = { fd: 5, flags: 0o1, access: 'write', created: false } as const;
    const byOther = [fork(26, { tgid: 40, parentTgid: 1 }), open(27, 40, { ...other, truncates: false })];
    const truncated = operation(28, 40, { operation: 'truncate', size: 3 });

    expect(by(stored, ...byOther, write(28, 40, 5, 1))).toEqual([[null, explained]]);
    expect(by(stored, ...byOther, truncated)).toEqual([[null, explained]]);
    expect(by(stored, ...byOther)).toEqual([[true, undefined]]);
    expect(by(stored, fork(26, { tgid: 40, parentTgid: 1 }), open(27, 40, { ...other, truncates: true }))).toEqual([
      [null, explained],
    ]);
  });

  it('is not hidden by what is done to another file, or what changes no content', () => {
    const elsewhere = [
      open(26, 20, { fd: 5, inode: '43' }),
      write(27, 20, 5, 1),
      operation(28, 20, { operation: 'chmod' }),
    ];

    expect(by(stored, ...elsewhere)).toEqual(
      [
        [true, undefined],
        [undefined, undefined],
      ].toSorted(),
    );
  });

  it('is nothing where somebody has set them', () => {
    expect(by(stored, operation(26, 20, { operation: 'utimes' }))).toEqual([[null, timesSet]]);
    expect(by({ mtimeNs: nsAt(-5), ctimeNs: nsAt(30) }, operation(26, 20, { operation: 'utimes' }))).toEqual([
      [null, timesSet],
    ]);
    expect(by({ mtimeNs: nsAt(30), ctimeNs: nsAt(29) })).toEqual([[null, timesSet]]);
    expect(by({ mtimeNs: nsAt(9_000), ctimeNs: nsAt(9_000) })).toEqual([[null, timesSet]]);
  });

  it('is that it was not written where only ctime is later, or where mtime was set ahead before', () => {
    expect(by({ mtimeNs: nsAt(-5), ctimeNs: nsAt(30) })).toEqual([[false, undefined]]);
    expect(by({ mtimeNs: nsAt(9_000), ctimeNs: nsAt(-5) })).toEqual([[false, undefined]]);
  });

  it('is no "no" on a file system that does not tell', () => {
    const untold = 'on tmpfs not every store through a mapping changes the times of a file';
    const tmpfs = { fileSystem: 'tmpfs', tellsStores: false };

    expect(by({ ...unchanged, ...tmpfs })).toEqual([[null, untold]]);
    expect(by({ ...stored, ...tmpfs })).toEqual([[true, undefined]]);
  });

  it('is that it was written also where an overlay has made its file when it was opened, a moment before', () => {
    expect(by({ ...stored, birthNs: nsAt(29) })).toEqual([[true, undefined]]);
  });

  it('is nothing where the inode is that of a younger file, or the file could not be seen', () => {
    expect(by({ ...stored, birthNs: nsAt(40) })).toEqual([[null, 'its inode has become that of another file']]);
    expect(verdict(told(forked, opened, map(25, 20, 3), gone, look(70, null, 'it is gone')))).toEqual([
      [null, 'it is gone'],
    ]);
  });
});

describe('changes of content that are no writes', () => {
  const truncated = (ms: number, fields: object = {}) =>
    operation(ms, 20, { operation: 'truncate', size: 3, fd: 3, inode: null, dev: null, ...fields });
  const noRange = { offset: 0, length: 1, fromFd: null };

  it('are counted in the session, for each process', () => {
    const { files } = told(
      ...[forked, open(20, 20), truncated(21), truncated(22), fork(40, { tgid: 30, parentTgid: 20 })],
      ...[truncated(45, { caller: { tgid: 30 } }), close(50, 20, 3), exit(60, { tgid: 30 })],
    );
    const span = (count: number, first: number, last: number) => ({
      ...{ count, firstNs: nsAt(first), first: moment(nsAt(first)).time },
      ...{ lastNs: nsAt(last), last: moment(nsAt(last)).time },
    });

    expect(files.map(({ changes }) => changes)).toEqual([
      [
        { key, ...span(2, 21, 22) },
        { key: child, ...span(1, 45, 45) },
      ],
    ]);
  });

  it('are not those that failed, that give room only, or that share blocks that were the same', () => {
    const room = { allocation: 'allocate', keepSize: true, ...noRange } as const;
    const { files, operations } = told(
      ...[forked, open(20, 20), truncated(21, { success: false, exit: -22 })],
      truncated(22, { operation: 'fallocate', content: room }),
      truncated(23, { operation: 'dedupe' }),
      truncated(24, { operation: 'setflags' }),
      close(30, 20, 3),
    );

    expect(files).toEqual([fileSession(20, 20, 10, closed(30, 'close'))]);
    expect(operations.map(({ operation: name, path, inode }) => [name, path, inode])).toEqual([
      ['truncate', '/srv/out', '42'],
      ['fallocate', '/srv/out', '42'],
      ['dedupe', '/srv/out', '42'],
      ['setflags', '/srv/out', '42'],
    ]);
  });

  it('tell the range of a fallocate, and the source of a clone', () => {
    const hole = { allocation: 'punch-hole', keepSize: true, offset: 2 ** 40, length: null, fromFd: null } as const;
    const clone = { allocation: null, keepSize: false, offset: null, length: null, fromFd: 5 } as const;
    const { operations } = told(
      ...[forked, open(20, 20), open(21, 20, { fd: 5, path: '/srv/\xff', inode: '43' })],
      truncated(22, { operation: 'fallocate', size: null, content: hole }),
      truncated(23, { operation: 'clone', size: null, content: clone }),
    );

    expect(operations).toMatchObject([
      { allocation: 'punch-hole', keepSize: true, offset: 2 ** 40 },
      { fromFd: 5, fromPath: '/srv/\ufffd', fromPathHex: '2f7372762fff' },
    ]);
    expect(operations[0]).not.toHaveProperty('length');
  });
});
