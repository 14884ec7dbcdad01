/** Fresh, empty databases of both kinds, for tests that must hold for each. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe } from 'vitest';
import {
  type FileSessionDocument,
  type FileSessions,
  fileSessionDocument,
  type MongoTarget,
  type SqliteTarget,
  type StoreTarget,
  type TaskObservation,
} from '../../src/index.ts';
import { canStartMongoServer, type MongoServer, mongoServerStartMs, startMongoServer } from './mongodb-server.ts';

/** Declares the tests once for each kind; `newTarget` gives a database of which nothing exists yet. */
export function describeForEachDatabase(behaviour: string, tests: (newTarget: () => StoreTarget) => void): void {
  describe(`${behaviour} (SQLite)`, () => tests(sqliteTargets()));
  describe.skipIf(!canStartMongoServer())(`${behaviour} (MongoDB)`, () => tests(mongoTargets()));
}

/** To be called where tests are declared. Everything is removed after them. */
export function sqliteTargets(): () => SqliteTarget {
  const made: string[] = [];
  afterAll(() => {
    for (const directory of made) rmSync(directory, { recursive: true, force: true });
  });
  return () => {
    const parent = mkdtempSync(join(tmpdir(), 'godo-evidence-'));
    made.push(parent);
    return { kind: 'sqlite', directory: join(parent, 'state', 'godo') };
  };
}

/** To be called where tests are declared. */
export function mongoTargets(): () => MongoTarget {
  let server: MongoServer | undefined;
  const made: string[] = [];
  beforeAll(async () => {
    server = await startMongoServer();
  }, mongoServerStartMs);
  afterAll(async () => {
    if (!server) return;
    const client = new MongoClient(server.uri);
    for (const name of made) await client.db(name).dropDatabase();
    await client.close();
    await server.stop();
  });
  return () => {
    if (!server) throw new Error('no server was started');
    const suffix = `${Date.now().toString(36)}_${made.length}`;
    const target = {
      kind: 'mongodb',
      uri: server.uri,
      rawDb: `godo_raw_${suffix}`,
      cookedDb: `godo_cooked_${suffix}`,
    } as const;
    made.push(target.rawDb, target.cookedDb);
    return target;
  };
}

/** The documents of sessions, which must all be usable. */
export async function collectFiles(batches: AsyncIterable<FileSessions>): Promise<FileSessionDocument[]> {
  const all: FileSessionDocument[] = [];
  for await (const { sessions, unusable } of batches) {
    if (unusable > 0) throw new Error(`${unusable} documents are no file sessions`);
    all.push(...sessions.map(fileSessionDocument));
  }
  return all;
}

export async function collectBatches<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  return (await collect(batches)).flat();
}

/** Observations with the fields that have a value. */
export async function collectTasks(batches: AsyncIterable<readonly TaskObservation[]>): Promise<TaskObservation[]> {
  return (await collectBatches(batches)).map(
    (task) => Object.fromEntries(Object.entries(task).filter(([, value]) => value !== undefined)) as never,
  );
}

export async function collect<T>(documents: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const document of documents) all.push(document);
  return all;
}
