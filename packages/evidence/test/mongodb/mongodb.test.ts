import { createServer } from 'node:net';
import { MongoClient } from 'mongodb';
import { describe, expect, test } from 'vitest';
import {
  type MongoTarget,
  openCookedReader,
  openCookedWriter,
  openRawReader,
  openRawStore,
  type RawEntry,
  StoreError,
} from '../../src/index.ts';
import { collect, mongoTargets } from '../support/databases.ts';
import { cookedFile, cookedFileEntry, task } from '../support/documents.ts';
import { canStartMongoServer, mongoServerStartMs, startMongoServer } from '../support/mongodb-server.ts';

const at = (uri: string): MongoTarget => ({ kind: 'mongodb', uri, rawDb: 'test', cookedDb: 'cooked' });

async function errorOf(opening: Promise<unknown>): Promise<StoreError> {
  const error = await opening.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

test('a server that does not answer is told within seconds, in one sentence without the password', async () => {
  const target = at('mongodb://ann:s3cret@127.0.0.1:9/?authSource=admin');
  const began = performance.now();
  const error = await errorOf(openRawStore(target));
  expect(performance.now() - began).toBeLessThan(8000);
  expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE', temporary: true });
  expect(error.message).toMatch(/^No MongoDB server answers at mongodb:\/\/\*\*\*@127\.0\.0\.1:9\/.*--mongo\.$/);
  expect(`${error.message}${error.stack}${error.cause}`).not.toContain('s3cret');
});

test('a server that takes the connection and says nothing is unreachable too', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : null;
  const error = await errorOf(openRawReader(at(`mongodb://127.0.0.1:${port}/`)));
  silent.close();
  expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE', temporary: true });
});

test('an address that cannot be one is a bad target, and its password stays secret', async () => {
  for (const uri of ['mongodb://ann:s3cret@/', 'mongodb://ann:s3cr/et@db:1/', 'mongodb://ann:s3cret@db/?foo=bar']) {
    const error = await errorOf(openCookedReader(at(uri)));
    expect(error).toMatchObject({ code: 'BAD_TARGET', temporary: false });
    expect(`${error.message}${error.stack}`).not.toMatch(/s3cr/);
  }
});

describe.skipIf(!canStartMongoServer())('on a server', () => {
  const newTarget = mongoTargets();

  async function withClient<T>(target: MongoTarget, use: (client: MongoClient) => Promise<T>) {
    const client = new MongoClient(target.uri);
    try {
      return await use(client);
    } finally {
      await client.close();
    }
  }

  async function commit(target: MongoTarget, _id: string): Promise<void> {
    const writer = await openCookedWriter(target);
    await writer.insert([cookedFileEntry(cookedFile({ _id }))]);
    await writer.commit();
  }

  test('readers make no database, collection or index', async () => {
    const target = newTarget();
    await errorOf(openRawReader(target));
    await errorOf(openCookedReader(target));
    const names = await withClient(target, async (client) =>
      (await client.db('admin').admin().listDatabases()).databases.map(({ name }) => name),
    );
    expect(names).not.toContain(target.rawDb);
    expect(names).not.toContain(target.cookedDb);
  });

  test('collections have the names of the design, and an index for the order they are read in', async () => {
    const target = newTarget();
    await (await openRawStore(target)).close();
    await commit(target, 'a');
    const found = await withClient(target, async (client) => {
      const namesOf = async (db: string) =>
        (await client.db(db).listCollections().toArray()).map(({ name }) => name).sort();
      const pids = await client.db(target.rawDb).collection('pids').indexes();
      return {
        raw: await namesOf(target.rawDb),
        cooked: await namesOf(target.cookedDb),
        pids: pids.map(({ key }) => key),
      };
    });
    expect(found).toStrictEqual({
      raw: ['chain', 'events', 'fds', 'files', 'losses', 'operations', 'pids', 'sessions'],
      cooked: ['containers', 'events', 'files', 'losses', 'operations', 'processes', 'runs', 'state'],
      pids: [{ _id: 1 }, { key: 1, timeNs: 1, _id: 1 }],
    });
  });

  test('what other programs see are 64-bit integers and plain fields', async () => {
    const target = newTarget();
    const store = await openRawStore(target);
    await store.insert([{ collection: 'pids', document: task({ _id: 'a', timeNs: 1763792240123456789n }) }]);
    await store.close();
    const found = await withClient(target, (client) =>
      client.db(target.rawDb).collection('pids', { promoteLongs: false }).findOne({ pid: 10 }),
    );
    expect([found?.timeNs?._bsontype, `${found?.timeNs}`, found?.tgid]).toStrictEqual([
      'Long',
      '1763792240123456789',
      10,
    ]);
  });

  test('a set whose commit was stopped half-way is not shown, and the next filter makes it whole', async () => {
    const target = newTarget();
    await commit(target, 'old');
    await withClient(target, async (client) => {
      const db = client.db(target.cookedDb);
      await db.collection<{ _id: string }>('state').updateOne({ _id: 'cooked' }, { $set: { complete: false } });
      await db.dropCollection('files');
    });
    const error = await errorOf(openCookedReader(target));
    expect(error).toMatchObject({ code: 'DATABASE_INCOMPLETE', temporary: true });
    await commit(target, 'new');
    const reader = await openCookedReader(target);
    const ids = (await collect(reader.find('files', {}))).map(({ _id }) => _id);
    await reader.close();
    expect(ids).toStrictEqual(['new']);
  });

  test('a reader under which the set is replaced says so', async () => {
    const target = newTarget();
    await commit(target, 'old');
    const reader = await openCookedReader(target);
    await commit(target, 'new');
    await expect(collect(reader.find('files', {}))).rejects.toMatchObject({
      code: 'DATABASE_CHANGED',
      temporary: true,
    });
    await expect(reader.count('files')).rejects.toMatchObject({ code: 'DATABASE_CHANGED' });
    await reader.close();
  });

  test('of two filters at the same time the earlier one fails at its commit', async () => {
    const target = newTarget();
    const first = await openCookedWriter(target);
    await first.insert([cookedFileEntry(cookedFile({ _id: 'first' }))]);
    const second = await openCookedWriter(target);
    await second.insert([cookedFileEntry(cookedFile({ _id: 'second' }))]);
    await expect(first.commit()).rejects.toMatchObject({ code: 'DATABASE_CHANGED' });
    await second.commit();
    const reader = await openCookedReader(target);
    const ids = (await collect(reader.find('files', {}))).map(({ _id }) => _id);
    await reader.close();
    expect(ids).toStrictEqual(['second']);
  });

  test('cooked evidence of a later layout is refused', async () => {
    const target = newTarget();
    await commit(target, 'a');
    await withClient(target, (client) =>
      client
        .db(target.cookedDb)
        .collection<{ _id: string }>('state')
        .updateOne({ _id: 'cooked' }, { $set: { schema: 1000 } }),
    );
    expect(await errorOf(openCookedReader(target))).toMatchObject({ code: 'DATABASE_TOO_NEW' });
  });

  test.skipIf(process.env.MONGODB_URI)(
    'a server that goes away is unreachable to a store and to a reader that are open',
    { timeout: mongoServerStartMs },
    async () => {
      const server = await startMongoServer();
      const target = at(server.uri);
      const store = await openRawStore(target);
      const entries = Array.from({ length: 3000 }, (_, index): RawEntry => {
        return { collection: 'pids', document: task({ _id: `${index}` }) };
      });
      await store.insert(entries);
      const reader = await openRawReader(target);
      const tasks = reader.tasks()[Symbol.asyncIterator]();
      await tasks.next();
      const writing = store.insert(entries).catch((error: unknown) => error);
      await server.stop();
      const rest = async () => {
        while (!(await tasks.next()).done);
      };
      const errors = [await errorOf(store.insert(entries)), await errorOf(rest()), await writing];
      await store.close();
      await reader.close();
      expect(errors.slice(0, 2)).toMatchObject([
        { code: 'DATABASE_UNREACHABLE', temporary: true },
        { code: 'DATABASE_UNREACHABLE', temporary: true },
      ]);
      // The one that was on its way may have come through.
      expect([undefined, 'DATABASE_UNREACHABLE']).toContain((errors[2] as { code?: string }).code);
    },
  );
});
