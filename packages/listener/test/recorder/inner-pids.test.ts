import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../../src/events.ts';
import {
  afterBirth,
  afterMove,
  asRead,
  beforeBirth,
  newNamespace,
  ofChild,
  onHost,
} from '../../src/recorder/inner-pids.ts';
import { became, cloned, exec, exit, fork, loss, snapshot, unshare } from '../support/events.ts';
import { record } from '../support/recording.ts';

const containerId = 'c'.repeat(64);
const sure = { childPid: 9, flags: 0, isSure: true, tgid: 900 };

describe('the number of a child in its own pid namespace', () => {
  const inside = { number: 7, children: 'own' } as const;

  it('is what its parent was returned, where both are in that namespace', () => {
    expect(ofChild(inside, sure)).toEqual({ number: 9, children: 'own' });
  });

  it('is 1 for the first of a new namespace', () => {
    const first = { number: 1, children: 'own' };
    const made = afterMove(onHost, newNamespace.pid, true);

    expect([ofChild(onHost, { ...sure, flags: newNamespace.pid }), ofChild(made, sure)]).toEqual([first, first]);
    expect(ofChild(afterBirth(made), sure)).toEqual({ number: null, children: 'own' });
  });

  it('is that of the host on the host, and nothing is kept of it', () => {
    expect([ofChild(onHost, sure), beforeBirth(onHost), afterMove(onHost, newNamespace.mnt, true)]).toEqual([
      onHost,
      onHost,
      onHost,
    ]);
  });

  it('is not known where the call may be of another child, hides its flags, or the parent went elsewhere', () => {
    const unknown = { number: null, children: 'own' };

    expect([
      ofChild(inside, { ...sure, isSure: false }),
      ofChild(inside, { ...sure, flags: null }),
      ofChild(afterMove(inside, 0, false), sure),
      ofChild(afterMove(inside, newNamespace.pid, false), sure),
    ]).toEqual([unknown, unknown, unknown, unknown]);
  });

  it('is not told where it is the number of the host: a container may have the namespace of the host', () => {
    expect(ofChild({ number: null, children: 'own' }, { ...sure, childPid: 900 })).toEqual({
      number: null,
      children: 'own',
    });
  });

  it('is what /proc says', () => {
    expect([asRead(onHost, { startTicks: 1, pids: [900, 9] }), asRead(inside, { startTicks: 1 })]).toEqual([
      { number: 9, children: 'own' },
      inside,
    ]);
  });
});

describe('a process in a container', () => {
  const first = snapshot(0, {
    tgid: 100,
    proc: { startTicks: 4000, containerId, pids: [100, 1], namespaces: { pid: 5 } },
  });
  const innerPids = (...events: PipelineEvent[]) =>
    record(...events).pids.flatMap(({ tgid, observation, innerPid }) =>
      innerPid === undefined ? [] : [[tgid, observation, innerPid]],
    );

  it('is numbered by /proc, and its children by the calls that made them', () => {
    const events = [
      fork(10, { tgid: 200, parentTgid: 100 }),
      cloned(10, 100, 7),
      exec(12, 200),
      fork(13, { tgid: 300, parentTgid: 200 }),
      cloned(13, 200, 8),
    ];

    expect(innerPids(first, ...events)).toEqual([
      [100, 'snapshot', 1],
      [200, 'inside', 7],
      [300, 'inside', 8],
    ]);
  });

  it('is numbered by the order of the calls, for one thread makes one child after the other', () => {
    const forks = [20, 30, 40].map((ms) => fork(ms, { tgid: ms * 10, parentTgid: 100 }));
    const calls = [20, 30, 40].map((ms) => cloned(ms, 100, ms / 10));

    expect(innerPids(first, ...forks, ...calls)).toEqual([
      [100, 'snapshot', 1],
      [200, 'inside', 2],
      [300, 'inside', 3],
      [400, 'inside', 4],
    ]);
    // The record of the first is missing: times tell.
    const apart = [fork(20, { tgid: 200, parentTgid: 100 }), fork(300, { tgid: 300, parentTgid: 100 })];
    expect(innerPids(first, ...apart, cloned(300, 100, 3))).toEqual([
      [100, 'snapshot', 1],
      [300, 'inside', 3],
    ]);
    expect(innerPids(first, ...forks, loss(50), ...calls)).toEqual([[100, 'snapshot', 1]]);
  });

  it('is not numbered by the call that made a sibling of the caller, nor by one of hidden flags', () => {
    const child = fork(10, { tgid: 200, parentTgid: 100 });
    const call = (flags: number | null) => innerPids(first, child, cloned(9, 100, 8, { flags }), cloned(10, 100, 7));

    expect(call(0x8011)).toEqual([
      [100, 'snapshot', 1],
      [200, 'inside', 7],
    ]);
    expect(call(null)).toEqual([[100, 'snapshot', 1]]);
  });

  it('is not numbered by a call that may be of another thread', () => {
    const thread = fork(9, { tgid: 100, pid: 150, parentTgid: 100 });

    expect(innerPids(first, thread, fork(10, { tgid: 200, parentTgid: 100 }), cloned(10, 100, 8))).toEqual([
      [100, 'snapshot', 1],
    ]);
  });

  it('that was read is not told again', () => {
    const read = became(11, { tgid: 200, proc: { startTicks: 5001, containerId, pids: [200, 7] } });

    expect(innerPids(first, fork(10, { tgid: 200, parentTgid: 100 }), read, cloned(10, 100, 7))).toEqual([
      [100, 'snapshot', 1],
      [200, 'exec', 7],
    ]);
  });
});

describe('a process that makes namespaces', () => {
  const shell = snapshot(0, { tgid: 100 });

  it('of pids has its first child numbered 1', () => {
    const child = fork(10, { tgid: 200, parentTgid: 100 });
    const { pids } = record(
      shell,
      unshare(5, 100, newNamespace.pid),
      child,
      cloned(10, 100, 200),
      exit(20, { tgid: 200 }),
    );

    expect(pids.slice(1).map(({ tgid, observation, innerPid }) => [tgid, observation, innerPid])).toEqual([
      [200, 'fork', undefined],
      [200, 'inside', 1],
      [200, 'exit', undefined],
    ]);
  });

  it('of pids has all of them numbered where the forks were told before its call', () => {
    const { pids } = record(
      snapshot(0, { tgid: 20 }),
      fork(30, { tgid: 30, parentTgid: 20 }),
      fork(35, { tgid: 40, parentTgid: 30 }),
      unshare(25, 20, newNamespace.pid),
      cloned(30, 20, 30),
      cloned(35, 30, 2),
    );

    expect(pids.flatMap(({ tgid, innerPid }) => (innerPid === undefined ? [] : [[tgid, innerPid]]))).toEqual([
      [30, 1],
      [40, 2],
    ]);
  });

  it('of other kinds is in namespaces that are not known from then on', () => {
    const child = fork(10, { tgid: 200, parentTgid: 100 });
    const { pids } = record(
      shell,
      unshare(5, 100, newNamespace.mnt),
      child,
      cloned(10, 100, 200, { flags: newNamespace.net | 17 }),
    );

    expect(pids.slice(1).map(({ tgid, observation, namespaces }) => [tgid, observation, namespaces])).toEqual([
      [100, 'inside', null],
      [200, 'fork', undefined],
      [200, 'inside', null],
    ]);
  });
});
