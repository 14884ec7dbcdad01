import { type ClosedBy, isoTime, type RawEntry } from '@godo/evidence';
import { describe, expect, it } from 'vitest';
import type { MissedTime, PipelineEvent } from '../../src/events.ts';
import type { DescriptorLooks } from '../../src/recorder/descriptor-look-ups.ts';
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
import { closed, sorted } from '../support/recording.ts';

const time = (sinceMs: number, untilMs: number): MissedTime => ({ sinceNs: nsAt(sinceMs), untilNs: nsAt(untilMs) });
const missing = (toldMs: number, missed: MissedTime): PipelineEvent => {
  return { kind: 'calls-missed', timeNs: nsAt(toldMs), ...missed };
};

const forked = fork(10, { tgid: 20, parentTgid: 1 });
/** Of /srv/out as descriptor 3, before calls were missed between 100 and 200, which is told at 300. */
const opened = open(50, 20);
const missed = missing(300, time(100, 200));
const writeAt = (ms: number, bytes = 6) => write(ms, 20, 3, bytes);
const closeAt = (ms: number) => close(ms, 20, 3);
const writtenOnce = [opened, missed, writeAt(400), closeAt(500)];
const writtenTwice = [opened, missed, writeAt(400), writeAt(401), closeAt(500)];
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

/** What recordMissing tells of a session. */
const sessionOf =
  (path: string) =>
  (bytes: number, warnings: readonly string[] = [], closedBy: ClosedBy = 'close') => ({
    path,
    bytes,
    closedBy,
    warnings,
  });
const outSession = sessionOf('/srv/out');
const otherSession = sessionOf('/srv/other');

function recordMissing(files: World['files'], ...events: readonly PipelineEvent[]) {
  const recorded = recordLooking({ files, atMs }, forked, ...events);
  const sessions = recorded.files.map(({ path, writes: { bytes }, closedBy, warnings = [] }) => {
    return { path, bytes, closedBy, warnings };
  });
  return { ...recorded, sessions };
}

describe('a file session in whose time calls were missed', () => {
  it('goes on where its descriptor still is of its file, which is looked at once', () => {
    const { sessions, asked } = recordMissing({ '20:3': ofA }, ...writtenTwice);

    expect(sessions).toEqual([outSession(12)]);
    expect(asked).toEqual(['20:3']);
  });

  it('ends where another file is behind its descriptor, and what is written after the look is that one’s', () => {
    const { files, sessions, asked } = recordMissing(
      { '20:3': ofB },
      opened,
      writeAt(60, 1),
      writeAt(250, 2),
      missed,
      writeAt(400),
      writeAt(atMs),
      writeAt(411, 20),
      writeAt(412, 20),
      closeAt(500),
    );

    expect(sessions).toEqual([outSession(15, [elsewhere(100)], 'unseen'), otherSession(40, [unseenOpen])]);
    expect(files[0]).toMatchObject(closed(atMs, 'unseen'));
    expect(files[1]).toMatchObject({ key, openedNs: nsAt(atMs), openedBefore: true });
    expect(asked).toEqual(['20:3']);
  });

  it('ends where a pipe is behind its descriptor', () => {
    const writes = [writeAt(400), writeAt(411)];
    const { sessions, counters } = recordMissing({ '20:3': pipe }, opened, missed, ...writes);

    expect(sessions).toEqual([outSession(6, [elsewhere(100)], 'unseen')]);
    expect(counters).toMatchObject({ writesElsewhere: 1, openFileSessions: 0 });
  });

  it('goes on where its number was given out again by a call that is told after the look', () => {
    const { sessions, asked } = recordMissing(
      { '20:3': ofB },
      opened,
      missed,
      writeAt(400),
      closeAt(405),
      open(408, 20, { path: '/srv/other', inode: '43' }),
      writeAt(420, 20),
      closeAt(500),
    );

    expect(sessions).toEqual([outSession(6, [unsure(100)]), otherSession(20)]);
    expect(asked).toEqual(['20:3']);
  });

  it('says that another file was found where nothing was written after the look', () => {
    const { sessions } = recordMissing({ '20:3': ofB }, ...writtenOnce);

    expect(sessions).toEqual([outSession(6, [elsewhere(100)])]);
  });

  it('is looked at once more where others were missed after the look that showed another file', () => {
    const again = missing(600, time(450, 550));
    const { sessions, asked } = recordMissing(
      { '20:3': ofB },
      opened,
      missed,
      writeAt(400),
      again,
      writeAt(610, 20),
      closeAt(700),
    );

    expect(sessions.map(({ path, bytes, warnings }) => [path, bytes, warnings])).toEqual([
      ['/srv/out', 6, [elsewhere(100)]],
      ['/srv/other', 20, [unseenOpen]],
    ]);
    expect(asked).toEqual(['20:3', '20:3']);
  });

  it('shares the session of the other file’s descriptor, unless that was given away meanwhile', () => {
    const world = { files: { '20:3': ofB }, same: ['20:3', '20:4'], atMs };
    const other = open(250, 20, { fd: 4, path: '/srv/other', inode: '43' });
    const begin = [forked, opened, missed, other, writeAt(400)];
    const end = [writeAt(411, 20), closeAt(500), close(501, 20, 4)];
    const next = open(406, 20, { fd: 4, path: '/srv/next', inode: '44' });
    const told = (...events: readonly PipelineEvent[]) =>
      recordLooking(world, ...events).files.map(({ path, writes: { bytes } }) => [path, bytes]);

    expect(told(...begin, ...end)).toEqual([
      ['/srv/out', 6],
      ['/srv/other', 20],
    ]);
    expect(told(...begin, close(405, 20, 4), next, ...end)).toEqual([
      ['/srv/other', 0],
      ['/srv/out', 6],
      ['/srv/other', 20],
      ['/srv/next', 0],
    ]);
  });

  it('says first that it is not sure, and later what was found', () => {
    const asked: number[] = [];
    const looks: DescriptorLooks = {
      descriptor({ tgid, startTicks, fd }) {
        asked.push(fd);
        const file = asked.length < 3 ? null : ofB;
        return file && { kind: 'descriptor-found', timeNs: nsAt(620), tgid, startTicks, fd, file };
      },
      sharing: () => null,
    };
    const entries: RawEntry[] = [];
    const recorder = new Recorder((entry) => entries.push(entry), looks);
    const writes = [400, 450, 499, 500, 599, 610, 630].map((ms) => writeAt(ms, 1));
    for (const event of [sessionStart(), forked, opened, missed, ...writes, closeAt(700)]) {
      recorder.apply(event);
    }

    expect(sorted(entries).files.map(({ path, writes: { count }, warnings }) => [path, count, warnings])).toEqual([
      ['/srv/out', 6, [elsewhere(100)]],
      ['/srv/other', 1, [unseenOpen]],
    ]);
    // Not for each write where there was no time.
    expect(asked).toHaveLength(3);
  });

  it('keeps the writes, and says what is not sure of them, where nobody had time to look', () => {
    const { sessions } = recordMissing({}, ...writtenOnce);

    expect(sessions).toEqual([outSession(6, [unsure(100)])]);
  });

  it.each([
    ['nothing is behind its descriptor any more', null],
    ['device and path are others, and the inode is the same', found({ path: '/a', dev: '00:1f', inode: '42' })],
    ['the path is another, and the inode is the same', { ...ofA, path: '/srv/next' }],
    ['device and inode are others, and the path is the same', found({ path: '/srv/out', dev: '00:1f' })],
    ['the inode is not told', { ...ofB, inode: null }],
  ])('says what is not sure where %s', (_, file) => {
    const { sessions, asked } = recordMissing({ '20:3': file }, ...writtenTwice);

    expect(sessions).toEqual([outSession(12, [unsure(100)])]);
    expect(asked).toEqual(['20:3']);
  });

  it.each([
    ['its device is told differently', { ...ofA, dev: '00:1f' }],
    ['other flags were set since', { ...ofA, flags: 0o102001 }],
    ['its flags are not told', { ...ofA, flags: null }],
  ])('goes on where %s', (_, file) => {
    const { sessions } = recordMissing({ '20:3': file }, ...writtenOnce);

    expect(sessions).toEqual([outSession(6)]);
  });

  it('goes on where its file has the path that it was renamed to', () => {
    const renames = operation(90, 20, {
      ...{ operation: 'rename', inode: '42' },
      file: { path: '/srv/out', pathResolved: true, dirfd: null },
      to: { path: '/srv/renamed', pathResolved: true, dirfd: null },
    });
    const files = { '20:3': { ...ofA, path: '/srv/renamed' } };
    const { sessions } = recordMissing(files, opened, renames, missed, writeAt(400), closeAt(500));

    expect(sessions).toEqual([outSession(6)]);
  });

  it('ends where the same file was opened in another way', () => {
    const file = { ...ofA, flags: 0o100002, access: 'readwrite' } as const;
    const writes = [writeAt(400, 1), writeAt(411)];
    const { sessions } = recordMissing({ '20:3': file }, opened, missed, ...writes, closeAt(500));

    expect(sessions.map(({ bytes, closedBy }) => [bytes, closedBy])).toEqual([
      [1, 'unseen'],
      [6, 'close'],
    ]);
  });

  it.each([
    ['a close', [closeAt(400)]],
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
    const { fds } = recordMissing({ '20:3': ofA }, opened, checkpoint(60), missed, sessionEnd(900));

    expect(fds.map(({ warnings }) => warnings)).toEqual([undefined, [unsure(100)]]);
  });

  it.each([
    ['it was opened after them', [open(250, 20), missed, closeAt(400)]],
    ['it was opened after them, which was told later', [missed, open(301, 20), closeAt(400)]],
    ['it ended before them, which was told later', [opened, missed, writeAt(80, 0), closeAt(80)]],
  ])('is sure where %s', (_, events) => {
    const { files, asked } = recordMissing({ '20:3': ofB }, ...events);

    expect(files.map(({ warnings }) => warnings)).toEqual([undefined]);
    expect(asked).toEqual([]);
  });

  it('is not where it was opened before their end, which was told later', () => {
    const { sessions } = recordMissing({}, missed, open(150, 20), closeAt(400));

    expect(sessions).toEqual([outSession(0, [unsure(150)])]);
  });

  it.each([
    ['an earlier time than the last one', [time(100, 200), time(110, 120)], 150],
    ['the first of three that follow each other', [time(100, 200), time(200, 300), time(300, 400)], 110],
  ])('is not where it was opened in %s, which was told later', (_, times, openedMs) => {
    const all = times.map((one) => missing(400, one));
    const { sessions } = recordMissing({}, ...all, open(openedMs, 20), closeAt(500));

    expect(sessions).toEqual([outSession(0, [unsure(openedMs)])]);
  });

  it('has what was written before them, which is told later, and is not looked at for it', () => {
    const { sessions, asked } = recordMissing({ '20:3': ofB }, opened, missed, writeAt(80));

    expect([sessions, asked]).toEqual([[], []]);
  });

  it('is looked at again after others', () => {
    const again = missing(600, time(500, 550));
    const { asked, sessions } = recordMissing(
      { '20:3': ofA },
      opened,
      missed,
      writeAt(400),
      again,
      writeAt(610),
      closeAt(620),
    );

    expect(asked).toEqual(['20:3', '20:3']);
    expect(sessions.map(({ warnings }) => warnings)).toEqual([[]]);
  });

  it('is unsure in each descriptor: a copy, a child’s', () => {
    const { sessions, asked } = recordMissing(
      { '20:9': ofA, '30:3': ofB },
      opened,
      missed,
      dup(400, 20, 3, 9),
      fork(401, { tgid: 30, parentTgid: 20 }),
      cloned(401, 20, 30),
      write(402, 20, 9, 1),
      write(403, 30, 3, 2),
      write(411, 30, 3, 4),
      exit(500, { tgid: 30 }),
      close(501, 20, 9),
      closeAt(502),
    );

    expect(asked).toEqual(['20:9', '30:3']);
    expect(sessions).toEqual([otherSession(4, [unseenOpen], 'exit'), outSession(3, [elsewhere(100)])]);
  });

  it.each([
    ['a mapping', (ms: number) => map(ms, 20, 3)],
    ['an operation', (ms: number) => operation(ms, 20, { operation: 'truncate', fd: 3, size: 0, inode: '43' })],
  ])('is looked at for %s as well', (_, use) => {
    const events = [opened, missed, use(400), use(411), exit(500, { tgid: 20 })];
    const { sessions, asked } = recordMissing({ '20:3': ofB }, ...events);

    expect(asked).toEqual(['20:3']);
    expect(sessions.map(({ path, warnings }) => [path, warnings])).toEqual([
      ['/srv/out', [elsewhere(100)]],
      ['/srv/other', [unseenOpen]],
    ]);
  });

  it('is told with the loss, where one tells when it was', () => {
    const told = loss(300, { source: 'audit-serial', count: 7, unit: 'events', missed: time(100, 200) });
    const { sessions, losses } = recordMissing({}, opened, told, closeAt(400));

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
    for (const event of [start, ...writtenOnce]) recorder.apply(event);

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

  it('are not forgotten because of a checkpoint whose time is rounded down', () => {
    const calls = new MissedCalls();
    calls.add(time(100, 200));
    const base = Number(nsAt(0) / 1_000_000n);
    calls.isNow(base + 199);

    expect(calls.epochOf(base + 150)).toBe(0);
  });

  it('are the same for what bears no number, in whatever order they are told', () => {
    const calls = new MissedCalls();
    const base = Number(nsAt(0) / 1_000_000n);
    let seed = 7;
    const random = (most: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % most;
    };
    for (let at = 0; at < 3_000; at += 1) {
      const since = random(500) + at;
      calls.add(time(since, since + random(60)));
      const ms = base + random(4_000);
      expect(calls.sinceMoment(ms)).toBe(calls.since(0, ms));
    }
  });
});
