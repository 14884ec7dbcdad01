import { isoTime } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import type { MissedTime, PipelineEvent } from '../../src/events.ts';
import { MissedCalls } from '../../src/recorder/missed-calls.ts';
import { Recorder } from '../../src/recorder/recorder.ts';
import {
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
  map,
  nsAt,
  open,
  operation,
  sessionEnd,
  sessionStart,
  write,
} from '../support/events.ts';
import { found, pipe, recordLooking, type World } from '../support/looking.ts';
import { closed } from '../support/recording.ts';

const time = (sinceMs: number, untilMs: number): MissedTime => ({ sinceNs: nsAt(sinceMs), untilNs: nsAt(untilMs) });
/** Told at 300 of calls between 100 and 200. */
const missed: PipelineEvent = { kind: 'calls-missed', timeNs: nsAt(300), ...time(100, 200) };

const forked = fork(10, { tgid: 20, parentTgid: 1 });
const key = keyOf(20, 10);
const ofA = found({ path: '/srv/out', inode: '42', flags: 0o100001 });
const ofB = found({ path: '/srv/other', inode: '43', flags: 0o100001 });
const atMs = 410;

const since = (ms: number) => `calls were missed while it was open, since ${isoTime(nsAt(ms))}: `;
const unsure = (ms: number) =>
  `${since(ms)}it may have been closed then, and what was written from then on may have gone to another file`;
const elsewhere = (ms: number) =>
  `${since(ms)}its descriptor was found to refer to another file, so what was written from then on may have gone there`;
const unseenOpen =
  'found in /proc at a write behind a descriptor of another file: calls were missed, and its open was among them';

function recordMissing(files: World['files'], ...events: readonly PipelineEvent[]) {
  const recorded = recordLooking({ files, atMs }, forked, ...events);
  const sessions = recorded.files.map(({ path, writes: { bytes }, closedBy, warnings = [] }) => {
    return { path, bytes, closedBy, warnings };
  });
  return { ...recorded, sessions };
}

describe('a file session in whose time calls were missed', () => {
  it('goes on where its descriptor still is of its file, which is looked at once', () => {
    const { sessions, asked } = recordMissing(
      { '20:3': ofA },
      open(50, 20),
      missed,
      write(400, 20, 3, 6),
      write(401, 20, 3, 6),
      close(500, 20, 3),
    );

    expect(sessions).toEqual([{ path: '/srv/out', bytes: 12, closedBy: 'close', warnings: [] }]);
    expect(asked).toEqual(['20:3']);
  });

  it('ends where another file is behind its descriptor, and what is written from then on is that one’s', () => {
    const { files, sessions, asked } = recordMissing(
      { '20:3': ofB },
      open(50, 20),
      write(60, 20, 3, 1),
      write(250, 20, 3, 2),
      missed,
      write(400, 20, 3, 6),
      write(401, 20, 3, 6),
      close(500, 20, 3),
    );

    expect(sessions).toEqual([
      { path: '/srv/out', bytes: 3, closedBy: 'unseen', warnings: [elsewhere(100)] },
      { path: '/srv/other', bytes: 12, closedBy: 'close', warnings: [unseenOpen] },
    ]);
    expect(files[0]).toMatchObject(closed(400, 'unseen'));
    expect(files[1]).toMatchObject({ key, openedNs: nsAt(atMs), openedBefore: true });
    expect(asked).toEqual(['20:3']);
  });

  it('ends where a pipe is behind its descriptor', () => {
    const { sessions, counters } = recordMissing({ '20:3': pipe }, open(50, 20), missed, write(400, 20, 3, 6));

    expect(sessions).toEqual([{ path: '/srv/out', bytes: 0, closedBy: 'unseen', warnings: [elsewhere(100)] }]);
    expect(counters).toMatchObject({ writesElsewhere: 1, openFileSessions: 0 });
  });

  it('keeps the writes, and says what is not sure of them, where nobody had time to look', () => {
    const { sessions } = recordMissing({}, open(50, 20), missed, write(400, 20, 3, 6), close(500, 20, 3));

    expect(sessions).toEqual([{ path: '/srv/out', bytes: 6, closedBy: 'close', warnings: [unsure(100)] }]);
  });

  it.each([
    ['nothing is behind its descriptor any more', null],
    ['device and path are others, and the inode is the same', found({ path: '/a', dev: '00:1f', inode: '42' })],
    ['device and inode are others, and the path is the same', found({ path: '/srv/out', dev: '00:1f' })],
    ['the inode is not told', { ...ofB, inode: null }],
  ])('says what is not sure where %s', (_, file) => {
    const { sessions, asked } = recordMissing(
      { '20:3': file },
      open(50, 20),
      missed,
      write(400, 20, 3, 6),
      write(401, 20, 3, 6),
      close(500, 20, 3),
    );

    expect(sessions).toEqual([{ path: '/srv/out', bytes: 12, closedBy: 'close', warnings: [unsure(100)] }]);
    expect(asked).toEqual(['20:3']);
  });

  it.each([
    ['its device is told differently', { ...ofA, dev: '00:1f' }],
    ['it was renamed', { ...ofA, path: '/srv/renamed' }],
    ['other flags were set since', { ...ofA, flags: 0o102001 }],
    ['its flags are not told', { ...ofA, flags: null }],
  ])('goes on where %s', (_, file) => {
    const { sessions } = recordMissing({ '20:3': file }, open(50, 20), missed, write(400, 20, 3, 6), close(500, 20, 3));

    expect(sessions).toEqual([{ path: '/srv/out', bytes: 6, closedBy: 'close', warnings: [] }]);
  });

  it('ends where the same file was opened in another way', () => {
    const file = { ...ofA, flags: 0o100002, access: 'readwrite' } as const;
    const { sessions } = recordMissing({ '20:3': file }, open(50, 20), missed, write(400, 20, 3, 6), close(500, 20, 3));

    expect(sessions.map(({ bytes, closedBy }) => [bytes, closedBy])).toEqual([
      [0, 'unseen'],
      [6, 'close'],
    ]);
  });

  it('keeps what was written so long before the look that the number may have been given out again since', () => {
    const { files } = recordLooking(
      { files: { '20:3': ofB }, atMs: 2_500 },
      forked,
      open(50, 20),
      missed,
      write(400, 20, 3, 6),
      close(410, 20, 3),
    );

    expect(files.map(({ path, writes: { bytes }, warnings }) => [path, bytes, warnings])).toEqual([
      ['/srv/out', 6, [unsure(100)]],
    ]);
  });

  it.each([
    ['a close', [close(400, 20, 3)]],
    ['a close_range', [closeRange(400, 20, 3, 9)]],
    ['a dup2', [dup(400, 20, 9, 3)]],
    ['an open that gets its number', [open(400, 20, { path: '/srv/next', inode: '44' })]],
    ['an exec', [exec(400, 20)]],
    ['an exit', [exit(400, { tgid: 20 })]],
  ])('says what is not sure of it where it ends by %s', (_, events) => {
    const { files, asked } = recordMissing({ '20:3': ofA }, open(50, 20, { closeOnExec: true }), missed, ...events);

    expect(files.map(({ path, warnings }) => [path, warnings])).toEqual([['/srv/out', [unsure(100)]]]);
    expect(asked).toEqual([]);
  });

  it('says so where it is open at the end', () => {
    const { fds } = recordMissing({ '20:3': ofA }, open(50, 20), checkpoint(60), missed, sessionEnd(900));

    expect(fds.map(({ warnings }) => warnings)).toEqual([undefined, [unsure(100)]]);
  });

  it.each([
    ['it was opened after them', [open(250, 20), missed, close(400, 20, 3)]],
    ['it was opened after them, which was told later', [missed, open(301, 20), close(400, 20, 3)]],
    ['it ended before them, which was told later', [open(50, 20), missed, write(80, 20, 3, 0), close(80, 20, 3)]],
  ])('is sure where %s', (_, events) => {
    const { files, asked } = recordMissing({ '20:3': ofB }, ...events);

    expect(files.map(({ warnings }) => warnings)).toEqual([undefined]);
    expect(asked).toEqual([]);
  });

  it('is not where it was opened before their end, which was told later', () => {
    const { sessions } = recordMissing({}, missed, open(150, 20), close(400, 20, 3));

    expect(sessions).toEqual([{ path: '/srv/out', bytes: 0, closedBy: 'close', warnings: [unsure(150)] }]);
  });

  it.each([
    ['an earlier time than the last one', [time(100, 200), time(110, 120)], 150],
    ['the first of three that follow each other', [time(100, 200), time(200, 300), time(300, 400)], 110],
  ])('is not where it was opened in %s, which was told later', (_, times, openedMs) => {
    const all = times.map((one): PipelineEvent => ({ kind: 'calls-missed', timeNs: nsAt(400), ...one }));
    const { sessions } = recordMissing({}, ...all, open(openedMs, 20), close(500, 20, 3));

    expect(sessions).toEqual([{ path: '/srv/out', bytes: 0, closedBy: 'close', warnings: [unsure(openedMs)] }]);
  });

  it('has what was written before them, which is told later, and is not looked at for it', () => {
    const { sessions, asked } = recordMissing({ '20:3': ofB }, open(50, 20), missed, write(80, 20, 3, 6));

    expect([sessions, asked]).toEqual([[], []]);
  });

  it('is looked at again after others', () => {
    const again: PipelineEvent = { kind: 'calls-missed', timeNs: nsAt(600), ...time(500, 550) };
    const { asked, sessions } = recordMissing(
      { '20:3': ofA },
      open(50, 20),
      missed,
      write(400, 20, 3, 6),
      again,
      write(610, 20, 3, 6),
      close(620, 20, 3),
    );

    expect(asked).toEqual(['20:3', '20:3']);
    expect(sessions.map(({ warnings }) => warnings)).toEqual([[]]);
  });

  it('is unsure in each descriptor: a copy, a child’s', () => {
    const { sessions, asked } = recordMissing(
      { '20:9': ofA, '30:3': ofB },
      open(50, 20),
      missed,
      dup(400, 20, 3, 9),
      fork(401, { tgid: 30, parentTgid: 20 }),
      cloned(401, 20, 30),
      write(402, 20, 9, 1),
      write(403, 30, 3, 2),
      exit(500, { tgid: 30 }),
      close(501, 20, 9),
      close(502, 20, 3),
    );

    expect(asked).toEqual(['20:9', '30:3']);
    expect(sessions).toEqual([
      { path: '/srv/other', bytes: 2, closedBy: 'exit', warnings: [unseenOpen] },
      { path: '/srv/out', bytes: 1, closedBy: 'close', warnings: [elsewhere(100)] },
    ]);
  });

  it.each([
    ['a mapping', map(400, 20, 3)],
    ['an operation', operation(400, 20, { operation: 'truncate', fd: 3, size: 0, inode: '43' })],
  ])('is looked at for %s as well', (_, event) => {
    const { sessions, asked } = recordMissing({ '20:3': ofB }, open(50, 20), missed, event, exit(500, { tgid: 20 }));

    expect(asked).toEqual(['20:3']);
    expect(sessions.map(({ path, warnings }) => [path, warnings])).toEqual([
      ['/srv/out', [elsewhere(100)]],
      ['/srv/other', [unseenOpen]],
    ]);
  });

  it('is told with the loss, where one tells when it was', () => {
    const told = loss(300, { source: 'audit-serial', count: 7, unit: 'events', missed: time(100, 200) });
    const { sessions, losses } = recordMissing({}, open(50, 20), told, close(400, 20, 3));

    expect(sessions.map(({ warnings }) => warnings)).toEqual([[unsure(100)]]);
    expect(losses.map((document) => document.missed)).toEqual([
      { sinceNs: nsAt(100), since: isoTime(nsAt(100)), untilNs: nsAt(200), until: isoTime(nsAt(200)) },
    ]);
  });

  it('in a log, where nobody can look, says what is not sure of it', () => {
    const warnings: unknown[] = [];
    const recorder = new Recorder((entry) => {
      if (entry.collection === 'files' && 'session' in entry) warnings.push(entry.session.warnings);
    });
    const start = sessionStart({ intake: 'log' });
    for (const event of [start, open(50, 20), missed, write(400, 20, 3, 6), close(500, 20, 3)]) recorder.apply(event);

    expect(warnings).toEqual([[unsure(100)]]);
  });
});

describe('the times in which calls were missed', () => {
  it('are found by what was told before them', () => {
    const calls = new MissedCalls();
    calls.add(time(100, 200));
    const before = calls.epochOf(0);
    calls.add(time(50, 400));
    const base = Number(nsAt(0) / 1_000_000n);

    expect([before, calls.epochOf(base + 401), calls.epochOf(base + 400)]).toEqual([0, 2, 1]);
    expect(calls.epochOf(base + 150)).toBe(0);
    expect(calls.since(0, base)).toBe(base + 50);
    expect(calls.since(0, base + 120)).toBe(base + 120);
    expect(calls.since(1, base + 401)).toBeNull();
    expect(calls.since(2, base)).toBeNull();
    expect([calls.sinceMoment(base), calls.sinceMoment(base + 401)]).toEqual([base + 50, null]);
  });

  it('are united where they are many, so that none is forgotten', () => {
    const calls = new MissedCalls();
    for (let at = 0; at < 5_000; at += 1) calls.add(time(10 * at, 10 * at + 5));
    const base = Number(nsAt(0) / 1_000_000n);

    expect(calls.since(0, base - 1)).toBe(base);
    expect(calls.since(4_999, base - 1)).toBe(base + 49_990);
    expect(calls.since(2_500, base - 1)).toBeLessThanOrEqual(base + 25_000);
    expect(calls.since(2_500, base - 1)).toBeGreaterThan(base + 24_000);
  });

  it('make nothing unsure that is told after the clock was set back', () => {
    const calls = new MissedCalls();
    calls.add(time(100, 200));
    const base = Number(nsAt(0) / 1_000_000n);
    calls.isNow(base - 1_000);

    expect(calls.epochOf(base)).toBe(1);
  });
});
