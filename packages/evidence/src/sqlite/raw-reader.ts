import { join } from 'node:path';
import type {
  EventDocument,
  FileSessionDocument,
  LossDocument,
  RawCollection,
  RawDocuments,
  SessionDocument,
  TaskDocument,
} from '../raw-documents.ts';
import type { RawReader } from '../stores.ts';
import { closeReading, openForReading, type ReadConnection } from './connection.ts';
import { sqliteError } from './errors.ts';
import { rawFile } from './raw-store.ts';
import { documents, guarded } from './rows.ts';
import { rawTables } from './schema.ts';

/**
 * Reads `raw.db` as it stood at this call, also while a listener writes to it (whose log cannot be cut back as long as
 * the reader is open). `raw.db` is not changed, nor are files made beside it where no writer was.
 */
export async function openSqliteRawReader(directory: string): Promise<RawReader> {
  const file = join(directory, rawFile);
  try {
    return new SqliteRawReader(file, await openForReading(file, 'godo'));
  } catch (error) {
    throw sqliteError(error, file);
  }
}

/** The index on (fileSessionId, checkpointNs, _id) answers both conditions; that on (openedNs, _id) gives the order. */
const openFiles = `
  SELECT doc FROM fds AS this
  WHERE NOT EXISTS (SELECT 1 FROM files WHERE files._id = this.fileSessionId)
    AND NOT EXISTS (
      SELECT 1 FROM fds AS later
      WHERE later.fileSessionId = this.fileSessionId
        AND (later.checkpointNs, later._id) > (this.checkpointNs, this._id))
  ORDER BY openedNs, _id`;

class SqliteRawReader implements RawReader {
  readonly location: string;
  readonly #connection: ReadConnection;
  #open = true;

  constructor(file: string, connection: ReadConnection) {
    this.location = file;
    this.#connection = connection;
  }

  async count(collection: RawCollection): Promise<number> {
    const { database, verify } = this.#connection;
    const count = guarded(this.#connection, this.location, () =>
      database.prepare(`SELECT count(*) AS count FROM ${collection}`).get(),
    ) as { count: number };
    verify();
    return count.count;
  }

  tasks(): AsyncIterable<TaskDocument> {
    return this.#all('pids');
  }

  closedFiles(): AsyncIterable<FileSessionDocument> {
    return this.#all('files');
  }

  openFiles(): AsyncIterable<FileSessionDocument> {
    return documents(this.#connection, this.location, openFiles);
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
    if (!this.#open) return;
    this.#open = false;
    closeReading(this.#connection);
  }

  #all<C extends RawCollection>(collection: C): AsyncIterable<RawDocuments[C]> {
    const order = rawTables[collection].order.join(', ');
    return documents(this.#connection, this.location, `SELECT doc FROM ${collection} ORDER BY ${order}`);
  }
}
