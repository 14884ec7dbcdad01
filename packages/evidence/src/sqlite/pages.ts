/**
 * Reads rows by pages: of some hundred rows SQLite makes one JSON list a column, which costs a third of handing the
 * rows over one by one, and the next page begins behind the last row.
 */

import { setImmediate } from 'node:timers/promises';
import { reasonOf, StoreError } from '../store-error.ts';
import type { ReadConnection } from './connection.ts';
import type { SqliteStatement, SqliteValue } from './driver.ts';
import { sqliteError } from './errors.ts';

/**
 * integer: fits a JavaScript number; optional: the same or null. nanoseconds: digits, for it does not fit. any: integer
 * or text.
 */
export type ColumnType = 'integer' | 'optional' | 'nanoseconds' | 'text' | 'any';

export interface RowSource {
  readonly table: string;
  /** What is read beside `doc`. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Columns that are unique together; the rows are read in their order. */
  readonly order: readonly string[];
  /** A condition on the table, which is called `this`. */
  readonly where?: string;
  readonly values?: readonly SqliteValue[];
}

/** Rows, column by column. */
export interface Page {
  readonly rows: number;
  /** Those that were read. */
  readonly columns: readonly string[];
  /** The values of a column; nothing for one that was not read. */
  readonly column: (name: string) => readonly unknown[];
  /** What the JSON of `doc` says; undefined where it is no JSON. */
  readonly docs: readonly unknown[];
  /** Of all texts that were made for it. */
  readonly characters: number;
  /** What it was made of (and {@link pageOf} makes it again), where all columns hold what they should; null otherwise. */
  readonly texts: PageTexts | null;
}

/** JSON lists without their brackets: of each column by its name, and of `doc`. */
export interface PageTexts {
  readonly rows: number;
  readonly lists: Readonly<Record<string, string | null>>;
}

/** Rows of a page; fewer where they are large. */
const rowsAPage = 512;
/** Characters of a page that are not too many. */
const charactersAPage = 1_000_000;

/** Goes through all rows of a source, page by page. */
export class PageCursor {
  readonly #connection: ReadConnection;
  readonly #file: string;
  readonly #source: RowSource;
  readonly #first: PageReader;
  readonly #next: PageReader;
  #last: readonly SqliteValue[] | null = null;
  #limit = rowsAPage;
  #done = false;

  constructor(connection: ReadConnection, file: string, source: RowSource) {
    this.#connection = connection;
    this.#file = file;
    this.#source = source;
    const order = source.order.map((name) => `"${name}"`).join(', ');
    const places = source.order.map(() => '?').join(', ');
    const reader = (after: string) =>
      new PageReader(connection, file, source, `WHERE (${source.where ?? 'true'}) ${after} ORDER BY ${order} LIMIT ?`);
    this.#first = reader('');
    this.#next = reader(`AND (${order}) > (${places})`);
  }

  /** null where there are no more rows. @throws StoreError */
  next(): Page | null {
    if (this.#done) return null;
    const page = this.#read();
    if (page.rows < this.#asked) {
      this.#done = true;
      return page.rows === 0 ? null : page;
    }
    const last = decoded(this.#connection, this.#file, () => cursorOf(page, this.#source));
    // Numbers that no writer of ours stores are not exact here.
    if (this.#last?.every((value, place) => value === last[place])) {
      throw new StoreError('DATABASE_CORRUPT', `${this.#file} holds rows that cannot be told apart.`);
    }
    this.#last = last;
    if (page.characters > charactersAPage) this.#limit = Math.max(1, this.#limit >> 1);
    else if (this.#limit < rowsAPage) this.#limit *= 2;
    return page;
  }

  /** Rows that the last page was to have. */
  #asked = rowsAPage;

  #read(): Page {
    const given = this.#source.values ?? [];
    for (;;) {
      this.#asked = this.#limit;
      try {
        if (this.#last === null) return this.#first.read([...given, this.#limit]);
        return this.#next.read([...given, ...this.#last, this.#limit]);
      } catch (error) {
        // The rows may be too large to be one text.
        if (this.#limit === 1) throw error;
        this.#limit = Math.floor(this.#limit / 4) || 1;
      }
    }
  }
}

/**
 * All rows of a source.
 *
 * @throws StoreError
 */
export async function* pages(connection: ReadConnection, file: string, source: RowSource): AsyncGenerator<Page> {
  const cursor = new PageCursor(connection, file, source);
  for (let page = cursor.next(); page !== null; page = cursor.next()) {
    yield page;
    await setImmediate();
  }
  connection.verify();
}

/** All rows of a source that are found with few steps, in any order. */
export function pageOfAll(connection: ReadConnection, file: string, source: Omit<RowSource, 'order'>): Page {
  return new PageReader(connection, file, source, `WHERE ${source.where ?? 'true'}`).read(source.values ?? []);
}

function cursorOf(page: Page, { order, columns }: RowSource): readonly SqliteValue[] {
  return order.map((name) => {
    const value = page.column(name)[page.rows - 1] as SqliteValue;
    return columns[name] === 'nanoseconds' && typeof value === 'string' ? BigInt(value) : value;
  });
}

class PageReader {
  readonly #connection: ReadConnection;
  readonly #file: string;
  readonly #source: Omit<RowSource, 'order'>;
  readonly #which: string;
  #statement: SqliteStatement | undefined;

  constructor(connection: ReadConnection, file: string, source: Omit<RowSource, 'order'>, which: string) {
    this.#connection = connection;
    this.#file = file;
    this.#source = source;
    this.#which = which;
  }

  read(values: readonly SqliteValue[]): Page {
    return guarded(this.#connection, this.#file, () => {
      this.#statement ??= this.#prepare((column, type) => jsonOf(column, type), 'doc');
      return this.#page(this.#statement, values) ?? this.#readQuoted(values);
    });
  }

  /**
   * The same where some column holds what does not belong there: it spoils the text of the page, so that the rows are
   * told apart only when each value is quoted.
   */
  #readQuoted(values: readonly SqliteValue[]): Page {
    const statement = this.#prepare(quotedJson, quotedJson('doc', 'text'));
    const page = this.#page(statement, values);
    if (page === null) throw new SyntaxError('rows of a page cannot be told apart');
    return { ...page, docs: page.docs.map(parsed), texts: null };
  }

  #prepare(json: (column: string, type: ColumnType) => string, doc: string): SqliteStatement {
    const { table, columns } = this.#source;
    const lists = Object.entries(columns).map(
      ([name, type]) => `group_concat(${json(`"${name}"`, type)}) AS "${name}"`,
    );
    return this.#connection.database.prepare(`
      SELECT count(*) AS rows, ${lists.join(', ')}, group_concat(${doc}) AS doc
      FROM (SELECT * FROM ${table} AS this ${this.#which})`);
  }

  #page(statement: SqliteStatement, values: readonly SqliteValue[]): Page | null {
    const { rows, ...lists } = statement.get(...values) as { rows: number } & Record<string, string | null>;
    return pageOf({ rows, lists }, this.#source.columns);
  }
}

/** null where the lists do not fit together. */
export function pageOf(texts: PageTexts, columns: RowSource['columns']): Page | null {
  const { rows, lists } = texts;
  let characters = 0;
  const list = (name: string): unknown[] | null => {
    const text = lists[name] ?? '';
    characters += text.length;
    const items = parsed(`[${text}]`);
    return Array.isArray(items) && items.length === rows ? items : null;
  };
  const found = new Map<string, readonly unknown[]>();
  for (const name of Object.keys(columns)) {
    const items = list(name);
    if (items === null) return null;
    found.set(name, items);
  }
  const docs = list('doc');
  if (docs === null) return null;
  return { rows, columns: [...found.keys()], column: (name) => found.get(name) ?? [], docs, characters, texts };
}

/** An SQL expression: the JSON of a column that holds what it should. */
function jsonOf(column: string, type: ColumnType): string {
  if (type === 'integer') return column;
  if (type === 'optional') return `ifnull(${column}, 'null')`;
  return type === 'nanoseconds' ? `'"' || ${column} || '"'` : `json_quote(${column})`;
}

/** An SQL expression: the JSON of a column, whatever it holds. */
function quotedJson(column: string, type: ColumnType): string {
  const integer = type === 'nanoseconds' ? jsonOf(column, type) : column;
  return `CASE typeof(${column}) WHEN 'blob' THEN 'null' WHEN 'integer' THEN ${integer} ELSE json_quote(${column}) END`;
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(text as string);
  } catch {
    return undefined;
  }
}

/** Runs a read; a failure that comes from the file being changed under us is told as that. */
export function guarded<T>(connection: ReadConnection, file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    connection.verify();
    throw sqliteError(error, file);
  }
}

/** Runs the making of documents from rows. @throws StoreError DATABASE_CORRUPT where that is not possible. */
export function decoded<T>(connection: ReadConnection, file: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    connection.verify();
    throw new StoreError('DATABASE_CORRUPT', `${file} holds a document that cannot be read (${reasonOf(error)}).`);
  }
}
