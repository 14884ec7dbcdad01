import { join } from 'node:path';
import { expect, test } from 'vitest';
import { moment, openCookedWriter, openRawStore } from '../../src/index.ts';
import { openSqlite } from '../../src/sqlite/driver.ts';
import { sqliteTargets } from '../support/databases.ts';
import {
  bootId,
  checkpoint,
  cookedFile,
  cookedFileEntry,
  event,
  fileEntry,
  fileSession,
  keyOf,
  loss,
  process,
  session,
  someNs,
  task,
} from '../support/documents.ts';

const newTarget = sqliteTargets();

async function select(file: string, sql: string): Promise<unknown[]> {
  const database = await openSqlite(file, { readOnly: true });
  try {
    // Beyond what our programs need of a driver.
    const statement = database.prepare(sql) as unknown as { all(): object[] };
    return statement.all().map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

test('people read files with the sqlite3 shell: times, names and paths are spelt out', async () => {
  const target = newTarget();
  const store = await openRawStore(target);
  const writes = { count: 2, bytes: 17, firstNs: someNs, first: '', lastNs: someNs, last: '' };
  await store.insert([
    fileEntry(fileSession({ _id: `${bootId}:x`, fileType: 'regular', inode: '4711', containerId: 'ab', writes })),
    fileEntry(
      fileSession({
        _id: `${bootId}:audit:1763792240124.77`,
        openedNs: 1763792240124000000n,
        closedNs: 1763792240200000000n,
        access: 'readwrite',
        created: false,
        closedBy: 'exit',
        writes: { count: 0, bytes: 0, firstNs: null, first: null, lastNs: null, last: null },
        writers: [],
      }),
    ),
    fileEntry(checkpoint('open', someNs)),
  ]);
  await store.close();
  const file = join(target.directory, 'raw.db');
  const common = { path: '/tmp/hello', comm: 'sh', exe: '/bin/sh', tgid: 10, fd: 3, flags: 577, dev: 'fe:00' };
  const origin = { process_key: keyOf(10), host: 'host-1', session_id: 'session-1' };
  expect(await select(file, 'SELECT * FROM files_readable')).toStrictEqual([
    {
      ...common,
      ...origin,
      opened: '2025-11-22T06:17:20.123456789Z',
      closed: '2025-11-22T06:17:20.123456792Z',
      closed_by: 'close',
      access: 'write',
      created: 1,
      file_type: 'regular',
      writes: 2,
      bytes: 17,
      inode: '4711',
      container_id: 'ab',
      close_inferred: 0,
      file_session_id: `${bootId}:x`,
      rare: expect.stringContaining('"writers"'),
    },
    {
      ...common,
      ...origin,
      opened: '2025-11-22T06:17:20.124000000Z',
      closed: '2025-11-22T06:17:20.200000000Z',
      closed_by: 'exit',
      access: 'readwrite',
      created: 0,
      file_type: null,
      writes: 0,
      bytes: 0,
      inode: '18446744073709551615',
      container_id: null,
      close_inferred: 0,
      file_session_id: `${bootId}:audit:1763792240124.77`,
      rare: null,
    },
  ]);
  expect(
    await select(file, 'SELECT checkpoint, opened, closed, closed_by, path, file_session_id FROM fds_readable'),
  ).toStrictEqual([
    {
      checkpoint: '2025-11-22T06:17:20.123456789Z',
      opened: '2025-11-22T06:17:20.123456789Z',
      closed: null,
      closed_by: null,
      path: '/tmp/hello',
      file_session_id: 'open',
    },
  ]);
});

test('of other collections the views show what matters as columns, and all of it as JSON', async () => {
  const target = newTarget();
  const store = await openRawStore(target);
  const exec = task({
    _id: `${bootId}:audit:1763792240123.5`,
    ...moment(1763792240123000000n),
    clock: { name: 'audit', value: '1763792240123' },
    observation: 'exec',
    source: 'audit',
    startNs: 1763792240123000000n - 5n,
    parentKey: keyOf(1),
    comm: 'true',
    exe: '/bin/true',
    argv: ['true', '-x'],
    cwd: '/',
    containerId: 'ab'.repeat(32),
    uid: 0,
  });
  await store.insert([
    { collection: 'pids', document: exec },
    { collection: 'events', document: event({ _id: 'e', data: { module: 'x', deep: [1] } }) },
    { collection: 'losses', document: loss({ _id: 'l', count: null }) },
    { collection: 'sessions', document: session({ _id: `${bootId}:run:1`, version: '1.0' }) },
  ]);
  await store.close();
  const file = join(target.directory, 'raw.db');
  const { time: _, clock: __, timeNs, startNs, ...others } = exec;
  const [pid, ...rest] = (await select(file, 'SELECT * FROM pids_readable')) as { document: string }[];
  expect(rest).toStrictEqual([]);
  expect({ ...pid, document: JSON.parse(pid?.document ?? '') }).toStrictEqual({
    time: '2025-11-22T06:17:20.123000000Z',
    observation: 'exec',
    pid: 10,
    tgid: 10,
    ppid: null,
    comm: 'true',
    exe: '/bin/true',
    argv: '["true","-x"]',
    cwd: '/',
    container_id: 'ab'.repeat(32),
    exit_code: null,
    exit_signal: null,
    process_key: keyOf(10),
    host: 'host-1',
    _id: exec._id,
    document: { ...others, clock: { name: 'audit' }, timeNs: `${timeNs}`, startNs: `${startNs}` },
  });
  expect(await select(file, 'SELECT time, kind, tgid, data FROM events_readable')).toStrictEqual([
    { time: '2025-11-22T06:17:20.123456789Z', kind: 'module', tgid: 10, data: '{"module":"x","deep":[1]}' },
  ]);
  expect(await select(file, 'SELECT severity, source, "from", count, reason FROM losses_readable')).toStrictEqual([
    {
      severity: 'loss',
      source: 'audit-serial',
      from: '18446744073709551614',
      count: null,
      reason: 'Two serials are missing.',
    },
  ]);
  expect(await select(file, 'SELECT _id, phase, version FROM sessions_readable')).toStrictEqual([
    { _id: `${bootId}:run:1`, phase: 'start', version: '1.0' },
  ]);
});

test('cooked evidence has such views too', async () => {
  const target = newTarget();
  const writer = await openCookedWriter(target);
  await writer.insert([
    { collection: 'processes', document: process({ _id: keyOf(10), argv: ['sh', '-c'] }) },
    { collection: 'processes', document: process({ _id: keyOf(11), startNs: null, start: null }) },
    cookedFileEntry(cookedFile({ _id: 'f', closeInferred: true })),
  ]);
  await writer.commit();
  const file = join(target.directory, 'cooked.db');
  expect(await select(file, 'SELECT time, host, exe, argv, _id FROM processes_readable ORDER BY time')).toStrictEqual([
    { time: null, host: 'host-1', exe: '/bin/sh', argv: '["sh"]', _id: keyOf(11) },
    {
      time: '2025-11-22T06:17:20.123456789Z',
      host: 'host-1',
      exe: '/bin/sh',
      argv: '["sh","-c"]',
      _id: keyOf(10),
    },
  ]);
  expect(await select(file, 'SELECT path, close_inferred FROM files_readable')).toStrictEqual([
    { path: '/tmp/hello', close_inferred: 1 },
  ]);
  for (const name of ['containers', 'events', 'losses', 'runs']) {
    expect(await select(file, `SELECT * FROM ${name}_readable`)).toStrictEqual([]);
  }
});
