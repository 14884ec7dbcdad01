/** Turns entries into rows and inserts them, many in one statement. */

import { type FileSession, nsOfInstant } from '../file-session.ts';
import { Dictionary } from './dictionary.ts';
import { DocumentRows } from './document-row.ts';
import type { SqliteDatabase, SqliteValue } from './driver.ts';
import { RowInserter } from './row-inserter.ts';
import { type DocumentTable, documentColumns, unknownTime } from './schema.ts';
import { noCheckpoint, pushSession, sessionColumns } from './session-row.ts';
import { storedText } from './text-form.ts';

type Entry =
  | { readonly collection: string; readonly session: FileSession }
  | { readonly collection: string; readonly document: object };

/** Writes to the tables of one database. */
export class RowWriter {
  readonly #database: SqliteDatabase;
  readonly #tables: Readonly<Record<string, DocumentTable>>;
  readonly #onConflict: string;
  readonly #dictionary: Dictionary;
  readonly #documents: DocumentRows;
  readonly #inserters = new Map<string, RowInserter>();

  /** @param tables those of documents; `files` and `fds` are known. @param onConflict as in {@link RowInserter}. */
  constructor(database: SqliteDatabase, tables: Readonly<Record<string, DocumentTable>>, onConflict: string) {
    this.#database = database;
    this.#tables = tables;
    this.#onConflict = onConflict;
    this.#dictionary = new Dictionary(database);
    this.#documents = new DocumentRows(this.#dictionary);
  }

  /**
   * Inserts within the transaction that the caller began, and that he rolls back when this throws.
   *
   * @returns how many were new.
   */
  insert(entries: readonly Entry[]): number {
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
        this.#pushDocument(values, entry.document, this.#tables[name] as DocumentTable);
      }
    }
    let inserted = 0;
    for (const [table, all] of rows) inserted += this.#inserter(table).insert(all);
    return inserted;
  }

  /** To be called after a rollback: the numbers that were given are gone with it. */
  forget(): void {
    this.#dictionary.forget();
    this.#documents.forget();
  }

  #pushDocument(values: SqliteValue[], document: object, table: DocumentTable): void {
    const row = this.#documents.row(document, table.time, table.order.includes('key'));
    for (const column of table.order) values.push(column === 'time' ? (row.time ?? unknownTime) : row[column]);
    values.push(row.origin, row.shape, row.doc);
    for (const column of table.copied) values.push(copied(document, column));
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
    return documentColumns(this.#tables[table] as DocumentTable);
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
