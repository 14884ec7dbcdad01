import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CookedEntry } from '../cooked-documents.ts';
import { StoreError } from '../store-error.ts';
import type { CookedWriter } from '../stores.ts';
import { type CookedFiles, type CookedLink, openLink } from './cooked-link.ts';
import { CountedTables } from './dictionary-tables.ts';
import { closeSqlite, openSqlite, type SqliteDatabase } from './driver.ts';
import { errnoName, isBusy, sqliteError } from './errors.ts';
import { makeDirectory, makeFile } from './files.ts';
import { rawFile } from './raw-store.ts';
import { RowMaker } from './row-writer.ts';
import { cookedTables } from './schema.ts';

export const cookedFile = 'cooked.db';

/** Raw evidence of this size takes a second to be cooked. */
const threadFromBytes = 8 * 1024 * 1024;

/**
 * Writes cooked evidence into a new file beside `cooked.db` and renames it over that one at `commit`, when it is
 * complete and on the disk. Until then, and after an `abort`, everybody sees the old set. Files that a killed filter
 * left behind are removed at the next start; filters that run at the same time do not disturb each other, the last
 * commit stands.
 */
export async function openSqliteCookedWriter(directory: string): Promise<SqliteCookedWriter> {
  const location = join(directory, cookedFile);
  const next = `${location}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    makeDirectory(directory);
    await removeStale(directory);
    makeFile(next, { exclusive: true });
    try {
      const thread = sizeOf(join(directory, rawFile)) >= threadFromBytes;
      return new SqliteCookedWriter({ next, location }, await openLink({ next, location }, { thread }));
    } catch (error) {
      rmSync(next, { force: true });
      throw error;
    }
  } catch (error) {
    throw sqliteError(error, location);
  }
}

export class SqliteCookedWriter implements CookedWriter {
  readonly location: string;
  readonly #next: string;
  readonly link: CookedLink;
  readonly dictionary = new CountedTables();
  readonly #rows = new RowMaker(cookedTables, this.dictionary);
  #open = true;
  /** Batches under way, oldest first. */
  readonly #sent: Promise<void>[] = [];
  /** What went wrong at an insert. */
  #failure: Error | null = null;

  constructor({ next, location }: CookedFiles, link: CookedLink) {
    this.location = location;
    this.#next = next;
    this.link = link;
  }

  /** A batch may still be under way then; what becomes of it a later call tells. */
  async insert(entries: readonly CookedEntry[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    try {
      const rows = this.#rows.rows(entries);
      this.#send(new Map([...this.dictionary.take(), ...rows]));
    } catch (error) {
      this.#failed(error);
    }
    while (this.#sent.length > this.link.ahead) await this.#sent.shift();
    if (this.#failure !== null) throw this.#failure;
  }

  /** The number of a text, whose row comes with the next rows. */
  textNumber(text: string): number {
    return this.#rows.text(text);
  }

  async commit(): Promise<void> {
    if (!this.#open) throw new StoreError('DATABASE_FAILED', `${this.location} was committed or given up already.`);
    await this.insert([]).catch(() => undefined);
    await Promise.all(this.#sent);
    if (this.#failure !== null) {
      await this.abort();
      throw this.#failure;
    }
    this.#open = false;
    await this.#last('commit');
  }

  async abort(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#last('abort');
  }

  async #last(call: 'commit' | 'abort'): Promise<void> {
    try {
      await this.link.call(call);
    } finally {
      await this.link.close();
      // Gone or renamed already, but where the thread broke down.
      rmSync(this.#next, { force: true });
    }
  }

  #send(rows: ReadonlyMap<string, readonly (string | number | bigint | null)[]>): void {
    if (rows.size === 0) return;
    this.#sent.push(this.link.call('insert', rows).catch((error) => this.#failed(error)));
  }

  /** Part of the batch may be there: such a set is not to be committed. */
  #failed(error: unknown): void {
    this.#failure ??= sqliteError(error, this.location);
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

/** 0 where there is none. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
