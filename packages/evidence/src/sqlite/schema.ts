/**
 * Tables of the SQLite stores: one a collection, with the whole document as JSON in `doc` (json.ts) and typed columns
 * for what is sorted and filtered on, copied from fields of the same names.
 */

import type { CookedCollection, CookedDocuments } from '../cooked-documents.ts';
import type { RawCollection, RawDocuments } from '../raw-documents.ts';
import type { SqliteDatabase, SqliteStatement, SqliteValue } from './driver.ts';

/** Raised when a table changes; a database with a higher one is refused. Kept in `PRAGMA user_version`. */
export const schemaVersion = 1;
/** "godo" in ASCII, so that file(1) and we can tell our databases from others. Kept in `PRAGMA application_id`. */
export const applicationId = 0x676f646f;

/** A column holds a field of the document; `Ns` fields are 64-bit integers. */
interface Table<D> {
  readonly columns: readonly (keyof D & string)[];
  /** Columns of each index. */
  readonly indexes: readonly (readonly (keyof D & string)[])[];
  /** The order the collection is read in. */
  readonly order: readonly (keyof D & string)[];
}

export const rawTables: { readonly [C in RawCollection]: Table<RawDocuments[C]> } = {
  pids: { columns: ['key', 'timeNs'], indexes: [['key', 'timeNs', '_id']], order: ['key', 'timeNs', '_id'] },
  fds: {
    columns: ['fileSessionId', 'checkpointNs', 'openedNs'],
    indexes: [
      ['fileSessionId', 'checkpointNs', '_id'],
      ['openedNs', '_id'],
    ],
    order: ['openedNs', '_id'],
  },
  files: { columns: ['openedNs'], indexes: [['openedNs', '_id']], order: ['openedNs', '_id'] },
  events: { columns: ['timeNs'], indexes: [['timeNs', '_id']], order: ['timeNs', '_id'] },
  losses: { columns: ['timeNs'], indexes: [['timeNs', '_id']], order: ['timeNs', '_id'] },
  sessions: { columns: ['timeNs'], indexes: [['timeNs', '_id']], order: ['timeNs', '_id'] },
};

export const cookedTables: { readonly [C in CookedCollection]: Table<CookedDocuments[C]> } = {
  processes: {
    columns: ['startNs', 'exitNs', 'tgid', 'containerId', 'exe'],
    indexes: [['startNs', '_id'], ['tgid'], ['containerId']],
    order: ['startNs', '_id'],
  },
  files: {
    columns: ['openedNs', 'closedNs', 'tgid', 'containerId', 'sessionId', 'path', 'exe'],
    indexes: [['openedNs', '_id'], ['containerId'], ['path']],
    order: ['openedNs', '_id'],
  },
  containers: {
    columns: ['firstNs', 'lastNs', 'containerId'],
    indexes: [['firstNs', '_id']],
    order: ['firstNs', '_id'],
  },
  events: {
    columns: ['timeNs', 'kind', 'tgid', 'containerId', 'sessionId'],
    indexes: [['timeNs', '_id'], ['tgid'], ['containerId']],
    order: ['timeNs', '_id'],
  },
  losses: { columns: ['timeNs', 'sessionId'], indexes: [['timeNs', '_id']], order: ['timeNs', '_id'] },
  runs: { columns: ['startNs', 'endNs'], indexes: [['startNs', '_id']], order: ['startNs', '_id'] },
};

type AnyTable = { readonly columns: readonly string[]; readonly indexes: readonly (readonly string[])[] };
type Tables = Readonly<Record<string, AnyTable>>;

const integerColumns: ReadonlySet<string> = new Set(['tgid']);

export function createTables(database: SqliteDatabase, tables: Tables): void {
  for (const [name, table] of Object.entries(tables)) {
    const columns = table.columns.map((column) => {
      const integer = column.endsWith('Ns') || integerColumns.has(column);
      return `${column} ${integer ? 'INTEGER' : 'TEXT'}`;
    });
    const all = ['_id TEXT NOT NULL PRIMARY KEY', ...columns, 'doc TEXT NOT NULL'];
    database.exec(`CREATE TABLE IF NOT EXISTS ${name} (${all.join(', ')}) STRICT`);
  }
}

export function createIndexes(database: SqliteDatabase, tables: Tables): void {
  for (const [name, table] of Object.entries(tables)) {
    for (const columns of table.indexes) {
      const index = [name, 'by', ...columns].join('_');
      database.exec(`CREATE INDEX IF NOT EXISTS ${index} ON ${name} (${columns.join(', ')})`);
    }
  }
}

/** An insert into the table; `onConflict` is what follows the values (`ON CONFLICT …`). */
export function prepareInsert(
  database: SqliteDatabase,
  name: string,
  table: AnyTable,
  onConflict: string,
): SqliteStatement {
  const columns = ['_id', ...table.columns, 'doc'];
  const places = columns.map(() => '?').join(', ');
  return database.prepare(`INSERT INTO ${name} (${columns.join(', ')}) VALUES (${places}) ${onConflict}`);
}

/** The values for {@link prepareInsert}. `json` is the whole document. */
export function rowOf(table: AnyTable, document: object, json: string): SqliteValue[] {
  const fields = document as Readonly<Record<string, SqliteValue | undefined>>;
  const row: SqliteValue[] = [fields._id ?? null];
  for (const column of table.columns) row.push(fields[column] ?? null);
  row.push(json);
  return row;
}
