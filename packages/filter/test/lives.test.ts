/** Several runs of the listener on one boot: what each tells of a process is told of one. */

import type { TaskDocument } from '@godo/evidence';
import { expect, test } from 'vitest';
import { reunite, takenForIts } from '../src/lives.ts';
import { compareText } from '../src/order.ts';
import { goneAtNextRun } from '../src/unseen-ends.ts';
import { cook, type Raw } from './support/memory-store.ts';
import {
  at,
  auditExec,
  became,
  boot,
  calls,
  event,
  exit,
  file,
  fork,
  keyOf,
  operation,
  session,
  task,
  writes,
} from './support/raw.ts';

const later = { sessionId: 'run-2' } as const;
const unseen = 'its start was not seen: an audit record is the first of it';
const key = (tgid: number, stamp: string | number) => `${boot}:${tgid}:${stamp}`;

const dockerd = task('snapshot', 100, 0, { startNs: at(-5000), star: true, exe: '/usr/bin/dockerd' });
/** The second run finds dockerd, and the connector tells it of something. */
const secondRun = [
  task('snapshot', 100, 1000, { ...later, startNs: at(-5000), exe: '/usr/bin/dockerd' }),
  fork(100, 900, 1100, later),
  exit(900, 1101, later),
];
/** The first was cut off at 500. */
const runs = [session('start', -10), session('start', 990, { sessionId: 'run-2' })];

/** What audit alone tells of a process that a run met in the middle of its life. */
function met(tgid: number, ms: number, changes: Partial<TaskDocument> = {}): TaskDocument[] {
  const seen = { ...later, key: key(tgid, `?${ms}.7`), startTicks: null, startNs: null, ...changes };
  return [
    task('snapshot', tgid, ms, { ...seen, source: 'audit', inferred: true, parent: 100, warnings: [unseen] }),
    auditExec(tgid, ms, '/bin/met', seen),
  ];
}

async function processesOf(raw: Raw) {
  const { processes } = await cook({ sessions: runs, ...raw });
  return Object.fromEntries(
    processes.map(({ key, exitNs, exitCode, executions, warnings, parentKey, sessionIds }) => [
      key,
      { parentKey, sessionIds, executions: executions.map(({ exe }) => exe), exitNs, exitCode, warnings },
    ]),
  );
}

test('a process that the next run finds is one, also where the start that was calculated is a tick off', async () => {
  const found = await processesOf({
    pids: [
      dockerd,
      fork(100, 200, 10),
      became(200, 11, { exe: '/bin/one' }),
      task('snapshot', 200, 1000, { ...later, key: key(200, 2001), startTicks: 2001, startNs: at(10), parent: 100 }),
      fork(200, 300, 1050, { ...later, parentKey: key(200, 2001) }),
      ...secondRun,
      exit(200, 1200, { ...later, key: key(200, 2001), startTicks: 2001 }),
    ],
  });
  expect(Object.keys(found)).toEqual([keyOf(100), key(200, 2001), keyOf(900), keyOf(300)]);
  expect(found[key(200, 2001)]).toEqual({
    parentKey: keyOf(100),
    sessionIds: ['run-1', 'run-2'],
    executions: ['/bin/one'],
    exitNs: at(1200),
    exitCode: 0,
    warnings: [takenForIts],
  });
  expect(found[keyOf(300)]?.parentKey).toBe(key(200, 2001));
});

test('what the kernel had queued of a process goes to the one that had the number then', async () => {
  const found = await processesOf({
    pids: [
      dockerd,
      // Before it, with the same number.
      ...[fork(100, 200, 10, { key: key(200, 1) }), exit(200, 12, { key: key(200, 1) })],
      fork(100, 200, 490),
      exit(200, 494),
      ...met(200, 492),
      ...secondRun,
    ],
  });
  expect(Object.keys(found)).toEqual([keyOf(100), key(200, 1), keyOf(200), keyOf(900)]);
  expect(found[keyOf(200)]).toEqual({
    parentKey: keyOf(100),
    sessionIds: ['run-1', 'run-2'],
    executions: ['/bin/met'],
    exitNs: at(494),
    exitCode: 0,
    warnings: [takenForIts],
  });
});

test('a process that nobody had the number of before stays by itself', async () => {
  const found = await processesOf({
    pids: [dockerd, fork(100, 200, 10), exit(200, 12), ...met(200, 700), ...secondRun],
  });
  expect(Object.keys(found)).toEqual([keyOf(100), keyOf(200), keyOf(900), key(200, '?700.7')]);
  expect(found[key(200, '?700.7')]).toMatchObject({ parentKey: keyOf(100), warnings: [unseen, goneAtNextRun] });
});

test('what a run meets long after it looked through /proc is nobody of before', async () => {
  const found = await processesOf({ pids: [dockerd, fork(100, 200, 10), ...secondRun, ...met(200, 3_600_000)] });
  expect(found[keyOf(200)]).toMatchObject({ executions: [], exitNs: at(1000), warnings: [goneAtNextRun] });
  expect(found[key(200, '?3600000.7')]).toMatchObject({ executions: ['/bin/met'], warnings: [unseen] });
});

test('nor is it where the run itself knew the other, where a run lies between, or where it has another parent', async () => {
  const itself = await processesOf({ pids: [dockerd, ...secondRun, fork(100, 200, 1002, later), ...met(200, 1003)] });
  const between = await processesOf({
    sessions: [...runs, session('start', 700, { sessionId: 'run-1b' })],
    pids: [dockerd, fork(100, 200, 490), ...met(200, 800), ...secondRun],
  });
  const adopted = await processesOf({ pids: [dockerd, fork(900, 200, 490), ...met(200, 492), ...secondRun] });
  const keys = [itself, between, adopted].map((found) =>
    Object.keys(found)
      .filter((one) => one.includes(':200:'))
      .sort(),
  );
  expect(keys).toEqual([
    [keyOf(200), key(200, '?1003.7')],
    [keyOf(200), key(200, '?800.7')],
    [keyOf(200), key(200, '?492.7')],
  ]);
});

test('what only queued records tell of in the gap ended with it', async () => {
  const met700 = await processesOf({
    pids: [dockerd, fork(100, 200, 10), ...met(200, 700), ...met(300, 710), ...secondRun],
  });
  expect(met700[keyOf(200)]).toMatchObject({ exitNs: at(1000), warnings: [takenForIts, goneAtNextRun] });
  expect(met700[key(300, '?710.7')]).toMatchObject({ exitNs: at(1000), warnings: [unseen, goneAtNextRun] });
});

test('damaged observations do not end the filter', async () => {
  const damaged = { warnings: 5, argv: 7, parentTgid: 'x' } as unknown as Partial<TaskDocument>;
  const found = await processesOf({ pids: [dockerd, fork(100, 200, 490), ...met(200, 492, damaged), ...secondRun] });
  expect(found[keyOf(200)]?.executions).toEqual(['/bin/met']);
});

test('very many lives of one number take not much longer for each than few', () => {
  const lives = new Map<string, TaskDocument[]>();
  for (let ticks = 0; ticks < 40_000; ticks += 2) {
    lives.set(key(200, ticks), [fork(100, 200, ticks / 100, { key: key(200, ticks), startTicks: ticks })]);
    const seen = { ...later, source: 'audit', key: key(200, `?${ticks}.1`), startTicks: null } as const;
    lives.set(seen.key, [task('snapshot', 200, ticks / 100, seen)]);
  }
  const known = {
    isResumed: () => true,
    compareSessions: compareText,
    startOf: () => ({ startNs: at(990), before: 'run-1' }),
  };
  const begunMs = performance.now();
  expect(reunite(lives, known).aliases.size).toBe(20_000);
  // Each with each would take half a minute.
  expect(performance.now() - begunMs).toBeLessThan(5_000);
});

test('children, files, operations and events of such a key are those of the process', async () => {
  const left = key(200, '?492.7');
  const mine = { key: left, ...later };
  const wrote = writes(1, 5, 493);
  const { processes, files, operations, events } = await cook({
    sessions: runs,
    pids: [
      dockerd,
      fork(100, 200, 490),
      ...met(200, 492),
      fork(200, 300, 493, { ...later, parentKey: left }),
      ...secondRun,
    ],
    files: [
      file(200, '/a', 493, { ...mine, closedNs: at(494) }),
      file(200, '/b', 493, {
        closedNs: at(495),
        writes: writes(2, 10, 493),
        writers: [
          { key: keyOf(200), ...wrote },
          { key: left, ...wrote },
        ],
        changes: [
          { key: left, ...calls(1, 495) },
          { key: keyOf(200), ...calls(2, 493) },
        ],
        mapped: { ...calls(1, 493), writable: true, keys: [keyOf(200), left], written: true },
      }),
    ],
    operations: [operation(200, 493, mine)],
    events: [event(200, 493, mine)],
  });
  expect(processes.find((process) => process.key === keyOf(300))?.parentKey).toBe(keyOf(200));
  expect(files.map((one) => [one.path, one.key, one.writers.map((writer) => [writer.key, writer.count])])).toEqual([
    ['/a', keyOf(200), []],
    ['/b', keyOf(200), [[keyOf(200), 2]]],
  ]);
  const [from, to] = [calls(1, 493), calls(1, 495)];
  const span = { firstNs: from.firstNs, first: from.first, lastNs: to.lastNs, last: to.last };
  expect(files[1]?.changes).toEqual([{ key: keyOf(200), count: 3, ...span }]);
  expect(files[1]?.mapped?.keys).toEqual([keyOf(200)]);
  expect([...operations, ...events].map((one) => one.key)).toEqual([keyOf(200), keyOf(200)]);
});

test('what the next run does not find any more ended before it', async () => {
  const pids = [dockerd, fork(100, 200, 10), fork(100, 201, 11), exit(201, 12)];
  const found = await processesOf({ pids: [...pids, ...secondRun] });
  expect(found[keyOf(200)]).toMatchObject({ exitNs: at(1000), exitCode: null, warnings: [goneAtNextRun] });
  expect(found[keyOf(201)]).toMatchObject({ exitNs: at(12), exitCode: 0, warnings: [] });
  expect(found[keyOf(100)]).toMatchObject({ exitNs: null, warnings: [] });
});

test('nothing is said to have ended by a run whose look through /proc is not all there, or by one on another boot', async () => {
  const pids = [dockerd, fork(100, 200, 10), task('snapshot', 100, 1000, { ...later, startNs: at(-5000) })];
  const cut = await processesOf({ pids });
  const other = [session('start', -10), session('start', 990, { sessionId: 'run-2', bootId: 'boot-b' })];
  const elsewhere = await processesOf({ pids: [dockerd, fork(100, 200, 10)], sessions: other });
  expect([cut[keyOf(200)]?.exitNs, elsewhere[keyOf(200)]?.exitNs]).toEqual([null, null]);
});
