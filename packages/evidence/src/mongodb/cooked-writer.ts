import { randomUUID } from 'node:crypto';
import { type Db, MongoError } from 'mongodb';
import { type CookedCollection, type CookedEntry, cookedCollections } from '../cooked-documents.ts';
import { cookedDocumentOf } from '../entry-documents.ts';
import { StoreError } from '../store-error.ts';
import type { CookedWriter } from '../stores.ts';
import type { MongoTarget } from '../target.ts';
import { connect, type MongoConnection, request } from './connection.ts';
import { cookedSchema, stateOf, states } from './cooked-state.ts';
import { notImplemented } from './errors.ts';
import { withStorableNames } from './field-names.ts';
import { cookedLayouts, createIndexes, type Stored } from './schema.ts';

const writeMs = 600_000;

/**
 * Writes cooked evidence into `<collection>_next` of the database `cookedDb`, which a `commit` renames over the old
 * collections. (No dot in the name: FerretDB cannot rename from one with a dot.)
 *
 * While the renames run, and if they are stopped half-way, the document in `state` says that the set is not
 * complete, and readers refuse it; the next filter makes it whole. When a second filter starts, the first one fails at
 * its commit.
 */
export async function openMongoCookedWriter(target: MongoTarget): Promise<CookedWriter> {
  const connection = await connect(target, target.cookedDb, writeMs);
  const writer = randomUUID();
  try {
    await request(connection, async () => {
      await states(connection.db).updateOne(
        { _id: 'cooked' },
        { $set: { writer }, $setOnInsert: { complete: false, set: '', schema: cookedSchema } },
        { upsert: true },
      );
      await dropNext(connection.db);
      for (const name of cookedCollections) await createIndexes(connection.db, nextOf(name), cookedLayouts[name]);
    });
    return new MongoCookedWriter(connection, writer);
  } catch (error) {
    await connection.client.close().catch(() => undefined);
    throw error;
  }
}

function nextOf(collection: CookedCollection): string {
  return `${collection}_next`;
}

async function dropNext(db: Db): Promise<void> {
  // Dropping what is not there is an error to some servers.
  const there = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  for (const name of cookedCollections.map(nextOf)) if (there.has(name)) await db.dropCollection(name);
}

class MongoCookedWriter implements CookedWriter {
  readonly location: string;
  readonly #connection: MongoConnection;
  readonly #writer: string;
  #open = true;

  constructor(connection: MongoConnection, writer: string) {
    this.location = connection.location;
    this.#connection = connection;
    this.#writer = writer;
  }

  async insert(entries: readonly CookedEntry[]): Promise<void> {
    const batches = new Map<CookedCollection, Stored[]>();
    for (const entry of entries) {
      const { collection } = entry;
      const batch = batches.get(collection);
      const stored = withStorableNames(cookedDocumentOf(entry));
      if (batch) batch.push(stored);
      else batches.set(collection, [stored]);
    }
    for (const [name, batch] of batches) {
      await request(this.#connection, () =>
        this.#connection.db.collection<Stored>(nextOf(name)).insertMany(batch, { ordered: false }),
      );
    }
  }

  async commit(): Promise<void> {
    if (!this.#open) throw new StoreError('DATABASE_FAILED', `${this.location} was committed or given up already.`);
    this.#open = false;
    const { db, client } = this.#connection;
    try {
      await request(this.#connection, async () => {
        const ours = await states(db).updateOne(
          { _id: 'cooked', writer: this.#writer },
          { $set: { complete: false, schema: cookedSchema } },
        );
        if (ours.matchedCount === 0) {
          throw new StoreError('DATABASE_CHANGED', `Another filter writes to ${this.location}: run one at a time.`);
        }
        for (const name of cookedCollections) await replace(db, nextOf(name), name);
        await states(db).updateOne(
          { _id: 'cooked', writer: this.#writer },
          { $set: { complete: true, set: this.#writer } },
        );
      });
    } finally {
      await client.close().catch(() => undefined);
    }
  }

  async abort(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    try {
      await request(this.#connection, async () => {
        const { db } = this.#connection;
        // What a later writer has begun is not ours to remove.
        if ((await stateOf(db))?.writer === this.#writer) await dropNext(db);
      });
    } finally {
      await this.#connection.client.close().catch(() => undefined);
    }
  }
}

/** Gives the collection `from` the name `to`, in place of the one that has it. */
async function replace(db: Db, from: string, to: string): Promise<void> {
  try {
    await db.renameCollection(from, to, { dropTarget: true });
  } catch (error) {
    if (!(error instanceof MongoError) || error.code !== notImplemented) throw error;
    // FerretDB 1: in two steps, which readers cannot see, for the state says "not complete" meanwhile.
    const there = await db.listCollections({ name: to }, { nameOnly: true }).toArray();
    if (there.length > 0) await db.dropCollection(to);
    await db.renameCollection(from, to);
  }
}
