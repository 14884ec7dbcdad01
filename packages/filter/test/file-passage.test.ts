/** File sessions that go from raw to cooked evidence within SQLite become what they become one by one. */

import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  cookedCollections,
  type FileSession,
  type FileSessionDocument,
  fileSessionOf,
  MissedTimes,
  missedMoments,
  openCookedReader,
  openCookedWriter,
  openFilePassage,
  openRawReader,
  openRawStore,
  type RawEntry,
  type RawReader,
  type StoreTarget,
} from '@godo/evidence';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runFilter } from '../src/run-filter.ts';
import {
  at,
  calls,
  containerId,
  exit,
  file,
  fork,
  keyOf,
  loss,
  openFile,
  session,
  task,
  writes,
} from './support/raw.ts';

const { DatabaseSync } = createRequire(import.meta.url)('@photostructure/sqlite') as {
  DatabaseSync: new (file: string) => { exec(sql: string): void; close(): void };
};

/** 10 and below are of the tree, 90 is not; of 99 nothing is known. 12 is in a container that its files may not name. */
const processes = [
  task('snapshot', 10, 0, { star: true }),
  task('snapshot', 90, 0),
  fork(10, 11, 1),
  fork(10, 12, 1, { containerId: containerId('a') }),
  exit(11, 30),
];
const tgid = fc.constantFrom(10, 11, 12, 90, 99);

const anySession: fc.Arbitrary<FileSessionDocument> = fc
  .record({
    tgid,
    thread: fc.boolean(),
    serial: fc.option(fc.integer({ min: 1, max: 50 })),
    path: fc.constantFrom('/a', '/b "quoted"', '/\u0000', '/ö', null),
    opened: fc.integer({ min: 2, max: 12 }),
    fraction: fc.constantFrom(0n, 0n, 17n),
    closed: fc.boolean(),
    open: fc.constantFrom(false, false, false, true),
    written: fc.integer({ min: 0, max: 2 }),
    writers: fc.array(tgid, { maxLength: 2 }),
    own: fc.boolean(),
    changers: fc.array(tgid, { maxLength: 2 }),
    mappers: fc.array(tgid, { maxLength: 2 }),
    stored: fc.constantFrom(true, false, null),
    dev: fc.constantFrom('fe:00', '00:3a', null),
    comm: fc.constantFrom('sh', 'cat', null),
    container: fc.constantFrom(null, containerId('a'), containerId('b')),
    created: fc.boolean(),
    fileType: fc.constantFrom('regular', 'fifo', undefined, 'odd' as 'unknown'),
    run: fc.constantFrom('run-1', 'run-2'),
  })
  .map((given) => {
    const { serial, opened, fraction, written, writers, own, container, thread, run, ...rest } = given;
    const openedNs = at(opened) + fraction;
    const id = `boot-a:audit:${openedNs / 1_000_000n}.${serial}`;
    const count = writes(written, written * 3, written === 0 ? null : opened + 1);
    const once = calls(1, opened + 1);
    const others = writers.map((key) => ({ key: keyOf(key), ...count }));
    return (given.open ? openFile : file)(rest.tgid, rest.path ?? '', opened, {
      ...(serial !== null && { fileSessionId: id, _id: id }),
      path: rest.path,
      openedNs,
      closedNs: given.closed && !given.open ? openedNs + 5_000_000n : null,
      writes: count,
      writers: own || written === 0 ? (written === 0 ? [] : [{ key: keyOf(rest.tgid), ...count }]) : others,
      dev: rest.dev,
      comm: rest.comm,
      containerId: container,
      created: rest.created,
      ...(rest.fileType === undefined ? {} : { fileType: rest.fileType }),
      ...(rest.changers.length > 0 && { changes: rest.changers.map((key) => ({ key: keyOf(key), ...once })) }),
      ...(rest.mappers.length > 0 && {
        mapped: { ...once, writable: true, keys: rest.mappers.map((key) => keyOf(key)), written: rest.stored },
      }),
      pid: thread ? rest.tgid + 1000 : rest.tgid,
      sessionId: run,
    });
  });

/** What others may have done to the database. */
const damages = [
  '',
  "UPDATE OR IGNORE files SET doc = '[]' WHERE rowid_of % 3 = 0",
  "UPDATE OR IGNORE files SET doc = '4],[5' WHERE rowid_of % 5 = 0",
  "UPDATE OR IGNORE files SET doc = json_set(doc, '$[1]', (doc ->> 1) | 8) WHERE rowid_of % 4 = 0",
  "UPDATE OR IGNORE files SET doc = json_set(doc, '$[4]', 4711) WHERE rowid_of % 4 = 0",
  "UPDATE OR IGNORE files SET doc = ' ' || doc || ' '",
  'UPDATE OR IGNORE files SET lasted = NULL WHERE rowid_of % 3 = 0',
  'UPDATE OR IGNORE files SET lasted = 0.5 WHERE rowid_of % 7 = 0',
  'UPDATE OR IGNORE files SET opener = 4711 WHERE rowid_of % 6 = 0',
  "UPDATE OR IGNORE files SET opener = 'x' WHERE rowid_of % 6 = 0",
  'UPDATE OR IGNORE files SET opened = -opened WHERE rowid_of % 5 = 0',
  "UPDATE OR IGNORE files SET id = 'none' WHERE rowid_of % 9 = 0",
  'UPDATE OR IGNORE files SET id = id + 0.5 WHERE rowid_of % 9 = 0',
  'UPDATE OR IGNORE files SET id = 9007199254740993 WHERE rowid_of % 19 = 0 AND id IN (SELECT max(id) FROM files)',
  'DELETE FROM openers WHERE id % 3 = 0',
  'UPDATE openers SET comm = 4711, container = 4712 WHERE id % 2 = 0',
  "UPDATE openers SET key = 'nothing' WHERE id % 3 = 0",
  "UPDATE texts SET text = 'json:{' WHERE id % 3 = 0 AND text NOT LIKE '[%'",
  'UPDATE openers SET origin = 77 WHERE id % 3 = 0',
  'UPDATE openers SET id = -id WHERE id = 1',
  'UPDATE openers SET id = 1 << 40 WHERE id = 1',
] as const;

function sessionOf(document: FileSessionDocument): FileSession {
  const found = fileSessionOf(document);
  if (found === null) throw new Error('not a file session');
  return found;
}

const runs = ['run-1', 'run-2'];

function entriesOf(files: readonly FileSessionDocument[], ended: readonly string[] = runs): RawEntry[] {
  return [
    ...runs.map((_id) => ({ collection: 'sessions', document: session('start', 0, { _id, sessionId: _id }) }) as const),
    ...processes.map((document) => ({ collection: 'pids', document }) as const),
    ...files.map(
      (one) => ({ collection: one.checkpointNs === undefined ? 'files' : 'fds', session: sessionOf(one) }) as const,
    ),
    // Last, for damages choose texts by their numbers.
    ...ended.map((sessionId) => ({ collection: 'sessions', document: session('end', 40, { sessionId }) }) as const),
  ];
}

/** The reader as one whose files have no short way. */
function plain(reader: RawReader): RawReader {
  return {
    location: reader.location,
    count: (collection) => reader.count(collection),
    tasks: () => reader.tasks(),
    closedFiles: () => reader.closedFiles(),
    openFiles: () => reader.openFiles(),
    operations: () => reader.operations(),
    events: () => reader.events(),
    losses: () => reader.losses(),
    sessions: () => reader.sessions(),
    close: () => reader.close(),
  };
}

async function cookedBy(target: StoreTarget, readerOf: (reader: RawReader) => RawReader) {
  const reader = await openRawReader(target);
  const summary = await runFilter({ reader: readerOf(reader), writer: await openCookedWriter(target) });
  await reader.close();
  const cooked = await openCookedReader(target);
  const documents: Record<string, object[]> = {};
  for (const collection of cookedCollections) {
    documents[collection] = [];
    for await (const document of cooked.find(collection, {})) documents[collection].push(document);
  }
  await cooked.close();
  return { summary, documents };
}

async function inDirectory<T>(work: (target: StoreTarget & { readonly kind: 'sqlite' }) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'godo-passage-'));
  try {
    return await work({ kind: 'sqlite', directory });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function store(target: StoreTarget & { readonly kind: 'sqlite' }, entries: readonly RawEntry[], damage: string) {
  const raw = await openRawStore(target);
  await raw.insert(entries);
  await raw.close();
  if (damage === '') return;
  const database = new DatabaseSync(join(target.directory, 'raw.db'));
  database.exec(damage.replaceAll('rowid_of', '(length(doc) + opened + abs(id % 1000) + opener)'));
  database.close();
}

const sessions = fc.uniqueArray(anySession, { maxLength: 60, selector: ({ _id }) => _id });

test.each(damages)('any sessions become the same by the short way: %s', async (damage) => {
  await fc.assert(
    fc.asyncProperty(sessions, async (files) => {
      await inDirectory(async (target) => {
        await store(target, entriesOf(files), damage);
        const oneByOne = await cookedBy(target, plain);
        expect(await cookedBy(target, (reader) => reader)).toStrictEqual(oneByOne);
      });
    }),
    { numRuns: 12 },
  );
});

const anyLoss = fc
  .record({
    run: fc.constantFrom('run-1', 'run-2'),
    since: fc.integer({ min: 0, max: 14 }),
    lasted: fc.integer({ min: 0, max: 4 }),
    told: fc.constantFrom(0, 2, 2_000),
  })
  .map(({ run, since, lasted, told }) => {
    const missed = missedMoments({ sinceNs: at(since), untilNs: at(since + lasted) });
    return { ...loss(since + lasted + told), sessionId: run, missed };
  });
const losses = fc.uniqueArray(anyLoss, { maxLength: 4, selector: ({ _id }) => _id });

test.each(['', damages[7], damages[10]])('any sessions become the same where calls were missed: %s', async (damage) => {
  let marked = 0;
  await fc.assert(
    fc.asyncProperty(sessions, losses, async (files, told) => {
      await inDirectory(async (target) => {
        const stated = told.map((document) => ({ collection: 'losses', document }) as const);
        await store(target, [...entriesOf(files), ...stated], damage);
        const oneByOne = await cookedBy(target, plain);
        expect(await cookedBy(target, (reader) => reader)).toStrictEqual(oneByOne);
        if (oneByOne.documents.files?.some((one) => 'warnings' in one)) marked += 1;
      });
    }),
    { numRuns: 20 },
  );
  expect(marked).toBeGreaterThan(0);
});

test('any sessions become the same where a run has no end, whose open ones alone say so', async () => {
  const isTold = ({ warnings = [] }: Partial<FileSessionDocument>) =>
    warnings.some((text) => text.startsWith('its end was not recorded'));
  const nameOf = ({ fileSessionId, openedNs }: FileSessionDocument) => `${openedNs} ${fileSessionId}`;
  let marked = 0;
  await fc.assert(
    fc.asyncProperty(sessions, async (files) => {
      await inDirectory(async (target) => {
        await store(target, entriesOf(files, ['run-2']), '');
        const oneByOne = await cookedBy(target, plain);
        expect(await cookedBy(target, (reader) => reader)).toStrictEqual(oneByOne);
        const cooked = oneByOne.documents.files as FileSessionDocument[];
        const closed = new Set(files.filter((one) => one.checkpointNs === undefined).map(nameOf));
        const left = cooked.filter((one) => one.sessionId === 'run-1' && !closed.has(nameOf(one)));
        expect(cooked.filter(isTold)).toStrictEqual(left);
        marked += left.length;
      });
    }),
    { numRuns: 20 },
  );
  expect(marked).toBeGreaterThan(0);
});

/** Another run tells of 11 under a key of its own; half of what 11 opened is told under that one. */
test('any sessions become the same where keys stand for others', async () => {
  const key = 'boot-a:11:?2.1';
  const seen = { key, startTicks: null, sessionId: 'run-2', inferred: true, source: 'audit' } as const;
  const alias = { collection: 'pids', document: task('snapshot', 11, 2, seen) } as const;
  await fc.assert(
    fc.asyncProperty(sessions, async (files) => {
      await inDirectory(async (target) => {
        const told = files.map((one, index) => (one.tgid === 11 && index % 2 === 0 ? { ...one, key } : one));
        await store(target, [...entriesOf(told), alias], '');
        const oneByOne = await cookedBy(target, plain);
        const both = await cookedBy(target, (reader) => reader);
        expect(both).toStrictEqual(oneByOne);
        expect(JSON.stringify(both, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).not.toContain(key);
      });
    }),
    { numRuns: 30 },
  );
});

test.each([
  ['complete', true],
  ['being written', false],
] as const)('of a raw.db that is %s: whether there is a short way', async (state, expected) => {
  await inDirectory(async (target) => {
    const raw = await openRawStore(target);
    await raw.insert(entriesOf([file(10, '/a', 2)]));
    if (state === 'complete') await raw.close();
    const reader = await openRawReader(target);
    const writer = await openCookedWriter(target);
    const passage = await openFilePassage(reader, writer, new MissedTimes([]));
    await writer.abort();
    await reader.close();
    await raw.close();
    expect(passage !== null).toBe(expected);
  });
});
