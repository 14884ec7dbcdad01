import { join } from 'node:path';
import type {
  EventDocument,
  LossDocument,
  OperationDocument,
  RawCollection,
  SessionDocument,
  TaskObservation,
} from '../raw-documents.ts';
import type { FileSessions, RawReader } from '../stores.ts';
import { closeReading, type FileConnection, openForReading } from './connection.ts';
import { sqliteError } from './errors.ts';
import { observationForm } from './observation-form.ts';
import { rawFile } from './raw-store.ts';
import { RowReader } from './row-reader.ts';
import { rawTables } from './schema.ts';

/**
 * Reads `raw.db` as it stood at this call, also while a listener writes to it (whose log cannot be cut back as long as
 * the reader is open). `raw.db` is not changed, nor are files made beside it where no writer was.
 */
export async function openSqliteRawReader(directory: string): Promise<SqliteRawReader> {
  const file = join(directory, rawFile);
  try {
    return new SqliteRawReader(file, await openForReading(file, 'godo'));
  } catch (error) {
    throw sqliteError(error, file);
  }
}

/** The checkpoints of a session stand together in the primary key, and so does its end in `files`. */
const latestOpen = {
  where: `
    NOT EXISTS (SELECT 1 FROM files WHERE files.opened = this.opened AND files.id = this.id)
    AND NOT EXISTS (
      SELECT 1 FROM fds AS later
      WHERE later.opened = this.opened AND later.id = this.id AND later.checkpoint > this.checkpoint)`,
  values: [],
};

export class SqliteRawReader implements RawReader {
  readonly location: string;
  readonly connection: FileConnection;
  readonly rows: RowReader;
  #open = true;

  constructor(file: string, connection: FileConnection) {
    this.location = file;
    this.connection = connection;
    this.rows = new RowReader(connection, file);
  }

  async count(collection: RawCollection): Promise<number> {
    const count = this.rows.count(collection);
    this.connection.verify();
    return count;
  }

  tasks(): AsyncIterable<readonly TaskObservation[]> {
    return this.rows.documents<TaskObservation>('pids', rawTables.pids, undefined, observationForm);
  }

  closedFiles(): AsyncIterable<FileSessions> {
    return this.rows.sessions('files');
  }

  openFiles(): AsyncIterable<FileSessions> {
    return this.rows.sessions('fds', latestOpen);
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
    if (!this.#open) return;
    this.#open = false;
    closeReading(this.connection);
  }

  async *#all<D extends object>(collection: Exclude<keyof typeof rawTables, 'pids'>): AsyncGenerator<D> {
    for await (const batch of this.rows.documents<D>(collection, rawTables[collection])) yield* batch;
  }
}
