import { join } from 'node:path';
import type { RawEntry } from '../raw-documents.ts';
import { reasonOf, StoreError } from '../store-error.ts';
import type { InsertResult, RawStore } from '../stores.ts';
import { checkSchema, openForWriting } from './connection.ts';
import { closeSqlite, rollBack, type SqliteDatabase } from './driver.ts';
import { isBusy, sqliteError } from './errors.ts';
import { makeDirectory, makeFile } from './files.ts';
import { isRefusal } from './refusals.ts';
import { RowWriter } from './row-writer.ts';
import { addLaterRawTables, applicationId, createRawTables, rawTables, schemaVersion } from './schema.ts';

export const rawFile = 'raw.db';

/**
 * Raw evidence in `raw.db`, which is made with its directory where it is missing.
 *
 * Durability: a batch is one transaction in the write-ahead log. Once `insert` resolves it outlives the end of the
 * process, however it comes (SIGKILL included). The log is not flushed to the disk at each batch (synchronous=NORMAL):
 * a power failure can take the batches since the last checkpoint of the log (32 MiB at most), never part of a batch,
 * and never damages the file. What SQLite keeps to undo a single statement is in memory, so that nothing but the
 * directory need be writable (ProtectSystem=strict) or have room. `close` flushes everything and leaves `raw.db` alone
 * and complete in itself, unless a reader or another writer still holds it: then `raw.db-wal` stays and belongs to it.
 */
export async function openSqliteRawStore(directory: string): Promise<RawStore> {
  const file = join(directory, rawFile);
  try {
    makeDirectory(directory);
    makeFile(file, { exclusive: false });
    const database = await openForWriting(file);
    try {
      return new SqliteRawStore(file, prepare(database, file));
    } catch (error) {
      closeSqlite(database);
      throw error;
    }
  } catch (error) {
    throw sqliteError(error, file);
  }
}

function prepare(database: SqliteDatabase, file: string): SqliteDatabase {
  checkSchema(database, file, 'godo');
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 8192;
    PRAGMA cache_size = -16384;
    PRAGMA temp_store = MEMORY;
    BEGIN IMMEDIATE`);
  // Looked at again under the lock: another listener may have made the tables meanwhile.
  if (checkSchema(database, file, 'godo')) {
    addLaterRawTables(database);
  } else {
    createRawTables(database);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`);
  }
  database.exec('COMMIT');
  return database;
}

class SqliteRawStore implements RawStore {
  readonly location: string;
  readonly #database: SqliteDatabase;
  readonly #rows: RowWriter;
  #open = true;

  constructor(file: string, database: SqliteDatabase) {
    this.location = file;
    this.#database = database;
    this.#rows = new RowWriter(database, rawTables, 'ON CONFLICT DO NOTHING');
  }

  async insert(entries: readonly RawEntry[]): Promise<InsertResult> {
    if (entries.length === 0) return { inserted: 0, duplicates: 0 };
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const inserted = this.#rows.insert(entries);
        this.#database.exec('COMMIT');
        return { inserted, duplicates: entries.length - inserted };
      } catch (error) {
        rollBack(this.#database);
        this.#rows.forget();
        throw error;
      }
    } catch (error) {
      if (isRefusal(error)) throw new StoreError('DOCUMENT_REFUSED', reasonOf(error));
      throw sqliteError(error, this.location);
    }
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    try {
      this.#takeLogOver();
    } catch (error) {
      throw sqliteError(error, this.location);
    } finally {
      closeSqlite(this.#database);
    }
  }

  /** Writes the log into the file and removes it. Readers may stay for long: they are not waited for. */
  #takeLogOver(): void {
    this.#database.exec('PRAGMA busy_timeout = 100');
    try {
      // Closing would remove the log too, but only when the last statement is collected as garbage.
      this.#database.exec('PRAGMA journal_mode = DELETE');
    } catch (error) {
      if (!isBusy(error)) throw error;
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    }
  }
}
