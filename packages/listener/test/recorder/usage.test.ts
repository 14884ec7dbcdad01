import type { TaskDocument } from '@godo/evidence';
import { expect, test } from 'vitest';
import { became, exit, fork, rescan, snapshot } from '../support/events.ts';
import { record } from '../support/recording.ts';

const usage = (cpuUs: number, maxRssKb: number) => ({ usage: { cpuUs, maxRssKb } });
const forked = fork(10, { parentTgid: 1, tgid: 20 });
const thread = fork(11, { parentTgid: 1, tgid: 20, pid: 21 });

function told(pids: readonly TaskDocument[]) {
  return pids
    .filter(({ observation }) => observation === 'exit')
    .map(({ pid, cpuUs, maxRssKb, usagePartial }) => [pid, cpuUs, maxRssKb, usagePartial]);
}

test('the exit of a process tells what all its threads used, whichever ended last', () => {
  const first = record(
    forked,
    thread,
    exit(30, { tgid: 20, pid: 21, ...usage(5, 700) }),
    exit(31, { tgid: 20, ...usage(7, 900) }),
  );
  expect(told(first.pids)).toEqual([
    [21, undefined, undefined, undefined],
    [20, 12, 900, undefined],
  ]);
  const last = record(
    forked,
    thread,
    exit(30, { tgid: 20, ...usage(7, 900) }),
    exit(31, { tgid: 20, pid: 21, ...usage(5, 700) }),
  );
  expect(told(last.pids)).toEqual([
    [21, undefined, undefined, undefined],
    [20, 12, 900, undefined],
  ]);
});

test('where the kernel did not tell of a thread, or the process ran before, some may be missing', () => {
  const silent = record(forked, thread, exit(30, { tgid: 20, pid: 21 }), exit(31, { tgid: 20, ...usage(7, 900) }));
  expect(told(silent.pids)).toContainEqual([20, 7, 900, true]);
  const before = record(snapshot(0, { tgid: 20 }), exit(31, { tgid: 20, ...usage(7, 900) }));
  expect(told(before.pids)).toEqual([[20, 7, 900, true]]);
});

test('where it told of none nothing is said', () => {
  expect(told(record(forked, exit(31, { tgid: 20 })).pids)).toEqual([[20, undefined, undefined, undefined]]);
});

test('the memory of a program that it was before is not counted, its time is', () => {
  const { pids } = record(
    forked,
    thread,
    exit(29, { tgid: 20, pid: 21, ...usage(5, 9000) }),
    became(30, { tgid: 20 }),
    exit(31, { tgid: 20, ...usage(7, 900) }),
  );
  expect(told(pids).at(-1)).toEqual([20, 12, 900, undefined]);
});

test('after a loss some may be missing of all that run', () => {
  const { pids } = record(forked, rescan(25, [1, 20]), exit(31, { tgid: 20, ...usage(7, 900) }));
  expect(told(pids)).toEqual([[20, 7, 900, true]]);
});
