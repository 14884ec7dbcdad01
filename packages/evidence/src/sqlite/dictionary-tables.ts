/** Where the entries of the dictionary (dictionary.ts) get their numbers, and come into the database. */

import type { SqliteDatabase, SqliteStatement, SqliteValue } from './driver.ts';

/** Columns of the tables beside `id`. */
export const dictionaryColumns = {
  texts: ['text'],
  boots: ['boot'],
  origins: ['host', 'machine', 'boot', 'session'],
  openers: ['origin', 'key', 'tgid', 'comm', 'exe', 'container'],
} as const;

export type DictionaryTable = keyof typeof dictionaryColumns;

/** Texts are in their stored form (text-form.ts). Each method gives the number of the entry. */
export interface DictionaryTables {
  addText(text: string): number;
  /** A boot may be there already: it then has the number that it was given first. */
  boot(boot: string): number;
  addOrigin(row: readonly SqliteValue[]): number;
  addOpener(row: readonly SqliteValue[]): number;
}

/** For a database that others write to as well: it gives the numbers, inside the transaction that uses them. */
export class SharedTables implements DictionaryTables {
  readonly #database: SqliteDatabase;
  readonly #addText: SqliteStatement;
  readonly #addBoot: SqliteStatement;
  readonly #findBoot: SqliteStatement;
  readonly #addOrigin: SqliteStatement;
  readonly #addOpener: SqliteStatement;

  constructor(database: SqliteDatabase) {
    this.#database = database;
    this.#addText = this.#insertion('texts');
    this.#addBoot = this.#insertion('boots', 'ON CONFLICT DO NOTHING');
    this.#findBoot = database.prepare('SELECT id FROM boots WHERE boot = ?');
    this.#addOrigin = this.#insertion('origins');
    this.#addOpener = this.#insertion('openers');
  }

  addText(text: string): number {
    return Number(this.#addText.run(text).lastInsertRowid);
  }

  boot(boot: string): number {
    this.#addBoot.run(boot);
    return (this.#findBoot.get(boot) as { id: number }).id;
  }

  addOrigin(row: readonly SqliteValue[]): number {
    return Number(this.#addOrigin.run(...row).lastInsertRowid);
  }

  addOpener(row: readonly SqliteValue[]): number {
    return Number(this.#addOpener.run(...row).lastInsertRowid);
  }

  #insertion(table: DictionaryTable, onConflict = ''): SqliteStatement {
    const columns = dictionaryColumns[table];
    const names = columns.map((column) => `"${column}"`).join(', ');
    const places = columns.map(() => '?').join(', ');
    return this.#database.prepare(`INSERT INTO ${table} (${names}) VALUES (${places}) ${onConflict}`);
  }
}

/** What a database that is being filled has already: its last numbers, and its boots. */
export interface DictionaryStart {
  readonly texts: number;
  readonly origins: number;
  readonly openers: number;
  readonly boots: readonly (readonly [id: number, boot: string])[];
}

/** For a database of our own: numbers are counted here, and the rows are put in with the others that name them. */
export class CountedTables implements DictionaryTables {
  readonly #last = { texts: 0, boots: 0, origins: 0, openers: 0 };
  readonly #boots = new Map<string, number>();
  #rows = new Map<string, SqliteValue[]>();

  /** Goes on behind what is there already. Must come before the first number is given. */
  start({ texts, origins, openers, boots }: DictionaryStart): void {
    Object.assign(this.#last, { texts, origins, openers });
    for (const [id, boot] of boots) {
      this.#boots.set(boot, id);
      this.#last.boots = Math.max(this.#last.boots, id);
    }
  }

  addText(text: string): number {
    return this.#add('texts', [text]);
  }

  boot(boot: string): number {
    let id = this.#boots.get(boot);
    if (id === undefined) {
      id = this.#add('boots', [boot]);
      this.#boots.set(boot, id);
    }
    return id;
  }

  addOrigin(row: readonly SqliteValue[]): number {
    return this.#add('origins', row);
  }

  addOpener(row: readonly SqliteValue[]): number {
    return this.#add('openers', row);
  }

  /** The rows since the last call: by table the values of all, each beginning with its `id`. */
  take(): Map<string, SqliteValue[]> {
    const rows = this.#rows;
    this.#rows = new Map();
    return rows;
  }

  #add(table: DictionaryTable, row: readonly SqliteValue[]): number {
    this.#last[table] += 1;
    let values = this.#rows.get(table);
    if (values === undefined) {
      values = [];
      this.#rows.set(table, values);
    }
    values.push(this.#last[table], ...row);
    return this.#last[table];
  }
}
