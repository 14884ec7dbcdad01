import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CookedEntry } from '../cooked-documents.ts';
import { StoreError } from '../store-error.ts';
import type { CookedWriter } from '../stores.ts';
import { openForWriting } from './connection.ts';
import { closeSqlite, openSqlite, rollBack, type SqliteDatabase } from './driver.ts';
import { errnoName, isBusy, sqliteError } from './errors.ts';
import { makeDirectory, makeFile } from './files.ts';
import { RowWriter } from './row-writer.ts';
import { applicationId, cookedTables, createCookedIndexes, createCookedTables, schemaVersion } from './schema.ts';

export const cookedFile = 'cooked.db';

/**
 * Writes cooked evidence into a new file beside `cooked.db` and renames it over that one at `commit`, when it is
 * complete and on the disk. Until then, and after an `abort`, everybody sees the old set. Files that a killed filter
 * left behind are removed at the next start; filters that run at the same time do not disturb each other, the last
 * commit stands.
 */
export async function openSqliteCookedWriter(directory: string): Promise<CookedWriter> {
  const file = join(directory, cookedFile);
  const next = `${file}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    makeDirectory(directory);
    await removeStale(directory);
    makeFile(next, { exclusive: true });
    const database = await openForWriting(next);
    try {
      // The file is of no use before it is complete, so nothing has to survive a crash; the lock says "in use". All is
      // one transaction: a page is written when it is full, not after each batch.
      database.exec(`
        PRAGMA journal_mode = MEMORY;
        PRAGMA synchronous = OFF;
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA cache_size = -65536;
        BEGIN EXCLUSIVE`);
      createCookedTables(database);
      return new SqliteCookedWriter(directory, next, database);
    } catch (error) {
      closeSqlite(database);
      rmSync(next, { force: true });
      throw error;
    }
  } catch (error) {
    throw sqliteError(error, file);
  }
}

class SqliteCookedWriter implements CookedWriter {
  readonly location: string;
  readonly #directory: string;
  readonly #next: string;
  readonly #database: SqliteDatabase;
  readonly #rows: RowWriter;
  #open = true;
  /** What went wrong at an insert. */
  #failure: StoreError | null = null;

  constructor(directory: string, next: string, database: SqliteDatabase) {
    this.location = join(directory, cookedFile);
    this.#directory = directory;
    this.#next = next;
    this.#database = database;
    this.#rows = new RowWriter(database, cookedTables, '');
  }

  async insert(entries: readonly CookedEntry[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    try {
      this.#rows.insert(entries);
    } catch (error) {
      // Part of the batch may be there: such a set is not to be committed.
      this.#failure = sqliteError(error, this.location);
      throw this.#failure;
    }
  }

  async commit(): Promise<void> {
    if (!this.#open) throw new StoreError('DATABASE_FAILED', `${this.location} was committed or given up already.`);
    if (this.#failure !== null) {
      await this.abort();
      throw this.#failure;
    }
    this.#open = false;
    try {
      createCookedIndexes(this.#database);
      this.#database.exec('COMMIT');
      // With synchronous=FULL the last transaction takes everything before it to the disk. The lock is kept until the
      // file has its name, or another filter could take it for one left behind.
      this.#database.exec(`
        PRAGMA synchronous = FULL;
        BEGIN; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
      renameSync(this.#next, this.location);
      syncDirectory(this.#directory);
    } catch (error) {
      rmSync(this.#next, { force: true });
      throw sqliteError(error, this.location);
    } finally {
      this.#close();
    }
  }

  async abort(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    try {
      this.#close();
    } finally {
      rmSync(this.#next, { force: true });
    }
  }

  #close(): void {
    try {
      rollBack(this.#database);
      // An exclusive lock goes with the first access in normal mode; see closeSqlite for why closing is not enough.
      this.#database.exec('PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_schema');
    } finally {
      closeSqlite(this.#database);
    }
  }
}

/** A rename is on the disk when its directory is. */
function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

async function removeStale(directory: string): Promise<void> {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(`${cookedFile}.new-`)) continue;
    const file = join(directory, name);
    if (await inUse(file)) continue;
    rmSync(file, { force: true });
  }
}

/** Whether a living filter writes to it, which then holds its lock. */
async function inUse(file: string): Promise<boolean> {
  let database: SqliteDatabase | undefined;
  try {
    database = await openSqlite(file, { readOnly: false });
    database.exec('BEGIN EXCLUSIVE');
    return false;
  } catch (error) {
    if (errnoName(error) === 'EACCES') throw error;
    // Anything but a lock: it was left half written.
    return isBusy(error);
  } finally {
    if (database) closeSqlite(database);
  }
}
