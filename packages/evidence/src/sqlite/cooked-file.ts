/**
 * The new file of cooked evidence, as the one who owns its connection sees it: rows come in, and file sessions are taken
 * over from raw evidence. What is called here from another thread (cooked-link.ts) takes and gives what can be copied.
 */

import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type MissedSpan, MissedTimes } from '../missed-times.ts';
import { StoreError } from '../store-error.ts';
import { openForWriting } from './connection.ts';
import type { DictionaryStart } from './dictionary-tables.ts';
import { closeSqlite, rollBack, type SqliteDatabase } from './driver.ts';
import { sqliteError } from './errors.ts';
import type { RowSource } from './pages.ts';
import { type Rows, TableInserter } from './row-writer.ts';
import { applicationId, cookedTables, createCookedIndexes, createCookedTables, schemaVersion } from './schema.ts';
import type { SentPage } from './sent-pages.ts';
import { type JudgedOpeners, type Passed, type PassedRows, SessionPassage } from './session-passage.ts';

/** All methods throw StoreError that names the file as it will be called. */
export class CookedFile {
  readonly #next: string;
  readonly #location: string;
  readonly #database: SqliteDatabase;
  readonly #rows: TableInserter;
  #passage: SessionPassage | null = null;
  /** What went wrong while nobody waited for it. */
  #unprepared: unknown = null;
  #open = true;

  private constructor(next: string, location: string, database: SqliteDatabase) {
    this.#next = next;
    this.#location = location;
    this.#database = database;
    this.#rows = new TableInserter(database, cookedTables, '');
  }

  /** @param next the file, which is there and empty. @param location what it is renamed to at last. */
  static async open(next: string, location: string): Promise<CookedFile> {
    try {
      const database = await openForWriting(next);
      try {
        // The file is of no use before it is complete, so nothing has to survive a crash; the lock says "in use". All is
        // one transaction: a page is written when it is full, not after each batch.
        database.exec(`
          PRAGMA main.journal_mode = MEMORY;
          PRAGMA main.synchronous = OFF;
          PRAGMA main.locking_mode = EXCLUSIVE;
          PRAGMA main.cache_size = -16384;
          BEGIN EXCLUSIVE`);
        createCookedTables(database);
        return new CookedFile(next, location, database);
      } catch (error) {
        closeSqlite(database);
        throw error;
      }
    } catch (error) {
      throw sqliteError(error, location);
    }
  }

  insert(rows: Rows): void {
    this.#guarded(() => this.#rows.insert(rows));
  }

  /**
   * Opens raw evidence, from which {@link pass} takes over file sessions, beside this file. Must come before the first row.
   *
   * @returns what of its dictionary is here now; null where its numbers are none that a writer of ours gives.
   */
  openRaw(file: string, missed: readonly MissedSpan[]): DictionaryStart | null {
    return this.#guarded(() => {
      this.#passage = SessionPassage.open(this.#database, file, new MissedTimes(missed));
      return this.#passage?.start ?? null;
    });
  }

  /** A step of what {@link pass} needs, which also tells what went wrong here. @returns whether something is left. */
  prepare(): boolean {
    try {
      return this.#open && (this.#passage?.survey() ?? false);
    } catch (error) {
      this.#unprepared = error;
      return false;
    }
  }

  /** As the methods of {@link SessionPassage} of these names. */
  judge(openers: JudgedOpeners): void {
    this.#guarded(() => this.#passing().judge(openers));
  }

  pass(): PassedRows | null {
    return this.#guarded(() => {
      if (this.#unprepared !== null) throw this.#unprepared;
      return this.#passing().pass();
    });
  }

  finish(): Passed {
    return this.#guarded(() => this.#passing().finish());
  }

  read(source: RowSource): void {
    this.#guarded(() => this.#passing().read(source));
  }

  readOn(): SentPage | null {
    return this.#guarded(() => this.#passing().readOn());
  }

  /** Gives the file its name, complete and on the disk. */
  commit(): void {
    this.#open = false;
    try {
      createCookedIndexes(this.#database);
      this.#database.exec('COMMIT');
      // With synchronous=FULL the last transaction takes everything before it to the disk. The lock is kept until the
      // file has its name, or another filter could take it for one left behind.
      this.#database.exec(`
        PRAGMA main.synchronous = FULL;
        BEGIN; PRAGMA main.application_id = ${applicationId}; PRAGMA main.user_version = ${schemaVersion}; COMMIT`);
      renameSync(this.#next, this.#location);
      syncDirectory(dirname(this.#location));
    } catch (error) {
      rmSync(this.#next, { force: true });
      throw sqliteError(error, this.#location);
    } finally {
      this.#close();
    }
  }

  abort(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      this.#close();
    } finally {
      rmSync(this.#next, { force: true });
    }
  }

  #passing(): SessionPassage {
    if (this.#passage === null || !this.#open)
      throw new StoreError('DATABASE_FAILED', `${this.#location} was given up.`);
    return this.#passage;
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw sqliteError(error, this.#location);
    }
  }

  #close(): void {
    try {
      rollBack(this.#database);
      // An exclusive lock goes with the first access in normal mode; see closeSqlite for why closing is not enough.
      this.#database.exec('PRAGMA main.locking_mode = NORMAL; SELECT count(*) FROM main.sqlite_schema');
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
