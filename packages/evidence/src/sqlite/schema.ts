/**
 * Tables of the SQLite stores. The primary key of a table is the order it is read in, up to rows of the same moment
 * (ties.ts), and names a document, so that one index does for sorting, reading on and telling what is there already.
 * For people there are views that spell everything out (views.ts).
 */

import { type CookedCollection, cookedCollections } from '../cooked-documents.ts';
import { type RawCollection, rawCollections } from '../raw-documents.ts';
import type { SqliteDatabase } from './driver.ts';
import { sessionColumns } from './session-row.ts';
import { createViews } from './views.ts';

/** Raised when a table changes, not when one is added; a database with another one is refused. Kept in `PRAGMA user_version`. */
export const schemaVersion = 2;
/** "godo" in ASCII, so that file(1) and we can tell our databases from others. Kept in `PRAGMA application_id`. */
export const applicationId = 0x676f646f;

/** A table of documents as document-row.ts makes rows of them. */
export interface DocumentTable {
  /** The field that stands in the column `time`. */
  readonly time: string;
  /** Columns by which the table is read: its primary key, but for the index of a table with rows in order of coming. */
  readonly order: readonly DocumentColumn[];
  /** Columns that conditions are put on, copied from the fields of these names. */
  readonly copied: readonly CopiedColumn[];
  /** Rows are put in order at the end: they come in another one. */
  readonly unordered: boolean;
}

export type DocumentColumn = 'boot' | 'key' | 'time' | 'id';
export type CopiedColumn = 'tgid' | 'containerId' | 'exitNs' | 'lastNs' | 'endNs';

const byTime = { order: ['time', 'boot', 'id'], copied: [], unordered: false } as const;

export type DocumentCollection<C extends string> = Exclude<C, 'files' | 'fds'>;

export const rawTables: { readonly [C in DocumentCollection<RawCollection>]: DocumentTable } = {
  pids: { ...byTime, time: 'timeNs', order: ['boot', 'key', 'time', 'id'] },
  operations: { ...byTime, time: 'timeNs' },
  events: { ...byTime, time: 'timeNs' },
  losses: { ...byTime, time: 'timeNs' },
  sessions: { ...byTime, time: 'timeNs' },
  chain: { ...byTime, time: 'timeNs' },
};

export const cookedTables: { readonly [C in DocumentCollection<CookedCollection>]: DocumentTable } = {
  processes: { ...byTime, time: 'startNs', copied: ['tgid', 'containerId', 'exitNs'], unordered: true },
  containers: { ...byTime, time: 'firstNs', copied: ['containerId', 'lastNs'] },
  operations: { ...byTime, time: 'timeNs', copied: ['tgid', 'containerId'] },
  events: { ...byTime, time: 'timeNs', copied: ['tgid', 'containerId'] },
  losses: { ...byTime, time: 'timeNs' },
  runs: { ...byTime, time: 'startNs', copied: ['endNs'] },
};

/** In the column `time`: the time is not known, which comes before all others. */
export const unknownTime = -(2n ** 63n);

/** All columns of a table in the order of its rows' values. */
export function documentColumns(table: DocumentTable): string[] {
  return [...table.order, 'origin', 'shape', 'doc', ...table.copied];
}

export function createRawTables(database: SqliteDatabase): void {
  createDictionary(database);
  createFileTable(database, 'files', []);
  createFileTable(database, 'fds', ['checkpoint']);
  for (const [name, table] of Object.entries(rawTables)) createDocumentTable(database, name, table);
  createViews(database, rawCollections);
}

/** Makes the tables that were added to schema 2 later where a database of it lacks them. A reader takes those for empty. */
export function addLaterRawTables(database: SqliteDatabase): void {
  for (const name of laterTables) {
    if (!lacksTable(database, name)) continue;
    createDocumentTable(database, name, rawTables[name]);
    createViews(database, [name]);
  }
}

/** Other versions write and read databases without them all the same, so that they are no other schema. */
const laterTables = ['operations', 'chain'] as const;

/** Whether a database may do without a table, and does. */
export function lacksTable(database: SqliteDatabase, name: string): boolean {
  if (!laterTables.some((later) => later === name)) return false;
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) === undefined;
}

export function createCookedTables(database: SqliteDatabase): void {
  createDictionary(database);
  createFileTable(database, 'files', []);
  for (const [name, table] of Object.entries(cookedTables)) createDocumentTable(database, name, table);
  createViews(database, cookedCollections);
}

/**
 * Indexes of cooked evidence, when all rows are there. Files have none but their order: what is asked of a file's
 * opener is asked of the openers, which are few, and to walk ten million rows takes less than to build an index of them.
 */
export function createCookedIndexes(database: SqliteDatabase): void {
  database.exec(`
    CREATE INDEX processes_by_time ON processes (time, boot, id);
    CREATE UNIQUE INDEX processes_by_id ON processes (id, boot);
    CREATE INDEX processes_by_tgid ON processes (tgid);
    CREATE INDEX events_by_tgid ON events (tgid)`);
}

function createDictionary(database: SqliteDatabase): void {
  database.exec(`
    CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
    CREATE TABLE boots (id INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE origins (
      id INTEGER PRIMARY KEY, host TEXT NOT NULL, machine TEXT, boot INTEGER NOT NULL, session TEXT NOT NULL) STRICT;
    CREATE TABLE openers (
      id INTEGER PRIMARY KEY, origin INTEGER NOT NULL, "key" TEXT NOT NULL, tgid INTEGER NOT NULL,
      comm INTEGER, exe INTEGER, container INTEGER) STRICT`);
}

/** Not STRICT: there a column for numbers and texts would keep whole numbers as 8-byte doubles. */
function createFileTable(database: SqliteDatabase, name: string, further: readonly string[]): void {
  const [opened, id, opener, lasted, doc] = sessionColumns;
  database.exec(`
    CREATE TABLE ${name} (
      ${opened} INTEGER NOT NULL, ${id} INTEGER NOT NULL, ${opener} INTEGER NOT NULL, ${lasted} INTEGER,
      ${doc} TEXT NOT NULL, ${further.map((column) => `${column} INTEGER NOT NULL, `).join('')}
      PRIMARY KEY (${[opened, id, ...further].join(', ')})) WITHOUT ROWID`);
}

const columnTypes: Readonly<Record<string, string>> = {
  boot: 'INTEGER NOT NULL',
  key: 'TEXT NOT NULL',
  time: 'INTEGER NOT NULL',
  id: 'TEXT NOT NULL',
  origin: 'INTEGER',
  shape: 'INTEGER NOT NULL',
  doc: 'TEXT NOT NULL',
  containerId: 'TEXT',
};

function createDocumentTable(database: SqliteDatabase, name: string, table: DocumentTable): void {
  const columns = documentColumns(table).map((column) => `"${column}" ${columnTypes[column] ?? 'INTEGER'}`);
  const order = table.order.map((column) => `"${column}"`).join(', ');
  database.exec(
    table.unordered
      ? `CREATE TABLE ${name} (${columns.join(', ')}) STRICT`
      : `CREATE TABLE ${name} (${columns.join(', ')}, PRIMARY KEY (${order})) STRICT, WITHOUT ROWID`,
  );
}
