/** Documents that a database can never take, as the real ones refuse them. */

import { describe, expect, test } from 'vitest';
import { openRawReader, openRawStore, type RawEntry, type StoreTarget } from '../../src/index.ts';
import { openForWriting } from '../../src/sqlite/connection.ts';
import { closeSqlite } from '../../src/sqlite/driver.ts';
import { collect, describeForEachDatabase, mongoTargets, sqliteTargets } from '../support/databases.ts';
import { event, observed, task } from '../support/documents.ts';
import { canStartMongoServer, mongoServerStartMs, startMortalMongoServer } from '../support/mongodb-server.ts';

const good = (id: string): RawEntry => ({ collection: 'events', document: event({ _id: id }) });
const withData = (data: object): RawEntry => ({
  collection: 'events',
  document: event({ _id: 'bad', data: data as never }),
});
const tooLarge: RawEntry = {
  collection: 'pids',
  observation: observed(task({ _id: 'bad', argv: ['x'.repeat(17 * 1024 * 1024)] })),
};

/** Arrays within arrays. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

async function refusalOf(target: StoreTarget, entries: readonly RawEntry[]) {
  const store = await openRawStore(target);
  try {
    await store.insert(entries);
    return null;
  } catch (error) {
    return error as Error & { code: string };
  } finally {
    await store.close();
  }
}

const refused = (message: RegExp) => ({
  code: 'DOCUMENT_REFUSED',
  temporary: false,
  message: expect.stringMatching(message),
});

describeForEachDatabase('a document that is refused', (newTarget) => {
  test('is said to be, and keeps no other out that comes without it', async () => {
    const target = newTarget();
    const bad: RawEntry =
      target.kind === 'mongodb'
        ? tooLarge
        : { collection: 'events', document: event({ _id: 'bad', timeNs: 2n ** 70n }) };

    expect(await refusalOf(target, [good('a'), bad, good('b')])).toMatchObject({ code: 'DOCUMENT_REFUSED' });
    const store = await openRawStore(target);
    await expect(store.insert([bad])).rejects.toMatchObject({ code: 'DOCUMENT_REFUSED' });
    await store.insert([good('a'), good('b')]);
    await expect(store.insert([bad])).rejects.toMatchObject({ code: 'DOCUMENT_REFUSED' });
    await store.close();
    const reader = await openRawReader(target);
    const found = await collect(reader.events());
    await reader.close();
    expect(found.map(({ _id }) => _id).sort()).toEqual(['a', 'b']);
  });

  test('where a field has no value that can be kept', async () => {
    const target = newTarget();
    const broken = { collection: 'events', document: { ...event({ _id: 'bad' }), data: nested(20_000) } } as never;

    expect(await refusalOf(target, [broken])).toMatchObject({ code: 'DOCUMENT_REFUSED' });
  });
});

describe.skipIf(!canStartMongoServer())('MongoDB', () => {
  const newTarget = mongoTargets();

  test.each([
    ['a document of 17 MiB', tooLarge, /larger than the maximum size/],
    ['a name with U+0000', { collection: 'events', document: { ...event({ _id: 'bad' }), 'x\0y': 1 } }, /null bytes/],
    [
      'an _id that is a list',
      { collection: 'events', document: { ...event({ _id: 'bad' }), _id: ['x'] } },
      /^\d+: .*_id/,
    ],
    ['arrays in 300 arrays', withData({ deep: nested(300) }), /^\d+: /],
  ])('refuses %s', async (_, entry, message) => {
    expect(await refusalOf(newTarget(), [good('a'), entry as RawEntry])).toMatchObject(refused(message));
  });

  test('that is away refuses nothing for good, whatever it is given', { timeout: mongoServerStartMs }, async () => {
    const server = await startMortalMongoServer();
    const store = await openRawStore({ kind: 'mongodb', uri: server.uri, rawDb: 'away', cookedDb: 'cooked' });
    try {
      await server.kill();
      await expect(store.insert([good('a')])).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    } finally {
      await store.close().catch(() => undefined);
      await server.stop();
    }
  });
});

describe('SQLite', () => {
  const newTarget = sqliteTargets();

  test.each([
    ['a time of more than 64 bits', { collection: 'events', document: event({ _id: 'bad', timeNs: 2n ** 70n }) }],
    ['a bigint where none may be', withData({ count: 5n })],
    ['a document without a time', { collection: 'events', document: { ...event({ _id: 'bad' }), timeNs: {} } }],
    ['a session that is none', { collection: 'files', session: {} }],
  ])('refuses %s', async (_, entry) => {
    expect(await refusalOf(newTarget(), [good('a'), entry as unknown as RawEntry])).toMatchObject({
      code: 'DOCUMENT_REFUSED',
    });
  });

  test('refuses what a trigger of its table refuses', async () => {
    const target = newTarget();
    const store = await openRawStore(target);
    const database = await openForWriting(`${target.directory}/raw.db`);
    database.exec(`CREATE TRIGGER no BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'not this one'); END`);
    closeSqlite(database);

    await expect(store.insert([good('a')])).rejects.toMatchObject(refused(/^not this one$/));
    await store.close();
  });

  test('that another program holds, or that lacks a table, refuses nothing for good', { timeout: 30_000 }, async () => {
    const target = newTarget();
    const store = await openRawStore(target);
    const database = await openForWriting(`${target.directory}/raw.db`);
    database.exec('BEGIN IMMEDIATE');
    await expect(store.insert([good('a')])).rejects.toMatchObject({ code: 'DATABASE_BUSY' });
    database.exec('DROP TABLE events; COMMIT');
    closeSqlite(database);
    await expect(store.insert([good('a')])).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
    await store.close();
  });
});
