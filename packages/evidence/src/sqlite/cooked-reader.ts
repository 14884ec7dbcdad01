import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { CookedCollection, CookedDocuments, CookedFileDocument, ProcessDocument } from '../cooked-documents.ts';
import { select } from '../cooked-query.ts';
import { cookedFileDocument } from '../file-session.ts';
import { StoreError } from '../store-error.ts';
import type { CookedQuery, CookedReader } from '../stores.ts';
import { closeReading, openForReading, type ReadConnection } from './connection.ts';
import { narrow, narrowFiles } from './cooked-narrowing.ts';
import { cookedFile } from './cooked-writer.ts';
import { bootOfKey } from './document-row.ts';
import { sqliteError } from './errors.ts';
import { RowReader } from './row-reader.ts';
import { cookedTables } from './schema.ts';
import { relativeTo } from './text-form.ts';

/**
 * Reads `cooked.db`. A filter that commits meanwhile puts a new file in its place; this reader stays with the old one.
 */
export async function openSqliteCookedReader(directory: string): Promise<CookedReader> {
  const file = join(directory, cookedFile);
  try {
    const connection = await openForReading(file, 'filter');
    // The file itself never changes, so there is nothing to verify when another one has taken its name.
    return new SqliteCookedReader(file, { ...connection, verify: () => undefined });
  } catch (error) {
    throw sqliteError(error, file);
  }
}

/** Keys looked up in one statement: their processes are in memory together. */
const keysAStatement = 500;

class SqliteCookedReader implements CookedReader {
  readonly location: string;
  readonly #connection: ReadConnection;
  readonly #rows: RowReader;
  #open = true;

  constructor(file: string, connection: ReadConnection) {
    this.location = file;
    this.#connection = connection;
    this.#rows = new RowReader(connection, file);
  }

  async count(collection: CookedCollection): Promise<number> {
    return this.#rows.count(collection);
  }

  find<C extends CookedCollection>(collection: C, query: CookedQuery): AsyncIterable<CookedDocuments[C]> {
    return select(collection, query, (from, narrowed) => this.#scan(from, narrowed));
  }

  async processes(keys: readonly string[]): Promise<ProcessDocument[]> {
    const wanted = [...new Set(keys)];
    const found = new Map<string, ProcessDocument>();
    for (let start = 0; start < wanted.length; start += keysAStatement) {
      const some = wanted.slice(start, start + keysAStatement);
      // Relative to its own boot and whole: a process is found by the form that its row has.
      const ids = some.flatMap((key) => [relativeTo(bootOfKey(key), key), relativeTo('\n', key)]);
      const condition = { where: 'id IN (SELECT value FROM json_each(?))', values: [JSON.stringify(ids)] };
      for (const process of this.#rows.documentsAtOnce<ProcessDocument>(
        'processes',
        cookedTables.processes,
        condition,
      )) {
        found.set(process._id, process);
      }
      await setImmediate();
    }
    return wanted.flatMap((key) => found.get(key) ?? []);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    closeReading(this.#connection);
  }

  #scan<C extends CookedCollection>(collection: C, query: CookedQuery): AsyncIterable<CookedDocuments[C][]> {
    if (collection === 'files') return this.#files(query) as AsyncIterable<CookedDocuments[C][]>;
    const name = collection as Exclude<CookedCollection, 'files'>;
    return this.#rows.documents<CookedDocuments[C]>(name, cookedTables[name], narrow(name, query));
  }

  async *#files(query: CookedQuery): AsyncGenerator<CookedFileDocument[]> {
    const condition = narrowFiles(query, (from, ...values) => this.#rows.numbers(from, ...values));
    for await (const { sessions, unusable } of this.#rows.sessions('files', condition)) {
      // Only the filter writes here: what is no session of its own is damage.
      if (unusable > 0) {
        throw new StoreError(
          'DATABASE_CORRUPT',
          `${this.location} holds a file that cannot be read: run filter again.`,
        );
      }
      yield sessions.map(cookedFileDocument);
    }
  }
}
