import { describe, expect, test } from 'vitest';
import { exitOf, processExit } from '../src/inferred-exits.ts';
import { betterClaim, claimOf, type ParentClaim } from '../src/parent-claim.ts';
import { mergeTasks, type Task } from '../src/task-merge.ts';
import { at, auditExec, exit, fork, keyOf, task } from './support/raw.ts';

describe('who the parent is', () => {
  const first = (...observations: ReturnType<typeof task>[]): ParentClaim | null =>
    observations.map((one) => claimOf(one)).reduce(betterClaim, null);

  test('the own fork wins over /proc, /proc over what was concluded', () => {
    const inferred = auditExec(10, 0, '/bin/a', { ppid: 3, parentTgid: 3 });
    const proc = task('snapshot', 10, 1, { parent: 2 });
    const kernel = fork(1, 10, 2);
    expect([first(inferred), first(inferred, proc), first(inferred, proc, kernel)]).toEqual([
      { source: 'inferred', own: true, ppid: 3, parentTgid: 3, parentKey: null },
      { source: 'proc', own: true, ppid: 2, parentTgid: 2, parentKey: keyOf(2) },
      { source: 'kernel', own: true, ppid: 1, parentTgid: 1, parentKey: keyOf(1) },
    ]);
  });

  test('a fork that was concluded from a log is inferred', () => {
    expect(first(fork(1, 10, 0, { inferred: true }))?.source).toBe('inferred');
  });

  test('of two readings the earlier one: the later one may name an adopter', () => {
    expect(first(task('snapshot', 10, 0, { parent: 5 }), task('snapshot', 10, 9, { parent: 1 }))?.parentTgid).toBe(5);
  });

  test('a thread only speaks for its process while nothing else does', () => {
    const thread = task('fork', 10, 5, { pid: 11, parent: 1 });
    expect(first(thread)).toEqual({ source: 'inferred', own: false, ppid: 1, parentTgid: 1, parentKey: keyOf(1) });
    expect(first(thread, task('snapshot', 10, 9, { parent: 7 }))?.parentTgid).toBe(7);
  });
});

test('a thread that was made after the parent died does not change who the parent is', () => {
  const main = fork(5, 10, 0, { ppid: 6 });
  const thread = task('fork', 10, 100, { pid: 11, parent: 1 });
  expect(betterClaim(claimOf(main), claimOf(thread))).toEqual(claimOf(main));
  expect(betterClaim(claimOf(thread), claimOf(main))).toEqual(claimOf(main));
});

test('a task whose exit was not seen ended with its process', () => {
  const tasks: Task[] = [
    ...mergeTasks([fork(1, 10, 0), exit(10, 9)]),
    ...mergeTasks([task('fork', 10, 1, { pid: 11 })]),
    ...mergeTasks([task('fork', 10, 2, { pid: 12 }), exit(10, 4, { pid: 12 })]),
  ];
  const told = (processExitNs: bigint | null) =>
    tasks.map((one) => [one.pid, ...Object.values(exitOf(one, processExitNs))]);
  expect(told(processExit(10, tasks))).toEqual([
    [10, at(9), false],
    [11, at(9), true],
    [12, at(4), false],
  ]);
});

test('while the process runs, nothing is concluded of its tasks', () => {
  const tasks = mergeTasks([fork(1, 10, 0)]);
  expect(tasks.map((one) => exitOf(one, processExit(10, tasks)))).toEqual([{ exitNs: null, exitInferred: false }]);
});
