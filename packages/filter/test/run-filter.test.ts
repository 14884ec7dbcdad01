import type { OperationDocument, TaskDocument } from '@godo/evidence';
import { expect, test } from 'vitest';
import { runFilter } from '../src/run-filter.ts';
import { cook, memoryReader, memoryWriter, type Raw } from './support/memory-store.ts';
import {
  at,
  auditExec,
  became,
  boot,
  containerId,
  event,
  exit,
  file,
  fork,
  keyOf,
  loss,
  openFile,
  operation,
  session,
  task,
  writes,
} from './support/raw.ts';

const inside = containerId('c');
const merged = '/var/lib/docker/overlay2/9/merged';

const scenario: Raw = {
  sessions: [session('start', 0), session('end', 1000, { reason: 'signal' })],
  pids: [
    task('snapshot', 1, 0, { startNs: at(-9000), exe: '/sbin/init', argv: ['init'], containerId: null, rootfs: '/' }),
    task('snapshot', 100, 0, {
      parent: 1,
      startNs: at(-5000),
      star: true,
      exe: '/usr/bin/dockerd',
      comm: 'dockerd',
      argv: ['dockerd'],
      cwd: '/',
      rootfs: '/',
      containerId: null,
      uid: 0,
    }),
    fork(100, 200, 10, { containerId: null, rootfs: '/' }),
    auditExec(200, 8, '/usr/bin/runc', { argv: ['runc', 'init'], comm: 'runc', uid: 0 }),
    became(200, 12, { containerId: inside, rootfs: '/' }),
    task('root', 200, 16, { source: 'audit', rootfs: merged }),
    auditExec(200, 24, '/bin/sh', { argv: ['sh', '-c', 'echo hi > /tmp/x'], comm: 'sh', uid: 0 }),
    became(200, 27, { exe: '/bin/sh', argv: ['sh'], containerId: inside, rootfs: merged }),
    fork(200, 201, 30, { containerId: inside, rootfs: merged }),
    task('fork', 200, 31, { pid: 205, parent: 1 }),
    exit(201, 40, { exitCode: 7 }),
    exit(200, 50, { exitCode: null, exitSignal: 9, coreDumped: true }),
  ],
  files: [file(201, '/tmp/x', 32, { closedNs: at(34), writes: writes(1, 3, 33) })],
  fds: [openFile(200, '/tmp/left', 33)],
  operations: [
    operation(201, 36),
    operation(1, 36),
    operation(77, 36),
    operation(200, 37, { operation: 'rename', toPath: '/tmp/b', toPathResolved: true, containerId: containerId('d') }),
  ],
  events: [event(201, 35), event(1, 35), event(null, 36)],
  losses: [loss(20)],
};

test('a container from the engine to its last process', async () => {
  const cooked = await cook(scenario);
  const process = cooked.processes.find(({ tgid }) => tgid === 200);
  expect(process).toEqual({
    _id: keyOf(200),
    key: keyOf(200),
    host: 'host-a',
    machineId: null,
    bootId: boot,
    sessionIds: ['run-1'],
    tgid: 200,
    startTicks: 2000,
    startNs: at(10),
    start: '2024-01-01T00:00:00.010000000Z',
    startedBefore: false,
    exitNs: at(50),
    exit: '2024-01-01T00:00:00.050000000Z',
    exitCode: null,
    exitSignal: 9,
    coreDumped: true,
    star: false,
    parentKey: keyOf(100),
    ppid: 100,
    parentTgid: 100,
    parentSource: 'kernel',
    children: [keyOf(201)],
    depth: 1,
    threads: [
      {
        pid: 200,
        startNs: at(10),
        start: '2024-01-01T00:00:00.010000000Z',
        exitNs: at(50),
        exit: '2024-01-01T00:00:00.050000000Z',
        exitInferred: false,
        ppid: 100,
        parentTgid: 100,
      },
      {
        pid: 205,
        startNs: at(31),
        start: '2024-01-01T00:00:00.031000000Z',
        exitNs: at(50),
        exit: '2024-01-01T00:00:00.050000000Z',
        exitInferred: true,
        ppid: 100,
        parentTgid: 100,
      },
    ],
    executions: [
      {
        timeNs: at(12),
        time: '2024-01-01T00:00:00.012000000Z',
        exe: '/usr/bin/runc',
        argv: ['runc', 'init'],
        cwd: '/',
        comm: 'runc',
        success: true,
      },
      {
        timeNs: at(27),
        time: '2024-01-01T00:00:00.027000000Z',
        exe: '/bin/sh',
        argv: ['sh', '-c', 'echo hi > /tmp/x'],
        cwd: '/',
        comm: 'sh',
        success: true,
      },
    ],
    exe: '/bin/sh',
    comm: 'sh',
    argv: ['sh', '-c', 'echo hi > /tmp/x'],
    cwd: '/',
    rootfs: merged,
    containerId: inside,
    uid: 0,
    warnings: [],
  });
  expect(
    cooked.processes.map(({ tgid, depth, parentKey, parentSource, startedBefore, exe, rootfs, containerId: id }) => ({
      tgid,
      depth,
      parentKey,
      parentSource,
      startedBefore,
      exe,
      rootfs,
      id,
    })),
  ).toEqual([
    {
      tgid: 100,
      depth: 0,
      parentKey: null,
      parentSource: null,
      startedBefore: true,
      exe: '/usr/bin/dockerd',
      rootfs: '/',
      id: null,
    },
    {
      tgid: 200,
      depth: 1,
      parentKey: keyOf(100),
      parentSource: 'kernel',
      startedBefore: false,
      exe: '/bin/sh',
      rootfs: merged,
      id: inside,
    },
    {
      tgid: 201,
      depth: 2,
      parentKey: keyOf(200),
      parentSource: 'kernel',
      startedBefore: false,
      exe: '/bin/sh',
      rootfs: merged,
      id: inside,
    },
  ]);
  expect(
    cooked.files.map(({ path, containerId: id, closedBy, closeInferred }) => ({ path, id, closedBy, closeInferred })),
  ).toEqual([
    { path: '/tmp/x', id: inside, closedBy: 'close', closeInferred: false },
    { path: '/tmp/left', id: inside, closedBy: 'exit', closeInferred: true },
  ]);
  expect(cooked.events).toEqual([{ ...event(201, 35), containerId: inside }, event(null, 36)]);
  expect(cooked.losses).toEqual([loss(20)]);
  expect(
    cooked.containers.map(({ containerId: id, processes, filesChanged }) => [id, processes, filesChanged]),
  ).toEqual([[inside, 2, 1]]);
  expect(cooked.runs.map(({ _id, reason }) => [_id, reason])).toEqual([['run-1', 'signal']]);
});

test('the summary counts what was seen and what was kept, and the new set is committed', async () => {
  const writer = memoryWriter();
  const unusable = { ...task('fork', 7, 1), timeNs: 'soon' } as unknown as TaskDocument;
  const summary = await runFilter({
    reader: memoryReader({ ...scenario, pids: [...(scenario.pids ?? []), unusable] }),
    writer,
  });
  expect([summary, writer.calls]).toEqual([
    {
      processes: 3,
      threads: 4,
      containers: 1,
      filesKept: 2,
      filesSeen: 2,
      operations: 2,
      events: 2,
      losses: 1,
      runs: 1,
      unusable: 1,
    },
    ['commit'],
  ]);
});

test('operations are those of processes of the tree, in their containers', async () => {
  const { operations } = await cook(scenario);
  const [unlinked, , , renamed] = scenario.operations ?? [];
  expect(operations).toEqual([{ ...unlinked, containerId: inside }, renamed]);
});

test('an operation without a time, a name or who did it is no usable one', async () => {
  const damaged = [{ timeNs: 'soon' }, { operation: 5 }, { key: null }, { tgid: -1 }, { containerId: 5 }, { _id: 1 }];
  const operations = damaged.map((one, ms) => ({ ...operation(200, ms), ...one }) as unknown as OperationDocument);
  const writer = memoryWriter();
  const summary = await runFilter({ reader: memoryReader({ ...scenario, operations }), writer });
  expect([summary.operations, summary.unusable]).toEqual([0, damaged.length]);
});

test('a run of the listener that began later does not make a process of an earlier run one from before', async () => {
  const second = { sessionId: 'run-2' };
  const { processes } = await cook({
    sessions: [session('start', 0), session('start', 500, second)],
    pids: [
      task('snapshot', 100, 0, { star: true, startNs: at(-5000) }),
      task('snapshot', 100, 500, { startNs: at(-5000), _id: 'again', ...second }),
      // A scan after a loss finds a process whose fork was lost.
      task('snapshot', 101, 300, { parent: 100, startNs: at(250) }),
      task('snapshot', 101, 500, { parent: 100, startNs: at(250), _id: 'again-101', ...second }),
      // Made between the two runs.
      task('snapshot', 102, 500, { parent: 100, startNs: at(450), ...second }),
    ],
  });
  expect(processes.map(({ tgid, sessionIds, startedBefore }) => [tgid, sessionIds, startedBefore])).toEqual([
    [100, ['run-1', 'run-2'], true],
    [101, ['run-1', 'run-2'], false],
    [102, ['run-2'], true],
  ]);
});

test('when reading fails the new set is aborted and the failure is told', async () => {
  const writer = memoryWriter();
  const reader = memoryReader(scenario);
  const failing = {
    ...reader,
    events: async function* () {
      yield event(null, 0);
      throw new Error('the connection broke');
    },
  };
  await expect(runFilter({ reader: failing, writer })).rejects.toThrow('the connection broke');
  expect(writer.calls).toEqual(['abort']);
});

test('when the commit fails the new set is aborted', async () => {
  const writer = memoryWriter();
  const failing = { ...writer, commit: () => Promise.reject(new Error('the disk is full')) };
  await expect(runFilter({ reader: memoryReader(scenario), writer: failing })).rejects.toThrow('the disk is full');
  expect(writer.calls).toEqual(['abort']);
});

test('an interrupt leaves the old set alone', async () => {
  const writer = memoryWriter();
  const controller = new AbortController();
  const reader = memoryReader(scenario);
  const interrupted = {
    ...reader,
    closedFiles: async function* () {
      yield { sessions: [], unusable: 0 };
      controller.abort(new Error('interrupted'));
      yield { sessions: [], unusable: 0 };
    },
  };
  await expect(runFilter({ reader: interrupted, writer, signal: controller.signal })).rejects.toThrow('interrupted');
  expect(writer.calls).toEqual(['abort']);
});

test('empty raw evidence makes empty cooked evidence', async () => {
  const writer = memoryWriter();
  const summary = await runFilter({ reader: memoryReader({}), writer });
  expect([summary.processes, writer.entries, writer.calls]).toEqual([0, [], ['commit']]);
});
