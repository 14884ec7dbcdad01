/** Turns entries into rows and inserts them, many in one statement. */

import type { FileSession } from '../file-session.ts';
import { nsOfInstant } from '../instant.ts';
import { Dictionary } from './dictionary.ts';
import { type DictionaryTable, type DictionaryTables, dictionaryColumns, SharedTables } from './dictionary-tables.ts';
import { DocumentRows } from './document-row.ts';
import type { SqliteDatabase, SqliteValue } from './driver.ts';
import { RowInserter } from './row-inserter.ts';
import { type DocumentTable, documentColumns, unknownTime } from './schema.ts';
import { noCheckpoint, pushSession, sessionColumns } from './session-row.ts';
import { storedText } from './text-form.ts';

export type Entry =
  | { readonly collection: string; readonly session: FileSession }
  | { readonly collection: string; readonly observation: object }
  | { readonly collection: string; readonly document: object };

export type DocumentTables = Readonly<Record<string, DocumentTable>>;

/** Rows by table: the values of all rows of it, one after the other. */
export type Rows = ReadonlyMap<string, readonly SqliteValue[]>;

/** Makes rows of entries. */
export class RowMaker {
  readonly #tables: DocumentTables;
  readonly #dictionary: Dictionary;
  readonly #documents: DocumentRows;

  /** @param tables those of documents; `files` and `fds` are known. */
  constructor(tables: DocumentTables, dictionary: DictionaryTables) {
    this.#tables = tables;
    this.#dictionary = new Dictionary(dictionary);
    this.#documents = new DocumentRows(this.#dictionary);
  }

  rows(entries: readonly Entry[]): Rows {
    const rows = new Map<string, SqliteValue[]>();
    let name = '';
    let values: SqliteValue[] = [];
    for (const entry of entries) {
      if (entry.collection !== name) {
        name = entry.collection;
        values = rows.get(name) ?? [];
        rows.set(name, values);
      }
      if ('session' in entry) {
        pushSession(values, entry.session, this.#dictionary);
        if (name === 'fds') values.push(checkpointNs(entry.session));
      } else {
        const table = this.#tables[name] as DocumentTable;
        if ('observation' in entry) this.#pushDocument(values, entry.observation, table, true);
        else this.#pushDocument(values, entry.document, table, false);
      }
    }
    return rows;
  }

  /** The number of a text. */
  text(text: string): number {
    return this.#dictionary.text(text);
  }

  /** To be called after a rollback: the numbers that were given are gone with it. */
  forget(): void {
    this.#dictionary.forget();
    this.#documents.forget();
  }

  #pushDocument(values: SqliteValue[], document: object, table: DocumentTable, isoLeftOut: boolean): void {
    const row = this.#documents.row(document, table.time, table.order.includes('key'), isoLeftOut);
    for (const column of table.order) values.push(column === 'time' ? (row.time ?? unknownTime) : row[column]);
    values.push(row.origin, row.shape, row.doc);
    for (const column of table.copied) values.push(copied(document, column));
  }
}

/** Inserts rows into the tables of one database. */
export class TableInserter {
  readonly #database: SqliteDatabase;
  readonly #tables: DocumentTables;
  readonly #onConflict: string;
  readonly #inserters = new Map<string, RowInserter>();

  /** @param onConflict as in {@link RowInserter}. */
  constructor(database: SqliteDatabase, tables: DocumentTables, onConflict: string) {
    this.#database = database;
    this.#tables = tables;
    this.#onConflict = onConflict;
  }

  /** @returns how many were new. */
  insert(rows: Rows): number {
    let inserted = 0;
    for (const [table, values] of rows) inserted += this.#inserter(table).insert(values);
    return inserted;
  }

  #inserter(table: string): RowInserter {
    let inserter = this.#inserters.get(table);
    if (inserter === undefined) {
      inserter = new RowInserter(this.#database, table, this.#columns(table), this.#onConflict);
      this.#inserters.set(table, inserter);
    }
    return inserter;
  }

  #columns(table: string): readonly string[] {
    if (table === 'files') return sessionColumns;
    if (table === 'fds') return [...sessionColumns, 'checkpoint'];
    if (table in dictionaryColumns) return ['id', ...dictionaryColumns[table as DictionaryTable]];
    return documentColumns(this.#tables[table] as DocumentTable);
  }
}

/** Writes to the tables of one database, that others may write to as well. */
export class RowWriter {
  readonly #maker: RowMaker;
  readonly #inserter: TableInserter;

  /** Parameters as of {@link RowMaker} and {@link TableInserter}. */
  constructor(database: SqliteDatabase, tables: DocumentTables, onConflict: string) {
    this.#maker = new RowMaker(tables, new SharedTables(database));
    this.#inserter = new TableInserter(database, tables, onConflict);
  }

  /**
   * Inserts within the transaction that the caller began, and that he rolls back when this throws.
   *
   * @returns how many were new.
   */
  insert(entries: readonly Entry[]): number {
    return this.#inserter.insert(this.#maker.rows(entries));
  }

  /** To be called after a rollback: the numbers that were given are gone with it. */
  forget(): void {
    this.#maker.forget();
  }
}

function checkpointNs({ checkpoint }: FileSession): bigint {
  return checkpoint === null ? noCheckpoint : nsOfInstant(checkpoint);
}

/** A field of the document for a column that conditions are put on. */
function copied(document: object, column: string): SqliteValue {
  const value = (document as Readonly<Record<string, unknown>>)[column];
  if (typeof value === 'string') return storedText(value);
  return typeof value === 'number' || typeof value === 'bigint' ? value : null;
}
