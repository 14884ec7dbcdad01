import { describe, expect, it } from 'vitest';
import { loggedClose, loggedExec, loggedFork, loggedOpen, loggedWrite } from '../support/log-lines.ts';
import { replayLog } from '../support/replaying.ts';

type Replayed = ReturnType<typeof replayLog>;

/** Keys without the part that names the log. */
const short = (key: string | null | undefined) => key?.replace(/^log-[0-9a-f]{32}:/, '');
const lives = ({ pids }: Replayed) =>
  pids
    .filter(({ observation }) => observation !== 'exec')
    .map(({ observation, key, parentKey, inferred }) => [observation, short(key), short(parentKey), inferred]);

const parent = { pid: 20, ppid: 1 };
const child = { pid: 30, ppid: 20 };

describe('a fork of which only an audit.log tells', () => {
  it('is concluded from the parent’s number, and marked', () => {
    const replayed = replayLog([...loggedClose({ ms: 10, ...parent }, 9), ...loggedClose({ ms: 20, ...child }, 9)]);

    expect(lives(replayed)).toEqual([
      ['snapshot', '1:?1700000000010.10', undefined, true],
      ['snapshot', '20:?1700000000010.10', '1:?1700000000010.10', true],
      ['snapshot', '30:?1700000000020.20', '20:?1700000000010.10', true],
    ]);
  });

  it('has a time where the parent’s clone is in the log', () => {
    const replayed = replayLog([...loggedFork({ ms: 10, ...parent }, 30), ...loggedClose({ ms: 20, ...child }, 9)]);
    const fork = replayed.pids.find(({ observation }) => observation === 'fork');

    expect(fork).toMatchObject({
      tgid: 30,
      ppid: 20,
      parentTgid: 20,
      inferred: true,
      time: '2023-11-14T22:13:20.010000000Z',
    });
    expect(short(fork?.parentKey)).toBe('20:?1700000000010.10');
  });

  it('is not believed of a number that never speaks, for inside a container it is another', () => {
    expect(lives(replayLog(loggedFork({ ms: 10, ...parent }, 30))).map(([, key]) => key)).toEqual([
      '1:?1700000000010.10',
      '20:?1700000000010.10',
    ]);
  });

  it('is not believed of a number that speaks with another parent', () => {
    const stranger = { pid: 30, ppid: 99 };
    const replayed = replayLog([...loggedFork({ ms: 10, ...parent }, 30), ...loggedClose({ ms: 20, ...stranger }, 9)]);

    expect(lives(replayed).filter(([, key]) => String(key).startsWith('30:'))).toEqual([
      ['snapshot', '30:?1700000000020.20', '99:?1700000000020.20', true],
    ]);
  });

  it('gives a number that spoke before to another process', () => {
    const replayed = replayLog([
      ...loggedOpen({ ms: 10, ...child }, 3, 'old'),
      ...loggedFork({ ms: 500, ...parent }, 30),
      ...loggedWrite({ ms: 510, ...child }, 3, 6),
    ]);

    expect(lives(replayed).filter(([, key]) => String(key).startsWith('30:'))).toEqual([
      ['snapshot', '30:?1700000000010.10', '20:?1700000000010.10', true],
      ['fork', '30:?1700000000510.510', '20:?1700000000010.10', true],
    ]);
    expect(replayed.files.map(({ path, writes, closedBy }) => [path, writes.count, closedBy])).toEqual([
      ['/srv/old', 0, 'exit'],
    ]);
  });

  it('does not make another process of a child that spoke before its parent’s clone returned', () => {
    const replayed = replayLog([
      ...loggedExec({ ms: 10, serial: 100, ...child }, 'sh'),
      ...loggedFork({ ms: 8, serial: 101, ...parent }, 30),
      ...loggedClose({ ms: 600, serial: 102, ...child }, 9),
    ]);

    expect(lives(replayed).filter(([, key]) => String(key).startsWith('30:'))).toEqual([
      ['snapshot', '30:?1700000000010.100', '20:?1700000000010.100', true],
    ]);
  });

  it('hands the parent’s open files on to the child', () => {
    const replayed = replayLog([
      ...loggedOpen({ ms: 10, ...parent }, 3, 'out'),
      ...loggedFork({ ms: 20, ...parent }, 30),
      ...loggedWrite({ ms: 30, ...child }, 3, 6),
      ...loggedClose({ ms: 40, ...child }, 3),
      ...loggedClose({ ms: 50, ...parent }, 3),
    ]);

    expect(replayed.files.map(({ writers, closed }) => [writers.map(({ key }) => short(key)), closed])).toEqual([
      [['30:?1700000000030.30'], '2023-11-14T22:13:20.050000000Z'],
    ]);
  });
});

describe('a parent that is only named', () => {
  it('is learnt when it speaks', () => {
    const replayed = replayLog([
      ...loggedClose({ ms: 10, ...child }, 9),
      ...loggedClose({ ms: 20, ...parent, comm: 'bash', exe: '/bin/bash' }, 9),
    ]);
    const ofParent = replayed.pids.filter(({ tgid }) => tgid === 20);

    expect(ofParent.map(({ _id, exe, ppid }) => [_id.split(':').at(-1), exe, ppid])).toEqual([
      ['parent', undefined, undefined],
      ['learnt', '/bin/bash', 1],
    ]);
    expect(new Set(ofParent.map(({ key }) => key)).size).toBe(1);
  });

  it('is none where the number is 0', () => {
    expect(lives(replayLog(loggedClose({ ms: 10, pid: 1, ppid: 0 }, 9)))).toEqual([
      ['snapshot', '1:?1700000000010.10', undefined, true],
    ]);
  });
});

describe('an engine in an audit.log', () => {
  it('is a root of the tree', () => {
    const dockerd = { comm: 'dockerd', exe: '/usr/bin/dockerd' };
    const { pids } = replayLog(loggedExec({ ms: 10, ...parent, ...dockerd }, 'dockerd'), ['/usr/bin/dockerd']);

    expect(pids.filter(({ star }) => star).map(({ tgid }) => tgid)).toEqual([20, 20]);
  });
});
