import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CookedCollection,
  cookedCollections,
  type FileSession,
  type FileSessionDocument,
  fileSessionOf,
  openCookedReader,
  openCookedWriter,
  openRawReader,
  openRawStore,
  type RawEntry,
  type StoreTarget,
} from '@godo/evidence';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runFilter } from '../src/run-filter.ts';
import { bytes, cook } from './support/memory-store.ts';
import {
  at,
  auditExec,
  became,
  containerId,
  event,
  exit,
  file,
  fork,
  loss,
  openFile,
  operation,
  session,
  task,
  writes,
} from './support/raw.ts';

let directory: string;
let target: StoreTarget;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'godo-filter-'));
  target = { kind: 'sqlite', directory };
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const pids = [
  task('snapshot', 100, 0, { star: true, exe: '/usr/bin/dockerd', argv: ['dockerd'], containerId: null, rootfs: '/' }),
  fork(100, 200, 10, { containerId: null }),
  auditExec(200, 8, '/usr/bin/runc'),
  became(200, 12, { containerId: containerId('a'), rootfs: '/' }),
  task('root', 200, 16, { source: 'audit', rootfs: '/merged' }),
  auditExec(200, 24, '/bin/sh', { argv: ['sh', '-c', 'x'] }),
  fork(200, 201, 30),
  exit(201, 40),
  exit(200, 50),
];
const closed = file(201, '/tmp/x', 32, { closedNs: at(34), writes: writes(1, 3, 33) });
const raw = {
  pids,
  files: [closed],
  fds: [openFile(200, '/tmp/left', 33)],
  operations: [operation(201, 34)],
  events: [event(201, 35)],
  losses: [loss(20)],
  sessions: [session('start', 0), session('end', 60, { reason: 'signal' })],
};

function sessionOf(document: FileSessionDocument): FileSession {
  const session = fileSessionOf(document);
  if (session === null) throw new Error('not a file session');
  return session;
}

const entries: RawEntry[] = [
  ...raw.pids.map((document) => ({ collection: 'pids', document }) as const),
  ...raw.files.map((document) => ({ collection: 'files', session: sessionOf(document) }) as const),
  // A checkpoint of what was closed later: the closed document stands.
  {
    collection: 'fds',
    session: sessionOf({ ...openFile(201, '/tmp/x', 32), fileSessionId: closed._id, _id: `${closed._id}@1` }),
  },
  ...raw.fds.map((document) => ({ collection: 'fds', session: sessionOf(document) }) as const),
  ...raw.operations.map((document) => ({ collection: 'operations', document }) as const),
  ...raw.events.map((document) => ({ collection: 'events', document }) as const),
  ...raw.losses.map((document) => ({ collection: 'losses', document }) as const),
  ...raw.sessions.map((document) => ({ collection: 'sessions', document }) as const),
];

async function store(documents: readonly RawEntry[]): Promise<void> {
  const rawStore = await openRawStore(target);
  await rawStore.insert(documents);
  await rawStore.close();
}

async function filter(): Promise<void> {
  const reader = await openRawReader(target);
  try {
    await runFilter({ reader, writer: await openCookedWriter(target) });
  } finally {
    await reader.close();
  }
}

async function cooked(): Promise<Record<CookedCollection, object[]>> {
  const reader = await openCookedReader(target);
  const all: Record<CookedCollection, object[]> = {
    processes: [],
    files: [],
    operations: [],
    containers: [],
    events: [],
    losses: [],
    runs: [],
  };
  for (const collection of cookedCollections) {
    for await (const document of reader.find(collection, {})) all[collection].push(document);
  }
  await reader.close();
  return all;
}

const hash = (name: string) =>
  createHash('sha256')
    .update(readFileSync(join(directory, name)))
    .digest('hex');

/** The raw database with whatever its writer left beside it. */
const rawFiles = () =>
  readdirSync(directory)
    .filter((name) => name.startsWith('raw.db'))
    .sort()
    .map((name) => [name, hash(name)]);

test('evidence goes through the real store as through memory, and raw.db is not changed', async () => {
  await store(entries);
  const before = rawFiles();
  await filter();
  const fromMemory = await cook(raw);
  const fromStore = await cooked();
  expect(fromStore.processes.length).toBe(3);
  expect(bytes(fromStore)).toBe(bytes(fromMemory));
  expect(rawFiles()).toEqual(before);
});

test('run twice it writes the same file', async () => {
  await store(entries);
  await filter();
  const first = hash('cooked.db');
  await filter();
  expect(hash('cooked.db')).toBe(first);
});

test('on evidence inserted the other way round it writes the same documents', async () => {
  await store(entries);
  await filter();
  const first = await cooked();
  rmSync(directory, { recursive: true });
  await store([...entries].reverse());
  await filter();
  expect(await cooked()).toStrictEqual(first);
});

test('a run that fails leaves the old cooked evidence in place', async () => {
  await store(entries);
  await filter();
  const first = hash('cooked.db');
  const reader = await openRawReader(target);
  const failing = {
    ...reader,
    location: reader.location,
    sessions: () => reader.sessions(),
    tasks: () => reader.tasks(),
    closedFiles: () => reader.closedFiles(),
    openFiles: () => reader.openFiles(),
    operations: () => reader.operations(),
    events: () => reader.events(),
    losses: async function* () {
      yield loss(1);
      throw new Error('the connection broke');
    },
  };
  await expect(runFilter({ reader: failing, writer: await openCookedWriter(target) })).rejects.toThrow('broke');
  await reader.close();
  expect(hash('cooked.db')).toBe(first);
});
