import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCookedReader, openCookedWriter, openRawStore, type SqliteTarget } from '../../src/index.ts';
import { CookedFile } from '../../src/sqlite/cooked-file.ts';
import { openSqlite } from '../../src/sqlite/driver.ts';
import { collect, sqliteTargets } from '../support/databases.ts';
import { bootId, cookedFile, cookedFileEntry, fileEntry, fileSession } from '../support/documents.ts';

const newTarget = sqliteTargets();

async function commit(target: SqliteTarget, _id: string): Promise<void> {
  const writer = await openCookedWriter(target);
  await writer.insert([cookedFileEntry(cookedFile({ _id }))]);
  await writer.commit();
}

async function ids(target: SqliteTarget): Promise<string[]> {
  const reader = await openCookedReader(target);
  const found = (await collect(reader.find('files', {}))).map(({ _id }) => _id);
  await reader.close();
  return found;
}

test('a commit leaves one private file', async () => {
  const target = newTarget();
  await commit(target, 'a');
  await ids(target);
  expect(readdirSync(target.directory)).toStrictEqual(['cooked.db']);
  expect((statSync(join(target.directory, 'cooked.db')).mode & 0o777).toString(8)).toBe('600');
});

test('an abort leaves nothing', async () => {
  const target = newTarget();
  const writer = await openCookedWriter(target);
  await writer.abort();
  expect(readdirSync(target.directory)).toStrictEqual([]);
});

test('a reader stays with the set that it opened', async () => {
  const target = newTarget();
  await commit(target, 'old');
  const reader = await openCookedReader(target);
  await commit(target, 'new');
  const seen = (await collect(reader.find('files', {}))).map(({ _id }) => _id);
  await reader.close();
  expect({ seen, now: await ids(target) }).toStrictEqual({ seen: ['old'], now: ['new'] });
});

test('what a killed filter left is removed at the next start', async () => {
  const target = newTarget();
  mkdirSync(target.directory, { recursive: true });
  writeFileSync(join(target.directory, 'cooked.db.new-4711-00ff00ff'), 'half a database');
  writeFileSync(join(target.directory, 'cooked.db.news'), 'not ours');
  await commit(target, 'a');
  expect(readdirSync(target.directory).sort()).toStrictEqual(['cooked.db', 'cooked.db.news']);
});

test('filters at the same time do not disturb each other; the last commit stands', async () => {
  const target = newTarget();
  const first = await openCookedWriter(target);
  const second = await openCookedWriter(target);
  await first.insert([cookedFileEntry(cookedFile({ _id: 'first' }))]);
  await second.insert([cookedFileEntry(cookedFile({ _id: 'second' }))]);
  await second.commit();
  expect(await ids(target)).toStrictEqual(['second']);
  await first.commit();
  expect(await ids(target)).toStrictEqual(['first']);
  expect(readdirSync(target.directory)).toStrictEqual(['cooked.db']);
});

test('a file of the first layout is refused by readers, and replaced by the next filter', async () => {
  const target = newTarget();
  await commit(target, 'old');
  const old = await openSqlite(join(target.directory, 'cooked.db'), { readOnly: false });
  old.exec('PRAGMA user_version = 1');
  old.close();
  await expect(openCookedReader(target)).rejects.toMatchObject({
    code: 'DATABASE_TOO_OLD',
    message: expect.stringMatching(/run filter again\.$/),
  });
  await commit(target, 'new');
  expect(await ids(target)).toStrictEqual(['new']);
});

test('a file that no filter writes is damage', async () => {
  const target = newTarget();
  await commit(target, 'a');
  const other = await openSqlite(join(target.directory, 'cooked.db'), { readOnly: false });
  other.exec("UPDATE files SET doc = '[]'");
  other.close();
  await expect(ids(target)).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' });
});

test('a set of which a batch failed cannot be committed, and the old one stays', async () => {
  const target = newTarget();
  await commit(target, 'old');
  const writer = await openCookedWriter(target);
  const twice = cookedFileEntry(cookedFile({ _id: 'twice' }));
  const insert = () => writer.insert([twice, twice]);
  await expect(insert()).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
  await expect(writer.insert([])).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
  await expect(writer.commit()).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
  await writer.abort();
  expect({ files: readdirSync(target.directory), ids: await ids(target) }).toStrictEqual({
    files: ['cooked.db'],
    ids: ['old'],
  });
});

test('damage that is met while nobody waits is told to the one who asks for what comes of it', async () => {
  const target = newTarget();
  // A text that goes on in further pages: those are read with it alone.
  const device = (number: number) => `${'x'.repeat(5000)}device ${number} ${'x'.repeat(5000)}`;
  const sessions = Array.from({ length: 100 }, (_, number) =>
    fileEntry(fileSession({ _id: `${bootId}:audit:1.${number}`, dev: device(number) })),
  );
  const store = await openRawStore(target);
  await store.insert(sessions);
  await store.close();
  const raw = join(target.directory, 'raw.db');
  const bytes = readFileSync(raw);
  const pageBytes = bytes.readUInt16BE(16);
  const damaged = Math.floor(bytes.indexOf('device 50 ') / pageBytes) * pageBytes;
  writeFileSync(raw, bytes.fill(0, damaged, damaged + pageBytes));

  const location = join(target.directory, 'cooked.db');
  writeFileSync(`${location}.new-1`, '');
  const file = await CookedFile.open(`${location}.new-1`, location);
  file.openRaw(raw, []);
  while (file.prepare());
  expect(() => file.pass()).toThrow(/malformed/);
  file.abort();
  expect(readdirSync(target.directory)).toStrictEqual(['raw.db']);
});
