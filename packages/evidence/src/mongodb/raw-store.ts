import { type Collection, MongoBulkWriteError } from 'mongodb';
import { rawDocumentOf } from '../entry-documents.ts';
import { type RawCollection, type RawEntry, rawCollections } from '../raw-documents.ts';
import { reasonOf, StoreError } from '../store-error.ts';
import type { InsertResult, RawStore } from '../stores.ts';
import type { MongoTarget } from '../target.ts';
import { connect, disconnect, type MongoConnection, request } from './connection.ts';
import { duplicateKey, withoutPassword } from './errors.ts';
import { withStorableNames } from './field-names.ts';
import { refusalOf } from './refusals.ts';
import { createIndexes, rawLayouts, type Stored } from './schema.ts';

const insertMs = 60_000;

/**
 * Raw evidence in the collections of the database `rawDb`; indexes are made where they are missing.
 *
 * Durability is what the server's write concern says, or the URI's (`w`, `journal`). A batch is not one transaction
 * (a document that is there already would abort it): when it fails part of it may be there, and the same batch sent
 * again completes it.
 */
export async function openMongoRawStore(target: MongoTarget): Promise<RawStore> {
  const connection = await connect(target, target.rawDb, insertMs);
  try {
    await request(connection, async () => {
      for (const name of rawCollections) await createIndexes(connection.db, name, rawLayouts[name]);
    });
    return new MongoRawStore(connection);
  } catch (error) {
    await connection.client.close().catch(() => undefined);
    throw error;
  }
}

class MongoRawStore implements RawStore {
  readonly location: string;
  readonly #connection: MongoConnection;

  constructor(connection: MongoConnection) {
    this.location = connection.location;
    this.#connection = connection;
  }

  async insert(entries: readonly RawEntry[]): Promise<InsertResult> {
    const batches = new Map<RawCollection, Stored[]>();
    for (const entry of entries) {
      const { collection } = entry;
      const batch = batches.get(collection);
      const stored = storedOf(entry);
      if (batch) batch.push(stored);
      else batches.set(collection, [stored]);
    }
    const links = batches.get('chain') ?? [];
    batches.delete('chain');
    let inserted = await this.#insert(batches);
    // No link may be there without what it tells of.
    if (links.length > 0) inserted += await this.#insert(new Map([['chain', links]]));
    return { inserted, duplicates: entries.length - inserted };
  }

  async #insert(batches: ReadonlyMap<RawCollection, readonly Stored[]>): Promise<number> {
    // All are waited for before an error is told: none may still be written when the caller tries again.
    const results = await Promise.allSettled(
      [...batches].map(([name, batch]) => request(this.#connection, () => this.#insertNew(name, batch))),
    );
    let inserted = 0;
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason;
      inserted += result.value;
    }
    return inserted;
  }

  async #insertNew(name: RawCollection, batch: readonly Stored[]): Promise<number> {
    try {
      return await insertNew(this.#connection.db.collection<Stored>(name), batch);
    } catch (error) {
      const reason = refusalOf(error, batch);
      throw reason === null ? error : refused(reason);
    }
  }

  async close(): Promise<void> {
    await disconnect(this.#connection);
  }
}

function storedOf(entry: RawEntry): Stored {
  try {
    return withStorableNames(rawDocumentOf(entry));
  } catch (error) {
    // Nothing but the entry itself can make it fail.
    throw refused(reasonOf(error));
  }
}

function refused(reason: string): StoreError {
  return new StoreError('DOCUMENT_REFUSED', withoutPassword(reason));
}

/**
 * How many were new. The driver splits what is too much for one message (48 MB, 100,000 documents).
 *
 * @throws MongoBulkWriteError for anything but an `_id` that is there already.
 */
async function insertNew(collection: Collection<Stored>, batch: readonly Stored[]): Promise<number> {
  try {
    const result = await collection.insertMany(batch, { ordered: false });
    return result.insertedCount;
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || !onlyDuplicates(error)) throw error;
    return error.insertedCount;
  }
}

function onlyDuplicates(error: MongoBulkWriteError): boolean {
  const failures = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  return (
    failures.length > 0 &&
    failures.every((failure) => failure.code === duplicateKey) &&
    !error.result?.getWriteConcernError()
  );
}
