import { expect, test } from 'vitest';
import { mergeTasks, type Task } from '../src/task-merge.ts';
import { at, auditExec, became, exit, fork, task } from './support/raw.ts';

const running: Task = {
  pid: 10,
  startNs: at(0),
  forked: true,
  exitNs: null,
  exitCode: null,
  exitSignal: null,
  coreDumped: false,
};

test('fork, exec and exit of one task become one task', () => {
  expect(mergeTasks([fork(1, 10, 0), became(10, 1), exit(10, 5, { exitCode: 3 })])).toEqual([
    { ...running, exitNs: at(5), exitCode: 3 },
  ]);
});

test('the kernel-told start of a fork wins over one read from /proc', () => {
  const snapshot = task('snapshot', 10, -1, { startNs: at(-7) });
  expect(mergeTasks([snapshot])).toEqual([{ ...running, startNs: at(-7), forked: false }]);
  expect(mergeTasks([snapshot, fork(1, 10, 0)])).toEqual([running]);
});

test('a main task that was ended by the exec of another thread goes on', () => {
  expect(mergeTasks([fork(1, 10, 0), auditExec(10, 4, '/bin/a'), exit(10, 5), became(10, 6)])).toEqual([running]);
  expect(
    mergeTasks([fork(1, 10, 0), exit(10, 5), became(10, 6), exit(10, 9, { exitCode: null, exitSignal: 9 })]),
  ).toEqual([{ ...running, exitNs: at(9), exitSignal: 9 }]);
});

test('an exec before the exit does not bring a task back', () => {
  expect(mergeTasks([fork(1, 10, 0), became(10, 1), exit(10, 5)])).toEqual([
    { ...running, exitNs: at(5), exitCode: 0 },
  ]);
});

test('a pid that is given out again within the process makes a second task', () => {
  const thread = { pid: 11 };
  expect(mergeTasks([fork(1, 10, 0, thread), exit(10, 1, thread), fork(1, 10, 2, thread)])).toEqual([
    { ...running, pid: 11, exitNs: at(1), exitCode: 0 },
    { ...running, pid: 11, startNs: at(2) },
  ]);
});
