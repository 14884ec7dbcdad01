import { describe, expect, it } from 'vitest';
import { fixtureLines } from '../support/fixtures.ts';
import {
  enriched,
  loggedClose,
  loggedExec,
  loggedNotice,
  loggedOpen,
  loggedWrite,
  onNode,
} from '../support/log-lines.ts';
import { replayLog } from '../support/replaying.ts';

const shell = { pid: 20 };
const story = [
  ...loggedOpen({ ms: 10, ...shell }, 3, 'out'),
  ...loggedWrite({ ms: 11, ...shell }, 3, 6),
  ...loggedClose({ ms: 12, ...shell }, 3),
];
const filesOf = ({ files }: ReturnType<typeof replayLog>) =>
  files.map(({ host, path, writes, closedBy }) => [host, path, writes.count, writes.bytes, closedBy]);

describe('an audit.log', () => {
  it('as auditd writes it, ENRICHED and with the name of the host, tells what the shell did', () => {
    const { files, fds, losses, counters } = replayLog(fixtureLines('enriched-node-shell-redirects.log'));

    expect(counters).toEqual({ lines: 186, badLines: 0, events: 78, firstBad: null });
    expect(losses).toEqual([]);
    expect(
      [...files, ...fds].map(({ host, path, comm, writes, closedBy }) => [host, path, comm, writes.bytes, closedBy]),
    ).toEqual([
      ['web-1', '/srv/example/hello.txt', 'sh', 6, 'dup'],
      ['web-1', '/srv/example/copy.txt', 'sh', 0, 'dup'],
      ['web-1', '/srv/example/log.txt', 'sh', 8, null],
    ]);
  });

  it('as auditd writes it tells what was executed', () => {
    const { pids } = replayLog(fixtureLines('enriched-node-shell-redirects.log'));
    const executed = pids.filter(({ observation }) => observation === 'exec');

    expect(executed.map(({ argv, exe, success, errno }) => [argv, exe, success, errno])).toEqual([
      [['sh', 'build.sh'], '/usr/bin/dash', true, undefined],
      [['sh', '-c', 'cat hello.txt > copy.txt'], '/usr/bin/dash', true, undefined],
      [['cat', 'hello.txt'], '/usr/bin/cat', true, undefined],
      [['sh', '-c', 'echo two >&3'], '/usr/bin/dash', true, undefined],
      [null, '/usr/bin/nothing-there', false, -2],
    ]);
  });

  it('tells the same, ids included, when it is read again', () => {
    const lines = fixtureLines('enriched-node-shell-redirects.log');

    expect(replayLog(lines)).toEqual(replayLog(lines));
  });

  it('tells the same raw, where it names no host', () => {
    expect(replayLog(enriched(story))).toEqual(replayLog(story));
    expect(filesOf(replayLog(story))).toEqual([['host-1', '/srv/out', 1, 6, 'close']]);
  });

  it('of two hosts tells two stories, however the same their numbers are', () => {
    const other = [...loggedOpen({ ms: 10, ...shell }, 3, 'other'), ...loggedClose({ ms: 12, ...shell }, 3)];
    const mixed = onNode('a', story).flatMap((line, index) => [line, ...onNode('b', other.slice(index, index + 1))]);
    const replayed = replayLog(mixed);

    expect(filesOf(replayed)).toEqual([
      ['a', '/srv/out', 1, 6, 'close'],
      ['b', '/srv/other', 0, 0, 'close'],
    ]);
    expect(new Set(replayed.sessions.map(({ bootId }) => bootId)).size).toBe(2);
    expect(replayed.sessions.map(({ host, phase }) => [host, phase])).toEqual([
      ['a', 'start'],
      ['b', 'start'],
      ['a', 'end'],
      ['b', 'end'],
    ]);
  });

  it('tells the same with the records of its events interleaved', () => {
    const [open = '', cwd = '', path = '', write = '', close = ''] = story;

    expect(replayLog([open, write, cwd, close, path])).toEqual(replayLog(story));
  });

  it('tells the same with its events out of order, up to two seconds', () => {
    const late = [
      ...loggedOpen({ ms: 500, serial: 2, ...shell }, 3, 'out'),
      ...loggedWrite({ ms: 900, serial: 3, ...shell }, 3, 6),
      ...loggedClose({ ms: 2000, serial: 4, ...shell }, 3),
      ...loggedExec({ ms: 9000, serial: 5, ...shell }, 'sh'),
    ];
    const [open, write, close, exec] = [late.slice(0, 3), late.slice(3, 4), late.slice(4, 5), late.slice(5)];
    const first = loggedExec({ ms: 499, serial: 1, ...shell }, 'sh');

    const inOrder = replayLog([...first, ...late]);
    expect(filesOf(inOrder)).toEqual([['host-1', '/srv/out', 1, 6, 'close']]);
    for (const disorder of [
      [...first, ...write, ...open, ...close, ...exec],
      [...first, ...close, ...write, ...open, ...exec],
      [...first, ...close, ...open, ...write, ...exec],
    ]) {
      const { files, losses } = replayLog(disorder);
      expect(files).toEqual(inOrder.files);
      expect(losses).toEqual([]);
    }
  });

  it('that is dense has more events open than can be kept, which is no trouble', () => {
    const calls = Array.from({ length: 20_000 }, (_, index) =>
      loggedWrite({ ms: 10, serial: 1000 + index, ...shell }, 3, 1),
    );
    const lines = [
      ...loggedOpen({ ms: 10, serial: 999, ...shell }, 3, 'out'),
      ...calls.flat(),
      ...loggedClose({ ms: 10, serial: 21_000, ...shell }, 3),
    ];
    const replayed = replayLog(lines);

    expect(filesOf(replayed)).toEqual([['host-1', '/srv/out', 20_000, 20_000, 'close']]);
    expect(replayed.losses).toEqual([]);
  });

  it('may have the empty lines and rules that ausearch prints between events', () => {
    const [open = '', cwd = '', path = '', ...rest] = story;
    const replayed = replayLog(['----', open, cwd, path, '', '----', ...rest]);

    expect(filesOf(replayed)).toEqual([['host-1', '/srv/out', 1, 6, 'close']]);
    expect(replayed.counters.badLines).toBe(0);
  });

  it('is told without the records that auditd makes of itself, which are numbered by another counter', () => {
    const daemon = 'type=DAEMON_START msg=audit(1700000000.001:6194): op=start ver=3.0.9';

    expect(replayLog([daemon, ...story]).losses).toEqual([]);
  });

  it('without serials in between says how many, once', () => {
    const gaps = [...story, ...loggedClose({ ms: 20, ...shell }, 9), ...loggedClose({ ms: 30, ...shell }, 9)];

    expect(
      replayLog(gaps).losses.map(({ severity, source, count, reason }) => [severity, source, count, reason]),
    ).toEqual([
      [
        'loss',
        'audit-serial',
        16,
        '16 serial number(s) in 2 gap(s) are not in the log: lost, or left out when it was made.',
      ],
    ]);
  });

  it('without serials in between says so of the sessions that were open there, and of no others', () => {
    const { files } = replayLog([
      ...loggedOpen({ ms: 5, ...shell }, 3, 'ended-before'),
      ...loggedClose({ ms: 6, ...shell }, 3),
      ...loggedOpen({ ms: 7, ...shell }, 4, 'open-there'),
      ...loggedWrite({ ms: 9, ...shell }, 4, 6),
      ...loggedClose({ ms: 10, ...shell }, 4),
      ...loggedOpen({ ms: 11, ...shell }, 4, 'opened-behind'),
      ...loggedClose({ ms: 12, ...shell }, 4),
    ]);

    expect(files.map(({ path, warnings }) => [path, warnings])).toEqual([
      ['/srv/ended-before', undefined],
      [
        '/srv/open-there',
        [
          'calls were missed while it was open, since 2023-11-14T22:13:20.007000000Z: it may have been closed then, and what was written from then on may have gone to another file',
        ],
      ],
      ['/srv/opened-behind', undefined],
    ]);
  });

  it('without serials behind a call that blocked, whose stamp is old, says so of what was opened meanwhile', () => {
    const { files } = replayLog([
      ...loggedOpen({ ms: 5, serial: 5, ...shell }, 3, 'early'),
      ...loggedOpen({ ms: 3_000, serial: 6, ...shell }, 4, 'open-there'),
      ...loggedWrite({ ms: 1_500, serial: 7, pid: 30 }, 9, 6),
      ...loggedClose({ ms: 3_010, serial: 9, ...shell }, 4),
      ...loggedClose({ ms: 3_020, serial: 10, ...shell }, 3),
    ]);

    expect(files.map(({ path, warnings }) => [path, warnings?.length])).toEqual([
      ['/srv/open-there', 1],
      ['/srv/early', 1],
    ]);
  });

  it('without serials at its end says so of what is open', () => {
    const lines = [
      ...loggedOpen({ ms: 5, ...shell }, 3, 'out'),
      ...loggedNotice('SYSTEM_RUNLEVEL', 6, 9),
      ...loggedNotice('SYSTEM_RUNLEVEL', 7, 20),
    ];

    expect(replayLog(lines).fds.map(({ warnings }) => warnings)).toEqual([
      [expect.stringMatching(/^calls were missed/)],
    ]);
  });

  it('without serials in very many places says so of what was open in one of them', () => {
    const notices = (from: number) =>
      Array.from({ length: 40_000 }, (_, index) => loggedNotice('SYSTEM_RUNLEVEL', 20, from + 2 * index));
    const { files } = replayLog([
      ...loggedOpen({ ms: 5, serial: 1, ...shell }, 3, 'open-there'),
      ...notices(3).flat(),
      ...loggedClose({ ms: 20, serial: 80_002, ...shell }, 3),
      ...loggedOpen({ ms: 21, serial: 80_003, ...shell }, 3, 'behind'),
      ...loggedClose({ ms: 22, serial: 80_004, ...shell }, 3),
    ]);

    expect(files.map(({ path, warnings }) => [path, warnings?.length])).toEqual([
      ['/srv/open-there', 1],
      ['/srv/behind', undefined],
    ]);
  });

  it('with a record too far from its event says so', () => {
    const [first = '', ...items] = loggedOpen({ ms: 10, ...shell }, 3, 'out');
    const lines = [
      first,
      ...loggedClose({ ms: 11, ...shell }, 9),
      ...loggedClose({ ms: 5000, serial: 12, ...shell }, 9),
      ...items,
    ];

    expect(replayLog(lines).losses.map(({ source, from, count }) => [source, from, count])).toEqual([
      ['reassembly', '10', 1],
      ['reassembly', '10', 1],
    ]);
  });
});

describe('a line that cannot be read', () => {
  it('is kept with its bytes, and counted', () => {
    const { losses, counters, files } = replayLog([...story.slice(0, 1), 'rub\xffbish', ...story.slice(1)]);

    expect(counters).toEqual({ lines: 6, badLines: 1, events: 3, firstBad: 'line 2: no type=' });
    expect(losses.map(({ severity, source, count, reason }) => [severity, source, count, reason])).toEqual([
      ['warning', 'audit-record', 1, 'Line 2 could not be read (no type=): 727562ff62697368 (hex).'],
    ]);
    expect(files).toHaveLength(1);
  });

  it('is kept up to its 200th byte', () => {
    const { losses } = replayLog([...story, 'x'.repeat(5000)]);

    expect(losses[0]?.reason).toBe(`Line 6 could not be read (no type=): ${'78'.repeat(200)} (hex).`);
  });

  it('is only counted behind the first hundred', () => {
    const { losses, counters } = replayLog([...story, ...Array<string>(103).fill('rubbish')]);

    expect(counters.badLines).toBe(103);
    expect(losses).toHaveLength(101);
    expect(losses.at(-1)).toMatchObject({ count: 3, reason: '3 more line(s) could not be read.' });
  });

  it('makes no run where there is nothing else', () => {
    const { entries, counters } = replayLog(['rubbish']);

    expect(entries).toEqual([]);
    expect(counters).toEqual({ lines: 1, badLines: 1, events: 0, firstBad: 'line 1: no type=' });
  });
});
