import { join } from 'node:path';
import type { CookedCollection, CookedDocuments, ProcessDocument } from '../cooked-documents.ts';
import { containerPrefix, select } from '../cooked-query.ts';
import type { CookedQuery, CookedReader } from '../stores.ts';
import { closeReading, openForReading, type ReadConnection } from './connection.ts';
import { cookedFile } from './cooked-writer.ts';
import type { SqliteValue } from './driver.ts';
import { sqliteError } from './errors.ts';
import { documents, guarded } from './rows.ts';
import { cookedTables } from './schema.ts';

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

/** Keys looked up in one statement; SQLite takes 32766 values. */
const keysAStatement = 500;

class SqliteCookedReader implements CookedReader {
  readonly location: string;
  readonly #connection: ReadConnection;
  #open = true;

  constructor(file: string, connection: ReadConnection) {
    this.location = file;
    this.#connection = connection;
  }

  async count(collection: CookedCollection): Promise<number> {
    const count = guarded(this.#connection, this.location, () =>
      this.#connection.database.prepare(`SELECT count(*) AS count FROM ${collection}`).get(),
    ) as { count: number };
    return count.count;
  }

  find<C extends CookedCollection>(collection: C, query: CookedQuery): AsyncIterable<CookedDocuments[C]> {
    return select(collection, query, (from, narrowed) => this.#scan(from, narrowed));
  }

  async processes(keys: readonly string[]): Promise<ProcessDocument[]> {
    const wanted = [...new Set(keys)];
    const found = new Map<string, ProcessDocument>();
    for (let start = 0; start < wanted.length; start += keysAStatement) {
      const some = wanted.slice(start, start + keysAStatement);
      const sql = `SELECT doc FROM processes WHERE _id IN (${some.map(() => '?').join(', ')})`;
      for await (const process of documents<ProcessDocument>(this.#connection, this.location, sql, some)) {
        found.set(process._id, process);
      }
    }
    return wanted.flatMap((key) => found.get(key) ?? []);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    closeReading(this.#connection);
  }

  #scan<C extends CookedCollection>(collection: C, query: CookedQuery): AsyncIterable<CookedDocuments[C]> {
    const { where, values } = narrow(collection, query);
    const order = cookedTables[collection].order.join(', ');
    const sql = `SELECT doc FROM ${collection} ${where} ORDER BY ${order}`;
    return documents(this.#connection, this.location, sql, values);
  }
}

/** Columns of the first and the last moment of a document. */
const spans: { readonly [C in CookedCollection]: readonly [from: string, to: string] } = {
  processes: ['startNs', 'exitNs'],
  files: ['openedNs', 'closedNs'],
  containers: ['firstNs', 'lastNs'],
  events: ['timeNs', 'timeNs'],
  losses: ['timeNs', 'timeNs'],
  runs: ['startNs', 'endNs'],
};

/** What the columns can tell; cooked-query.ts has the last word. */
function narrow(collection: CookedCollection, query: CookedQuery): { where: string; values: SqliteValue[] } {
  const conditions: string[] = [];
  const values: SqliteValue[] = [];
  const add = (condition: string, ...given: SqliteValue[]) => {
    conditions.push(condition);
    values.push(...given);
  };
  const columns = cookedTables[collection].columns as readonly string[];
  const prefix = containerPrefix(query);
  if (prefix && columns.includes('containerId')) {
    add('containerId >= ? AND containerId < ?', prefix, `${prefix}\u{10ffff}`);
  }
  if (query.pid !== undefined && (collection === 'processes' || collection === 'events')) add('tgid = ?', query.pid);
  if (query.pid !== undefined && collection === 'files') {
    add('(tgid = ? OR instr(doc, ?) > 0)', query.pid, `:${query.pid}:`);
  }
  if (query.sessionId !== undefined && columns.includes('sessionId')) add('sessionId = ?', query.sessionId);
  const [from, to] = spans[collection];
  if (query.sinceNs !== undefined) add(`(${to} IS NULL OR ${to} >= ?)`, query.sinceNs);
  if (query.untilNs !== undefined) add(`(${from} IS NULL OR ${from} <= ?)`, query.untilNs);
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', values };
}
