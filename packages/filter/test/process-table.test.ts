import { expect, test } from 'vitest';
import { none } from '../src/columns.ts';
import { buildProcess } from '../src/process-builder.ts';
import { ProcessTable } from '../src/process-table.ts';
import { at, auditExec, exit, fork, keyOf, task } from './support/raw.ts';

function tableWith(...processes: Parameters<typeof buildProcess>[0][]): ProcessTable {
  const table = new ProcessTable();
  for (const observations of processes) table.add(buildProcess(observations));
  return table;
}

test('what is shown of a process comes back as it was observed', () => {
  const observed = buildProcess([
    fork(1, 10, 0, { ppid: 2, warnings: ['w'] }),
    auditExec(10, 1, '/bin/none', { success: false, errno: -2 }),
    auditExec(10, 2, '/bin/a', { uid: 5 }),
    task('fork', 10, 3, { pid: 11 }),
    exit(10, 4, { exitCode: 300, coreDumped: true, cpuUs: 12, maxRssKb: 2 ** 33, usagePartial: true }),
  ]);
  const table = new ProcessTable();
  table.add(observed);
  const row = table.find(keyOf(10));
  expect({
    key: table.keyOf(row),
    ...table.originOf(row),
    tgid: table.tgidOf(row),
    startTicks: table.startTicksOf(row),
    startNs: table.startNs.at(row),
    birthNs: table.birthNsOf(row),
    birthCoarse: table.isBirthCoarse(row),
    forked: table.isForked(row),
    snapshot: table.isSnapshot(row),
    star: table.isStar(row),
    sessionIds: table.sessionIdsOf(row),
    inside: table.insideOf(row),
    environment: table.environmentOf(row),
    exitNs: table.exitNs.at(row),
    ...table.exitStatusOf(row),
    usage: table.usageOf(row),
    credentials: table.allCredentials.get(table.credentials.at(row)),
    credentialsConstant: table.areCredentialsConstant(row),
    roots: table.rootChanges.of(row),
    initial: table.facts.get(table.initialFactsOf(row)),
    latest: table.facts.get(table.latestFactsOf(row)),
    warnings: table.warningsOf(row),
  }).toEqual((({ claim, containerId, tasks, executions, tasksLeftOut, executionsLeftOut, ...rest }) => rest)(observed));
  expect([table.claimSourceOf(row), table.claimedPpidOf(row), table.claimedTgidOf(row)]).toEqual(['kernel', 2, 1]);
  expect(table.executions.of(row)).toEqual(
    observed.executions.map(({ coarse: _, sinceNs: __, ...execution }) => execution),
  );
  expect(table.tasks.of(row, { pid: 10, startNs: at(0), exitNs: at(4) })).toEqual([
    { pid: 10, startNs: at(0), exitNs: at(4) },
    { pid: 11, startNs: at(3), exitNs: null },
  ]);
});

test('a process whose key does not say what was observed of it', () => {
  const table = tableWith(
    [fork(1, 10, 0, { key: 'odd' })],
    [fork(1, 11, 0, { key: 'boot-a:12:5', startTicks: null, bootId: 'boot-b' })],
  );
  const said = (key: string) => {
    const row = table.find(key);
    return [table.keyOf(row), table.tgidOf(row), table.startTicksOf(row), table.originOf(row).bootId];
  };
  expect(said('odd')).toEqual(['odd', 10, 100, 'boot-a']);
  expect(said('boot-a:12:5')).toEqual(['boot-a:12:5', 11, null, 'boot-b']);
});

test('a parent that was only named is no process', () => {
  const table = tableWith([fork(7, 10, 0)]);
  const named = table.claimedParent.at(table.find(keyOf(10)));
  expect([table.keyOf(named), table.has(named), table.find(keyOf(7)), [...table.rows()].length]).toEqual([
    keyOf(7),
    false,
    none,
    1,
  ]);
});

test('a process that was named as a parent before keeps its row, and rows come in the order of adding', () => {
  const table = tableWith([fork(7, 10, 0)], [fork(1, 11, 0)], [fork(1, 7, 0)]);
  expect([...table.rows()].map((row) => table.keyOf(row))).toEqual([keyOf(10), keyOf(11), keyOf(7)]);
  expect(table.claimedParent.at(table.find(keyOf(10)))).toBe(table.find(keyOf(7)));
});

test('observations of one process that do not come together are an error', () => {
  const table = tableWith([fork(1, 10, 0)]);
  expect(() => table.add(buildProcess([exit(10, 5)]))).toThrow(
    `observations of ${keyOf(10)} do not come together: not ordered by key`,
  );
});
