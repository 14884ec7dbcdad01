import type { TaskDocument } from '@godo/evidence';
import { expect, test } from 'vitest';
import { noFacts } from '../src/facts.ts';
import { buildProcess, isUsable, mostTasks } from '../src/process-builder.ts';
import { at, auditExec, became, containerId, exit, fork, keyOf, task } from './support/raw.ts';

test('the tasks of a process come main task first, then by start', () => {
  const node = buildProcess([fork(1, 10, 5, { pid: 12 }), task('fork', 10, 3, { pid: 11 }), fork(1, 10, 9)]);
  expect(node.tasks.map((one) => one.pid)).toEqual([10, 11, 12]);
});

test('the process is over with its last task, not with its main task', () => {
  const node = buildProcess([fork(1, 10, 0), task('fork', 10, 1, { pid: 11 }), exit(10, 5), exit(10, 9, { pid: 11 })]);
  expect(node.exitNs).toBe(at(9));
});

test('while the exit of the main task is not known, the process is not over', () => {
  expect(buildProcess([fork(1, 10, 0), exit(10, 9, { pid: 11 })]).exitNs).toBe(null);
});

test('a process that moved into a container belongs to it, and no later reading takes it out', () => {
  const node = buildProcess([
    fork(1, 10, 0, { containerId: null }),
    became(10, 1, { containerId: containerId('a') }),
    exit(10, 2, { containerId: null }),
  ]);
  expect(node.containerId).toBe(containerId('a'));
});

test('a container that was never read is not the same as none', () => {
  expect(buildProcess([fork(1, 10, 0)]).containerId).toBe(undefined);
  expect(buildProcess([fork(1, 10, 0, { containerId: null })]).containerId).toBe(null);
});

test('runs of the listener add up to one process', () => {
  const node = buildProcess([
    fork(1, 10, 0),
    auditExec(10, 1, '/bin/a'),
    task('snapshot', 10, 100, { sessionId: 'run-2', exe: '/bin/a', cwd: '/later', parent: 2, comm: 'renamed' }),
  ]);
  expect({
    sessionIds: node.sessionIds,
    claim: node.claim,
    latest: node.latest,
    startNs: node.startNs,
  }).toEqual({
    sessionIds: ['run-1', 'run-2'],
    claim: { source: 'kernel', own: true, ppid: 1, parentTgid: 1, parentKey: keyOf(1) },
    latest: { exe: '/bin/a', comm: 'renamed', argv: null, cwd: '/later' },
    startNs: at(0),
  });
});

test('what /proc showed within the jiffy of an exec gives way to the exec', () => {
  const early = buildProcess([auditExec(10, 0, '/bin/new'), task('snapshot', 10, 5, { exe: '/bin/old', comm: 'old' })]);
  expect(early.latest).toEqual({ exe: '/bin/new', comm: 'old', argv: ['/bin/new'], cwd: '/' });
  const late = buildProcess([auditExec(10, 0, '/bin/new'), task('snapshot', 10, 50, { exe: '/bin/old' })]);
  expect(late.latest).toEqual({ exe: '/bin/old', comm: null, argv: null, cwd: null });
});

test('facts read at the fork stay below those of an exec with an earlier coarse stamp', () => {
  const node = buildProcess([auditExec(10, 0, '/bin/new'), fork(1, 10, 3, { exe: '/bin/parent' })]);
  expect([node.initial.exe, node.executions.at(-1)?.facts.exe, node.latest]).toEqual([
    '/bin/parent',
    '/bin/new',
    noFacts,
  ]);
});

test('credentials: the last ones read', () => {
  const node = buildProcess([
    fork(1, 10, 0, { uid: 0, gid: 0, auid: 4294967295 }),
    auditExec(10, 1, '/bin/a', { uid: 1000, tty: null }),
  ]);
  expect([node.credentials, node.credentialsConstant]).toEqual([
    { uid: 1000, gid: 0, auid: 4294967295, tty: null },
    false,
  ]);
});

test('the name of a thread is not the name of its process', () => {
  const node = buildProcess([
    task('snapshot', 10, 0, { comm: 'java' }),
    task('snapshot', 10, 0, { pid: 11, comm: 'GC Thread#0', _id: 'z' }),
  ]);
  expect(node.initial.comm).toBe('java');
});

test('text and exact bytes stay together', () => {
  const node = buildProcess([
    became(10, 0, { exe: '/bin/\ufffd', exeHex: '2f62696e2fff', argv: ['a', '\ufffd'], argvHex: [null, 'ff'] }),
  ]);
  expect(node.executions.map((one) => one.facts)).toEqual([
    { exe: '/bin/\ufffd', exeHex: '2f62696e2fff', comm: null, argv: ['a', '\ufffd'], argvHex: [null, 'ff'], cwd: null },
  ]);
});

test('threads beyond what a document can hold are counted', () => {
  const observations: [TaskDocument, ...TaskDocument[]] = [fork(1, 1, 0)];
  for (let pid = 2; pid <= mostTasks + 5; pid += 1) observations.push(task('fork', 1, pid, { pid }));
  const node = buildProcess(observations);
  expect([node.tasks.length, node.tasksLeftOut]).toEqual([mostTasks, 5]);
});

test('fields of a wrong type count as absent', () => {
  const broken = {
    ...fork(1, 10, 0),
    ppid: 'one',
    parentTgid: -3,
    parentKey: 7,
    argv: ['a', 5],
    exe: { path: '/bin/a' },
    containerId: 12,
    uid: Number.NaN,
    startNs: 10n ** 40n,
    warnings: 'none',
  } as unknown as TaskDocument;
  const node = buildProcess([broken]);
  expect({
    claim: node.claim,
    initial: node.initial,
    containerId: node.containerId,
    credentials: node.credentials,
    startNs: node.startNs,
    warnings: node.warnings,
  }).toEqual({ claim: null, initial: noFacts, containerId: undefined, credentials: {}, startNs: at(0), warnings: [] });
});

test('an observation without key or time cannot be used', () => {
  const good = fork(1, 10, 0);
  const bad = [
    { key: '' },
    { key: 4 },
    { timeNs: 5 },
    { timeNs: 2n ** 70n },
    { pid: -1 },
    { tgid: '10' },
    { bootId: null },
  ];
  expect([isUsable(good), ...bad.map((change) => isUsable({ ...good, ...change } as unknown as TaskDocument))]).toEqual(
    [true, ...bad.map(() => false)],
  );
});
