import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRawReader, openRawStore, type RawEntry, type SqliteTarget, StoreError } from '../../src/index.ts';
import { openSqlite } from '../../src/sqlite/driver.ts';
import { collect, collectFiles, collectTasks, sqliteTargets } from '../support/databases.ts';
import {
  checkpoint,
  event,
  fileEntry,
  fileSession,
  keyOf,
  observed,
  operation,
  someNs,
  task,
} from '../support/documents.ts';

const newTarget = sqliteTargets();

const rawOf = ({ directory }: SqliteTarget) => join(directory, 'raw.db');

/** By a program of its own: closing a file here would drop the locks that SQLite holds on it in this process. */
function hashOf(target: SqliteTarget): string {
  return execFileSync('sha256sum', [rawOf(target)], { encoding: 'utf8' }).slice(0, 64);
}

function batch(name: string, count: number): RawEntry[] {
  return Array.from({ length: count }, (_, index): RawEntry => {
    const document = event({
      _id: `${name}${index}`,
      timeNs: someNs + BigInt(index),
      data: { filler: 'x'.repeat(500) },
    });
    return { collection: 'events', document };
  });
}

async function write(target: SqliteTarget, entries: readonly RawEntry[]): Promise<void> {
  const store = await openRawStore(target);
  await store.insert(entries);
  await store.close();
}

/** Reads everything a filter reads; gives the number of events. */
async function readAll(target: SqliteTarget): Promise<number> {
  const reader = await openRawReader(target);
  try {
    const events = (await collect(reader.events())).length;
    const all = [
      ...[reader.tasks(), reader.closedFiles(), reader.openFiles()],
      ...[reader.operations(), reader.losses(), reader.sessions()],
    ];
    for (const documents of all) await collect<unknown>(documents);
    expect(await reader.count('events')).toBe(events);
    return events;
  } finally {
    await reader.close();
  }
}

/** What a writer that was killed leaves: its files as they are at this moment, the log not taken over into raw.db. */
async function killedWriter(): Promise<SqliteTarget> {
  const [alive, killed] = [newTarget(), newTarget()];
  await write(alive, batch('before', 1000));
  const store = await openRawStore(alive);
  await store.insert(batch('logged', 100));
  mkdirSync(killed.directory, { recursive: true });
  execFileSync('cp', ['-a', `${alive.directory}/.`, killed.directory]);
  await store.close();
  return killed;
}

test('a closed store is one file that is complete in itself', async () => {
  const [target, copy] = [newTarget(), newTarget()];
  await write(target, batch('e', 3000));
  expect(readdirSync(target.directory)).toStrictEqual(['raw.db']);
  mkdirSync(copy.directory, { recursive: true });
  cpSync(rawOf(target), rawOf(copy));
  expect(await readAll(copy)).toBe(3000);
});

test('reading a closed store changes no file and makes none', async () => {
  const target = newTarget();
  await write(target, batch('e', 1000));
  const before = { hash: hashOf(target), files: readdirSync(target.directory) };
  expect(await readAll(target)).toBe(1000);
  expect({ hash: hashOf(target), files: readdirSync(target.directory) }).toStrictEqual(before);
});

test('what a killed writer logged is read, and raw.db is not changed by that', async () => {
  const target = await killedWriter();
  const before = hashOf(target);
  expect(await readAll(target)).toBe(1100);
  expect(hashOf(target)).toBe(before);
});

test('the log of a killed writer is read without its -shm file too', async () => {
  const target = await killedWriter();
  rmSync(`${rawOf(target)}-shm`);
  const before = hashOf(target);
  expect(await readAll(target)).toBe(1100);
  expect(hashOf(target)).toBe(before);
});

test('the next writer goes on where a killed one stopped', async () => {
  const target = await killedWriter();
  await write(target, batch('logged', 101));
  expect(readdirSync(target.directory)).toStrictEqual(['raw.db']);
  expect(await readAll(target)).toBe(1101);
});

test('a reader beside a writer sees one state, changes nothing, and does not hinder it', async () => {
  const target = newTarget();
  const store = await openRawStore(target);
  await store.insert(batch('a', 1000));
  const before = hashOf(target);
  const reader = await openRawReader(target);
  const events = reader.events()[Symbol.asyncIterator]();
  await events.next();
  const beside = await store.insert([...batch('b', 1000), fileEntry(fileSession({ _id: 'closed-meanwhile' }))]);
  let seen = 1;
  while (!(await events.next()).done) seen += 1;
  const found = [seen, await reader.count('events'), await reader.count('files')];
  const during = hashOf(target);
  await reader.close();
  await store.close();
  expect({ beside, found, during }).toStrictEqual({
    beside: { inserted: 1001, duplicates: 0 },
    found: [1000, 1000, 0],
    during: before,
  });
  expect(await readAll(target)).toBe(2000);
});

test('a writer can close while a reader reads', async () => {
  const target = newTarget();
  const store = await openRawStore(target);
  await store.insert(batch('a', 1000));
  const reader = await openRawReader(target);
  await store.insert(batch('b', 10));
  await store.close();
  expect(await collect(reader.events())).toHaveLength(1000);
  await reader.close();
  expect(await readAll(target)).toBe(1010);
});

test('a writer that begins while a closed store is read makes the read fail rather than mix two states', async () => {
  const target = newTarget();
  await write(target, batch('a', 1000));
  const reader = await openRawReader(target);
  const reading = (async () => {
    let first = true;
    for await (const _ of reader.events()) {
      if (first) await write(target, batch('b', 1000));
      first = false;
    }
  })();
  await expect(reading).rejects.toMatchObject({ code: 'DATABASE_CHANGED', temporary: true });
  await reader.close();
  expect(await readAll(target)).toBe(2000);
});

test('openFiles finds the latest checkpoints by index, not by sorting or scanning for each', async () => {
  const target = newTarget();
  const entries = Array.from({ length: 20_000 }, (_, index): RawEntry => {
    return fileEntry(checkpoint(`s${index % 10_000}`, BigInt(index), { openedNs: BigInt(index % 10_000) }));
  });
  await write(target, entries);
  const reader = await openRawReader(target);
  const open = await collectFiles(reader.openFiles());
  await reader.close();
  expect(open.map(({ _id }) => _id)).toStrictEqual(
    Array.from({ length: 10_000 }, (_, index) => `s${index}@${index + 10_000}`),
  );
}, 30_000);

test('nobody but the owner can read the evidence', async () => {
  const target = newTarget();
  const mask = process.umask(0);
  try {
    const store = await openRawStore(target);
    await store.insert(batch('a', 1));
    const modes = [target.directory, ...readdirSync(target.directory).map((name) => join(target.directory, name))].map(
      (file) => [file.slice(target.directory.length), (statSync(file).mode & 0o777).toString(8)],
    );
    await store.close();
    expect(modes).toStrictEqual([
      ['', '700'],
      ['/raw.db', '600'],
      ['/raw.db-shm', '600'],
      ['/raw.db-wal', '600'],
    ]);
  } finally {
    process.umask(mask);
  }
});

test('a directory that is there keeps its mode', async () => {
  const target = newTarget();
  mkdirSync(target.directory, { recursive: true });
  chmodSync(target.directory, 0o750);
  await write(target, batch('a', 1));
  expect((statSync(target.directory).mode & 0o777).toString(8)).toBe('750');
});

test('a symbolic link in place of raw.db is not followed', async () => {
  const [target, elsewhere] = [newTarget(), newTarget()];
  await write(elsewhere, batch('a', 1));
  mkdirSync(target.directory, { recursive: true });
  symlinkSync(rawOf(elsewhere), rawOf(target));
  const error = { code: 'DATABASE_REFUSED', temporary: false };
  await expect(openRawStore(target)).rejects.toMatchObject(error);
  await expect(openRawReader(target)).rejects.toMatchObject(error);
  expect(await readAll(elsewhere)).toBe(1);
});

test('what is not our database is refused and left as it is', async () => {
  const [text, foreign, newer] = [newTarget(), newTarget(), newTarget()];
  for (const { directory } of [text, foreign]) mkdirSync(directory, { recursive: true });
  writeFileSync(rawOf(text), 'this is not a database, and long enough to be taken for one by nobody at all');
  const other = await openSqlite(rawOf(foreign), { readOnly: false });
  other.exec('CREATE TABLE pids (a)');
  other.close();
  await write(newer, batch('a', 1));
  const later = await openSqlite(rawOf(newer), { readOnly: false });
  later.exec('PRAGMA user_version = 1000');
  later.close();

  const codes = [];
  for (const target of [text, foreign, newer]) {
    const before = hashOf(target);
    for (const open of [openRawStore, openRawReader]) {
      const error = await open(target).catch((thrown: unknown) => thrown);
      codes.push(error instanceof StoreError ? error.code : error);
    }
    expect(hashOf(target)).toBe(before);
  }
  expect(codes).toStrictEqual([
    'DATABASE_CORRUPT',
    'DATABASE_CORRUPT',
    'DATABASE_CORRUPT',
    'DATABASE_CORRUPT',
    'DATABASE_TOO_NEW',
    'DATABASE_TOO_NEW',
  ]);
});

test('a damaged file is told as such', async () => {
  const target = newTarget();
  await write(target, batch('a', 3000));
  const file = openSync(rawOf(target), 'r+');
  writeSync(file, Buffer.alloc(400 * 1024, 0xa5), 0, 400 * 1024, 200 * 1024);
  closeSync(file);
  await expect(readAll(target)).rejects.toMatchObject({ code: 'DATABASE_CORRUPT', temporary: false });
});

test('a file of the first layout is refused with what to do', async () => {
  const target = newTarget();
  await write(target, batch('a', 1));
  const old = await openSqlite(rawOf(target), { readOnly: false });
  old.exec('PRAGMA user_version = 1');
  old.close();
  const before = hashOf(target);
  for (const open of [openRawStore, openRawReader]) {
    await expect(open(target)).rejects.toMatchObject({
      code: 'DATABASE_TOO_OLD',
      temporary: false,
      message: expect.stringMatching(/schema 1, known is 2\): move it away, or name another directory with --db\.$/),
    });
  }
  expect(hashOf(target)).toBe(before);
});

test('several listeners write to one file, each with texts of its own and of the others', async () => {
  const target = newTarget();
  const stores = [await openRawStore(target), await openRawStore(target)];
  const files = Array.from({ length: 60 }, (_, index) =>
    fileSession({
      _id: `${index}`,
      openedNs: BigInt(index) * 1_000_000n,
      key: keyOf(index % 5),
      exe: `/bin/${index % 7}`,
      sessionId: `session-${index % 2}`,
    }),
  );
  for (const [index, file] of files.entries()) await stores[index % 2]?.insert([fileEntry(file)]);
  const again = await Promise.all(stores.map((store) => store.insert(files.map(fileEntry))));
  for (const store of stores) await store.close();
  const reader = await openRawReader(target);
  const found = await collectFiles(reader.closedFiles());
  await reader.close();
  expect(again).toStrictEqual(stores.map(() => ({ inserted: 0, duplicates: 60 })));
  expect(found).toStrictEqual(files);
});

test('what a failed batch named anew is named again by the next', async () => {
  const target = newTarget();
  const store = await openRawStore(target);
  const file = fileEntry(fileSession({ _id: 'a', exe: '/bin/new', containerId: 'cd' }));
  const document = task({ _id: 'b', cwd: '/new' });
  const bad = { collection: 'pids', document: { ...document, inode: 5n } } as RawEntry;
  await expect(store.insert([file, { collection: 'pids', document }, bad])).rejects.toThrow(/inode/);
  await store.insert([file, { collection: 'pids', document }]);
  await store.close();
  const reader = await openRawReader(target);
  const found = [await collectFiles(reader.closedFiles()), await collectTasks(reader.tasks())];
  await reader.close();
  expect(found).toStrictEqual([
    [fileSession({ _id: 'a', exe: '/bin/new', containerId: 'cd' })],
    [observed(task({ _id: 'b', cwd: '/new' }))],
  ]);
});

test('a batch that fails leaves nothing behind, and the store goes on', async () => {
  const target = newTarget();
  const store = await openRawStore(target);
  const bad = { collection: 'pids', document: { ...task({ _id: 'b' }), inode: 5n } } as RawEntry;
  await expect(store.insert([{ collection: 'pids', document: task({ _id: 'a' }) }, bad])).rejects.toThrow(/inode/);
  const result = await store.insert([{ collection: 'pids', document: task({ _id: 'a' }) }]);
  await store.close();
  expect(result).toStrictEqual({ inserted: 1, duplicates: 0 });
});

test('a store that another program holds is told as busy, which passes', { timeout: 20_000 }, async () => {
  const target = newTarget();
  const store = await openRawStore(target);
  const other = await openSqlite(rawOf(target), { readOnly: false });
  other.exec('BEGIN IMMEDIATE');
  await expect(store.insert(batch('a', 1))).rejects.toMatchObject({ code: 'DATABASE_BUSY', temporary: true });
  other.exec('ROLLBACK');
  other.close();
  expect(await store.insert(batch('a', 1))).toStrictEqual({ inserted: 1, duplicates: 0 });
  await store.close();
});

test('where no directory can be made the target is wrong', async () => {
  const target = newTarget();
  await write(target, []);
  const inFile: SqliteTarget = { kind: 'sqlite', directory: join(rawOf(target), 'below') };
  await expect(openRawStore(inFile)).rejects.toMatchObject({ code: 'BAD_TARGET' });
});

/** As a godo wrote it that knew no operations. */
async function withoutOperations(): Promise<SqliteTarget> {
  const target = newTarget();
  await write(target, batch('old', 3));
  const database = await openSqlite(rawOf(target), { readOnly: false });
  database.exec('DROP VIEW operations_readable; DROP TABLE operations');
  database.close();
  return target;
}

test('a raw.db from before there were operations is read as one that has none', async () => {
  const target = await withoutOperations();
  const reader = await openRawReader(target);
  const found = [await reader.count('operations'), await collect(reader.operations()), await reader.count('events')];
  await reader.close();
  expect(found).toStrictEqual([0, [], 3]);
});

test('a raw.db from before there were operations takes them from a store of today', async () => {
  const target = await withoutOperations();
  const document = operation({ _id: 'new' });
  await write(target, [{ collection: 'operations', document }]);
  await write(target, []);
  const reader = await openRawReader(target);
  const found = [await collect(reader.operations()), await reader.count('events')];
  await reader.close();
  expect(found).toStrictEqual([[document], 3]);
});

test('a raw.db that lacks another table is damaged', async () => {
  const target = newTarget();
  await write(target, batch('old', 3));
  const database = await openSqlite(rawOf(target), { readOnly: false });
  database.exec('DROP VIEW events_readable; DROP TABLE events');
  database.close();
  const reader = await openRawReader(target);
  await expect(collect(reader.events())).rejects.toBeInstanceOf(StoreError);
  await reader.close();
});
