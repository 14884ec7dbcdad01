import {
  type EventDocument,
  type FileSessionDocument,
  type LossDocument,
  type RawCollection,
  type RawDocuments,
  rawCollections,
  type SessionDocument,
  type TaskDocument,
} from '../raw-documents.ts';
import { StoreError } from '../store-error.ts';
import type { RawReader } from '../stores.ts';
import { type MongoTarget, redactUri } from '../target.ts';
import { connect, disconnect, type MongoConnection, read, request } from './connection.ts';
import { withOriginalNames } from './field-names.ts';
import { latestOpen } from './open-sessions.ts';
import { ascending, rawLayouts, type Stored } from './schema.ts';

/** A server without the index sorts everything before its first answer. */
const readMs = 600_000;

/**
 * Reads the database `rawDb` and writes nothing. What a listener adds meanwhile may or may not be seen; what was there
 * at the start is.
 *
 * @throws StoreError DATABASE_NOT_FOUND when none of the collections is there.
 */
export async function openMongoRawReader(target: MongoTarget): Promise<RawReader> {
  const connection = await connect(target, target.rawDb, readMs);
  try {
    const known: ReadonlySet<string> = new Set(rawCollections);
    const there = await request(connection, () => connection.db.listCollections({}, { nameOnly: true }).toArray());
    if (!there.some(({ name }) => known.has(name))) {
      throw new StoreError(
        'DATABASE_NOT_FOUND',
        `There is no raw evidence in database ${target.rawDb} of ${redactUri(target.uri)}: run godo first.`,
      );
    }
    return new MongoRawReader(connection);
  } catch (error) {
    await connection.client.close().catch(() => undefined);
    throw error;
  }
}

class MongoRawReader implements RawReader {
  readonly location: string;
  readonly #connection: MongoConnection;

  constructor(connection: MongoConnection) {
    this.location = connection.location;
    this.#connection = connection;
  }

  count(collection: RawCollection): Promise<number> {
    return request(this.#connection, () => this.#connection.db.collection(collection).countDocuments({}));
  }

  tasks(): AsyncIterable<TaskDocument> {
    return this.#all('pids');
  }

  closedFiles(): AsyncIterable<FileSessionDocument> {
    return this.#all('files');
  }

  /**
   * Memory: the id of every session without an end in `files`. Both collections are first walked along their indexes
   * by session, ids only, to learn which checkpoints are the latest open ones; then `fds` is read in the asked order.
   */
  async *openFiles(): AsyncGenerator<FileSessionDocument> {
    const { db } = this.#connection;
    const checkpoints = read<{ _id: string; fileSessionId: string }>(this.#connection, () =>
      db
        .collection<Stored>('fds')
        .find({}, { projection: { fileSessionId: 1 } })
        .sort(ascending(['fileSessionId', 'checkpointNs', '_id'])),
    );
    const ended = read<Stored>(this.#connection, () =>
      db
        .collection<Stored>('files')
        .find({}, { projection: { _id: 1 } })
        .sort({ _id: 1 }),
    );
    const open = await latestOpen(checkpoints, ended);
    if (open.size === 0) return;
    for await (const document of this.#all('fds')) if (open.has(document._id)) yield document;
  }

  events(): AsyncIterable<EventDocument> {
    return this.#all('events');
  }

  losses(): AsyncIterable<LossDocument> {
    return this.#all('losses');
  }

  sessions(): AsyncIterable<SessionDocument> {
    return this.#all('sessions');
  }

  async close(): Promise<void> {
    await disconnect(this.#connection);
  }

  async *#all<C extends RawCollection>(collection: C): AsyncGenerator<RawDocuments[C]> {
    const documents = read<RawDocuments[C]>(this.#connection, () =>
      this.#connection.db.collection(collection).find({}).sort(ascending(rawLayouts[collection].order)),
    );
    for await (const document of documents) yield withOriginalNames(document);
  }
}
