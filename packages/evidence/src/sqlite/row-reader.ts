/** Reads whole tables: pages of rows, made into sessions and documents, in the order that the stores promise. */

import type { CookedFileSession } from '../file-session.ts';
import type { FileSessions } from '../stores.ts';
import type { ReadConnection } from './connection.ts';
import { type DocumentForm, DocumentMould, type FoundKey, foundKey, wholeDocument } from './document-of-row.ts';
import type { SqliteValue } from './driver.ts';
import { type FoundOpener, Lookup } from './lookup.ts';
import { type ColumnType, decoded, guarded, type Page, pageOfAll, pages, type RowSource } from './pages.ts';
import { type DocumentTable, lacksTable } from './schema.ts';
import { sessionOfRow } from './session-of-row.ts';
import { absoluteTo } from './text-form.ts';
import { compareSessions, compareTexts, inOrder } from './ties.ts';

/** A condition on the table, which is called `this`. */
export interface Condition {
  readonly where: string;
  readonly values: readonly SqliteValue[];
}

export const noCondition: Condition = { where: 'true', values: [] };

/** Those of cooked evidence say whether their end was inferred. */
export interface ReadSessions extends FileSessions {
  readonly sessions: readonly CookedFileSession[];
}

/** Beside the table: how closed sessions are read. */
export const sessionSource = {
  columns: { opened: 'integer', id: 'any', opener: 'integer', lasted: 'optional' },
  order: ['opened', 'id'],
} as const;

const checkpointSource = {
  columns: { ...sessionSource.columns, checkpoint: 'nanoseconds' },
  order: [...sessionSource.order, 'checkpoint'],
} as const;

const columnTypes = {
  boot: 'integer',
  key: 'text',
  time: 'nanoseconds',
  id: 'text',
  origin: 'optional',
  shape: 'integer',
} as const satisfies Record<string, ColumnType>;

/** A document with what documents of one moment have in common. */
interface ReadDocument {
  readonly key: unknown;
  readonly time: unknown;
  readonly document: { readonly _id: string };
}

/** Rows of closed sessions; `docs`: what the JSON of `doc` says. */
export interface SessionColumns {
  readonly opened: readonly unknown[];
  readonly id: readonly unknown[];
  readonly opener: readonly unknown[];
  readonly lasted: readonly unknown[];
  readonly docs: readonly unknown[];
}

const rememberedMoulds = 4096;
const openersABatch = 1024;

/** Reads the tables of one database. All methods throw StoreError. */
export class RowReader {
  readonly #connection: ReadConnection;
  readonly #file: string;
  readonly #lookup: Lookup;
  /** Of each shape by its number, for each form. */
  readonly #moulds = new Map<DocumentForm, Map<number, DocumentMould>>();

  #readBy: (source: RowSource) => AsyncIterable<Page>;

  constructor(connection: ReadConnection, file: string) {
    this.#connection = connection;
    this.#file = file;
    this.#readBy = (source) => pages(connection, file, source);
    this.#lookup = new Lookup(connection.database);
  }

  /** Has somebody else read the pages of documents. */
  readBy(read: (source: RowSource) => AsyncIterable<Page>): void {
    this.#readBy = read;
  }

  /** Of a table that may be missing, and is: 0. */
  count(table: string): number {
    if (this.#isMissing(table)) return 0;
    return this.#get<{ count: number }>(`SELECT count(*) AS count FROM ${table}`).count;
  }

  /**
   * Numbers of entries of the dictionary.
   *
   * @param from a table of it and the condition that the entries meet.
   */
  numbers(from: string, ...values: SqliteValue[]): number[] {
    return JSON.parse(this.#get<{ ids: string }>(`SELECT json_group_array(id) AS ids FROM ${from}`, ...values).ids);
  }

  /** By opening time and `_id`. */
  async *sessions(table: 'files' | 'fds', condition: Condition = noCondition): AsyncGenerator<ReadSessions> {
    const source = { table, ...(table === 'fds' ? checkpointSource : sessionSource), ...condition };
    let unusable = 0;
    const batches = this.#sessionPages(source, (count) => {
      unusable += count;
    });
    const ordered = inOrder(batches, (left, right) => left.opened.ms === right.opened.ms, compareSessions);
    for await (const sessions of ordered) {
      if (sessions.length === 0 && unusable === 0) continue;
      const found = { sessions, unusable };
      unusable = 0;
      yield found;
    }
  }

  /** Who opened files, by number, in batches. */
  *openers(): Generator<FoundOpener[]> {
    for (let last = 0; ; ) {
      const found = guarded(this.#connection, this.#file, () => this.#lookup.openersBehind(last, openersABatch));
      const end = found.at(-1);
      if (end === undefined) return;
      yield found;
      last = end.id;
    }
  }

  /** Of rows of closed sessions, by column; what cannot be read is left out. */
  sessionsOf({ docs, ...columns }: SessionColumns): CookedFileSession[] {
    const column = (name: string): readonly unknown[] => columns[name as keyof typeof columns] ?? [];
    const page = { rows: docs.length, columns: Object.keys(columns), column, docs, characters: 0, texts: null };
    return guarded(this.#connection, this.#file, () => this.#sessions(page));
  }

  /**
   * By time and `_id`; where rows have a key by key, time and `_id`. Of a table that may be missing, and is: none.
   */
  async *documents<D extends object>(
    name: string,
    table: DocumentTable,
    { where, values }: Condition = noCondition,
    form: DocumentForm = wholeDocument,
  ): AsyncGenerator<D[]> {
    if (this.#isMissing(name)) return;
    const columns = columnsOf(table);
    if (!table.order.includes('key')) {
      yield* this.#ordered<D>({ table: name, columns, order: table.order, where, values }, form);
      return;
    }
    // Keys begin with the ids of their boots, whose numbers have the order of their coming.
    const order = table.order.filter((column) => column !== 'boot');
    for (const boot of this.#bootsInOrder()) {
      yield* this.#ordered<D>({ table: name, columns, order, where: `boot = ${boot} AND ${where}`, values }, form);
    }
  }

  /** The documents that meet a condition which finds them by an index, in any order. */
  documentsAtOnce<D extends object>(name: string, table: DocumentTable, condition: Condition): D[] {
    const page = pageOfAll(this.#connection, this.#file, { table: name, columns: columnsOf(table), ...condition });
    return documentsOf<D>(this.#documents(page, wholeDocument));
  }

  #isMissing(table: string): boolean {
    return guarded(this.#connection, this.#file, () => lacksTable(this.#connection.database, table));
  }

  async *#sessionPages(source: RowSource, unusable: (count: number) => void): AsyncGenerator<CookedFileSession[]> {
    for await (const page of pages(this.#connection, this.#file, source)) {
      const sessions = guarded(this.#connection, this.#file, () => this.#sessions(page));
      unusable(page.rows - sessions.length);
      yield sessions;
    }
  }

  #sessions({ rows, column, docs }: Page): CookedFileSession[] {
    const [opened, id, opener, lasted] = [column('opened'), column('id'), column('opener'), column('lasted')];
    const checkpoint = column('checkpoint');
    const { text } = this.#lookup;
    const openerOf = this.#lookup.openers(opener);
    const sessions: CookedFileSession[] = [];
    for (let row = 0; row < rows; row += 1) {
      const facts = openerOf(opener[row]);
      if (facts === null) continue;
      const session = sessionOfRow(opened[row], id[row], lasted[row], checkpoint[row], docs[row], facts, text);
      if (session !== null) sessions.push(session);
    }
    return sessions;
  }

  async *#ordered<D extends object>(source: RowSource, form: DocumentForm): AsyncGenerator<D[]> {
    const sameMoment = (left: ReadDocument, right: ReadDocument) => left.time === right.time && left.key === right.key;
    const compare = (left: ReadDocument, right: ReadDocument) => compareTexts(left.document._id, right.document._id);
    for await (const found of inOrder(this.#documentPages(source, form), sameMoment, compare)) {
      if (found.length > 0) yield documentsOf<D>(found);
    }
  }

  async *#documentPages(source: RowSource, form: DocumentForm): AsyncGenerator<ReadDocument[]> {
    for await (const page of this.#readBy(source)) yield this.#documents(page, form);
    this.#connection.verify();
  }

  #documents({ rows, column, docs }: Page, form: DocumentForm): ReadDocument[] {
    const [boot, key, time, id] = [column('boot'), column('key'), column('time'), column('id')];
    const [origin, shape] = [column('origin'), column('shape')];
    const lookup = this.#lookup;
    return decoded(this.#connection, this.#file, () => {
      const found: ReadDocument[] = [];
      let process: FoundKey | null = null;
      for (let row = 0; row < rows; row += 1) {
        const bootId = lookup.boot(boot[row] as number);
        const text = (key[row] ?? null) as string | null;
        if (text === null) process = null;
        else if (row === 0 || text !== key[row - 1] || boot[row] !== boot[row - 1]) {
          process = foundKey(absoluteTo(bootId, text));
        }
        const values = {
          boot: bootId,
          id: id[row] as string,
          key: process,
          time: BigInt(time[row] as string),
          origin: origin[row] === null ? null : lookup.origin(origin[row] as number),
          values: docs[row],
        };
        const document = this.#mould(shape[row] as number, form).document(values, lookup.text);
        found.push({ key: key[row], time: time[row], document: document as ReadDocument['document'] });
      }
      return found;
    });
  }

  #mould(shape: number, form: DocumentForm): DocumentMould {
    let moulds = this.#moulds.get(form);
    if (moulds === undefined) {
      moulds = new Map();
      this.#moulds.set(form, moulds);
    }
    let mould = moulds.get(shape);
    if (mould === undefined) {
      mould = new DocumentMould(this.#lookup.shape(shape), form);
      if (moulds.size >= rememberedMoulds) moulds.clear();
      moulds.set(shape, mould);
    }
    return mould;
  }

  /** The numbers of the boots, in the order of the process keys that begin with their ids. */
  #bootsInOrder(): number[] {
    const { ids } = this.#get<{ ids: string }>('SELECT json_group_array(id) AS ids FROM boots');
    return decoded(this.#connection, this.#file, () =>
      (JSON.parse(ids) as number[])
        .map((id) => ({ id, text: `${this.#lookup.boot(id)}:` }))
        .sort((left, right) => compareTexts(left.text, right.text))
        .map(({ id }) => id),
    );
  }

  #get<T>(sql: string, ...values: SqliteValue[]): T {
    return guarded(this.#connection, this.#file, () => this.#connection.database.prepare(sql).get(...values)) as T;
  }
}

function columnsOf(table: DocumentTable): Record<string, ColumnType> {
  const names = [...table.order, 'origin', 'shape'] as const;
  return Object.fromEntries(names.map((name) => [name, columnTypes[name]]));
}

function documentsOf<D extends object>(found: readonly ReadDocument[]): D[] {
  return found.map(({ document }) => document as object as D);
}
