import type { TaskDocument } from '@godo/evidence';
import { expect, test } from 'vitest';
import { namespacesOf } from '../src/inheritance.ts';
import { insideFields } from '../src/inside.ts';
import { auditExec, became, containerId, fork, keyOf, task } from './support/raw.ts';
import { linkedTableOf } from './support/tree.ts';

const inContainer = { containerId: containerId('a') };
const namespaces = { mnt: 5, pid: 6 };
const first = task('snapshot', 10, 0, { ...inContainer, innerPid: 1, pids: [10, 1], namespaces });
const moved = (tgid: number, ms: number): TaskDocument =>
  task('inside', tgid, ms, { source: 'audit', namespaces: null });

function insideOf(tgid: number, ...observations: readonly TaskDocument[]) {
  const table = linkedTableOf(observations);
  const row = table.find(keyOf(tgid));
  return insideFields(table.insideOf(row), namespacesOf(table, row));
}

test('what was read of a process is what it is', () => {
  expect(insideOf(10, first)).toEqual({ innerPid: 1, pids: [10, 1], namespaces });
});

test('a process that was not looked at has the namespaces of its parent, and the number that its making told', () => {
  const made = [fork(10, 11, 20, inContainer), task('inside', 11, 21, { source: 'audit', innerPid: 7 })];

  expect(insideOf(11, first, ...made)).toEqual({ innerPid: 7, namespaces });
  expect(insideOf(12, first, ...made, fork(11, 12, 30, inContainer))).toEqual({ namespaces });
});

test('a process of the host has nothing of this, nor has one of another container than its parent', () => {
  const other = { containerId: containerId('b') };

  expect(insideOf(11, task('snapshot', 10, 0, { containerId: null }), fork(10, 11, 20, { containerId: null }))).toEqual(
    {},
  );
  expect(insideOf(11, first, fork(10, 11, 20, other))).toEqual({});
});

test('after a call that changed namespaces they are not known until they are read again', () => {
  const child = fork(10, 11, 40, inContainer);

  expect(insideOf(10, first, moved(10, 30))).toEqual({ innerPid: 1, pids: [10, 1], namespaces: null });
  expect(insideOf(11, first, moved(10, 30), child)).toEqual({ namespaces: null });
  expect(insideOf(11, first, moved(10, 60), child)).toEqual({ namespaces });
  expect(insideOf(11, first, moved(10, 30), became(10, 35, { namespaces: { mnt: 9 } }), child)).toEqual({
    namespaces: null,
  });
  expect(insideOf(11, first, moved(10, 20), became(10, 35, { namespaces: { mnt: 9 } }), child)).toEqual({
    namespaces: { mnt: 9 },
  });
});

test('values of the wrong kind count as absent', () => {
  const odd = { innerPid: 'x', pids: [1, null], namespaces: { mnt: -1, pid: 6, other: 3 } } as unknown as TaskDocument;

  expect(insideOf(10, auditExec(10, 1, '/bin/a', { ...inContainer, ...odd }))).toEqual({ namespaces: { pid: 6 } });
});
