import {
  type EventDocument,
  type FileSessionDocument,
  type LossDocument,
  type OperationDocument,
  type RawCollection,
  type RawDocuments,
  rawCollections,
  type SessionDocument,
  type TaskObservation,
} from '../raw-documents.ts';
import { fileSessionsOf, originSharer } from '../session-batch.ts';
import { StoreError } from '../store-error.ts';
import type { FileSessions, RawReader } from '../stores.ts';
import { type MongoTarget, redactUri } from '../target.ts';
import { connect, disconnect, type MongoConnection, read, readBatches, request } from './connection.ts';
import { withOriginalNames } from './field-names.ts';
import { latestOpen } from './open-sessions.ts';
import { ascending, rawLayouts, type Stored } from './schema.ts';

/** A server without the index sorts everything before its first answer. */
const readMs = 600_000;

/** What a cursor asks for at a time; servers send less where documents are large. */
const documentsABatch = 1000;

/**
 * Reads the database `rawDb` and writes nothing. What a listener adds meanwhile may or may not be seen; what was there
 * at the start is.
 *
 * @throws StoreError DATABASE_NOT_FOUND when none of the collections is there.
 */
export async function openMongoRawReader(target: MongoTarget): Promise<MongoRawReader> {
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

export class MongoRawReader implements RawReader {
  readonly location: string;
  readonly #connection: MongoConnection;

  constructor(connection: MongoConnection) {
    this.location = connection.location;
    this.#connection = connection;
  }

  count(collection: RawCollection): Promise<number> {
    return request(this.#connection, () => this.#connection.db.collection(collection).countDocuments({}));
  }

  /** The ISO texts are not asked for. */
  tasks(): AsyncIterable<readonly TaskObservation[]> {
    return this.batches('pids', { time: 0, start: 0 });
  }

  async *closedFiles(): AsyncGenerator<FileSessions> {
    const share = originSharer();
    for await (const batch of this.batches<FileSessionDocument>('files')) yield fileSessionsOf(batch, share);
  }

  /**
   * Memory: the id of every session without an end in `files`. Both collections are first walked along their indexes
   * by session, ids only, to learn which checkpoints are the latest open ones; then `fds` is read in the asked order.
   */
  async *openFiles(): AsyncGenerator<FileSessions> {
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
    const share = originSharer();
    for await (const batch of this.batches<FileSessionDocument>('fds')) {
      yield fileSessionsOf(
        batch.filter(({ _id }) => open.has(_id)),
        share,
      );
    }
  }

  operations(): AsyncIterable<OperationDocument> {
    return this.#all('operations');
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
    for await (const batch of this.batches<RawDocuments[C]>(collection)) {
      for (const document of batch) yield withOriginalNames(document);
    }
  }

  /** In the order of the collection (schema.ts). */
  batches<D>(collection: RawCollection, projection: Readonly<Record<string, 0>> = {}): AsyncGenerator<D[]> {
    return readBatches(this.#connection, () =>
      this.#connection.db
        .collection(collection)
        .find({}, { projection, batchSize: documentsABatch })
        .sort(ascending(rawLayouts[collection].order)),
    );
  }
}
