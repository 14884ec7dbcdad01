/**
 * Takes closed file sessions over from raw into cooked evidence without making anything of them: most go over as they
 * are, and of the rest of a row only the opener decides. So openers are judged once each (by the filter), they keep
 * their numbers, and their rows are copied by SQLite, by ranges of what session-survey.ts found nothing particular about.
 */

import type { MissedTimes } from '../missed-times.ts';
import { StoreError } from '../store-error.ts';
import type { ReadConnection } from './connection.ts';
import type { DictionaryStart } from './dictionary-tables.ts';
import type { SqliteDatabase, SqliteStatement, SqliteValue } from './driver.ts';
import { readOnlyUri } from './files.ts';
import { PageCursor, pageOfAll, type RowSource } from './pages.ts';
import { particulars, type RowPlace } from './particular-rows.ts';
import { type SessionColumns, sessionSource } from './row-reader.ts';
import { type SentPage, sentPage } from './sent-pages.ts';
import { SessionSurvey } from './session-survey.ts';

/** What becomes of the sessions of an opener. */
export const fates = {
  /** There is no such opener, or it cannot be read: neither can its sessions. */
  unusable: 0,
  /** Of nobody of the tree, unless others wrote. */
  outside: 1,
  inside: 2,
} as const;

export type Fate = (typeof fates)[keyof typeof fates];

/** Of each opener by its place in the lists. */
export interface JudgedOpeners {
  readonly ids: readonly number[];
  readonly fates: readonly Fate[];
  /** Of openers inside that do not stay as they are: the numbers of their texts. */
  readonly texts: readonly (OpenerTexts | null)[];
}

export interface OpenerTexts {
  readonly comm: number | null;
  readonly exe: number | null;
  readonly container: number | null;
}

export interface PassedRows {
  /** Rows met. */
  readonly seen: number;
  readonly unusable: number;
  /** Written. */
  readonly passed: number;
  /** Not written: to be decided one by one. */
  readonly apart: SessionColumns;
}

export interface Passed {
  /** Sessions of openers that cannot be read. */
  readonly unusable: number;
  /** By opener, how many of the sessions that were written changed their file. */
  readonly changed: Uint32Array;
  /** Place of the last row met, where others follow that were not met; null: it was all. */
  readonly until: readonly SqliteValue[] | null;
}

/** More are no dictionary of ours, and arrays by number would be large. */
const mostOpeners = 2 ** 28;
const mostBoots = 100_000;

/** One for a database of cooked evidence, to which raw evidence is attached. */
export class SessionPassage {
  /** What is in the dictionary of cooked evidence already: the runs of raw evidence, under their numbers. */
  readonly start: DictionaryStart;
  readonly #file: string;
  readonly #connection: ReadConnection;
  readonly #survey: SessionSurvey;
  readonly #fates: Uint8Array;
  readonly #keepOpeners: SqliteStatement;
  readonly #keepOpener: SqliteStatement;
  readonly #copyBetween: SqliteStatement;
  readonly #copyUntil: SqliteStatement;
  /** The next stretch, its first particular row, and the place of the row before it. */
  #next = 0;
  #nextParticular = 0;
  #from: readonly SqliteValue[] = beforeAll;
  #passed = 0;
  #pages: PageCursor | null = null;

  private constructor(database: SqliteDatabase, file: string, start: DictionaryStart, missed: MissedTimes) {
    this.start = start;
    this.#file = file;
    // Whoever reads raw evidence besides sees whether it was changed.
    this.#connection = { database, verify: () => undefined };
    this.#survey = new SessionSurvey(this.#connection, file, start.openers, missed);
    this.#fates = new Uint8Array(start.openers + 1);
    const openers = (texts: string) =>
      `INSERT INTO main.openers (id, origin, "key", tgid, comm, exe, container)
       SELECT id, origin, "key", tgid, ${texts} FROM raw.openers WHERE id`;
    this.#keepOpeners = database.prepare(
      `${openers('comm, exe, container')} IN (SELECT value FROM json_each(?)) ORDER BY id`,
    );
    this.#keepOpener = database.prepare(`${openers('?, ?, ?')} = ?`);
    const copy = (end: string) =>
      database.prepare(`
        INSERT INTO main.files (opened, id, opener, lasted, doc)
        SELECT opened, id, opener, lasted, doc FROM raw.files
        WHERE (opened, id) > (?, ?) AND (opened, id) ${end} (?, ?) AND opener IN (SELECT id FROM main.openers)
        ORDER BY opened, id`);
    this.#copyBetween = copy('<');
    this.#copyUntil = copy('<=');
  }

  /** @returns null where the numbers in the database are none that a writer of ours gives. */
  static open(database: SqliteDatabase, file: string, missed: MissedTimes): SessionPassage | null {
    database.prepare('ATTACH ? AS raw').run(readOnlyUri(file, { immutable: true }));
    database.exec('PRAGMA raw.cache_size = -2048');
    const last = { texts: 0, boots: 0, origins: 0, openers: 0 };
    for (const table of Object.keys(last) as (keyof typeof last)[]) {
      const { list } = database
        // Asked for in one SELECT, the two would be looked for in all rows.
        .prepare(
          `SELECT json_array(
             ifnull((SELECT min(id) FROM raw.${table}), 1), ifnull((SELECT max(id) FROM raw.${table}), 0)) AS list`,
        )
        .get() as { list: string };
      const [lowest, highest] = JSON.parse(list) as [number, number];
      if (lowest < 1 || !Number.isSafeInteger(highest)) return null;
      last[table] = highest;
    }
    const { boots } = database.prepare('SELECT count(*) AS boots FROM raw.boots').get() as { boots: number };
    if (last.openers > mostOpeners || boots > mostBoots) return null;
    database.exec(`
      INSERT INTO main.boots (id, boot) SELECT id, boot FROM raw.boots;
      INSERT INTO main.origins (id, host, machine, boot, session)
        SELECT id, host, machine, boot, session FROM raw.origins`);
    const { list } = database
      .prepare('SELECT json_group_array(json_array(id, boot)) AS list FROM main.boots')
      .get() as { list: string };
    return new SessionPassage(database, file, { ...last, boots: JSON.parse(list) }, missed);
  }

  /** Begins to read rows for another thread, and ends what was read before. */
  read(source: RowSource): void {
    this.#pages = new PageCursor(this.#connection, this.#file, { ...source, table: `raw.${source.table}` });
  }

  /** The next page of them; null where there are no more. */
  readOn(): SentPage | null {
    const page = this.#pages?.next() ?? null;
    return page === null ? null : sentPage(page);
  }

  /** A step of looking through the sessions, ahead of taking them over. @returns whether more is to be done. */
  survey(): boolean {
    this.#survey.goOn();
    return !this.#survey.done;
  }

  /** Comes first, for all openers. */
  judge({ ids, fates: judged, texts }: JudgedOpeners): void {
    const asTheyAre: number[] = [];
    for (const [place, id] of ids.entries()) {
      const fate = judged[place] ?? fates.unusable;
      this.#fates[id] = fate;
      if (fate !== fates.inside) continue;
      const others = texts[place] ?? null;
      if (others === null) asTheyAre.push(id);
      else this.#keepOpener.run(others.comm, others.exe, others.container, id);
    }
    if (asTheyAre.length > 0) this.#keepOpeners.run(JSON.stringify(asTheyAre));
  }

  /** Takes over the sessions of the next stretch. @returns null where there are no more. */
  pass(): PassedRows | null {
    while (this.#next >= this.#survey.stretches.length && !this.#survey.done) this.#survey.goOn();
    const stretch = this.#survey.stretches[this.#next];
    if (stretch === undefined) return null;
    this.#next += 1;
    const { particular } = this.#survey;
    const apart: RowPlace[] = [];
    let unusable = stretch.unusable;
    let passed = 0;
    for (; this.#nextParticular < stretch.particular; this.#nextParticular += 1) {
      const row = this.#nextParticular;
      const what = particular.what(row);
      const fate = this.#fates[particular.opener(row)];
      if (what === particulars.unusable) {
        passed += this.#skip(row);
      } else if (fate === fates.unusable) {
        unusable += 1;
      } else if (what === particulars.undecided) {
        apart.push(particular.place(row));
        passed += this.#skip(row);
      } else if (fate === fates.outside) {
        apart.push(particular.place(row));
      }
    }
    passed += this.#copy(this.#copyUntil, stretch.end);
    this.#passed += passed;
    return { seen: stretch.rows, unusable, passed, apart: this.#rows(apart) };
  }

  /** Comes last. */
  finish(): Passed {
    const { usual, changed, particular, cutShort, end, devices } = this.#survey;
    let unusable = 0;
    let expected = 0;
    for (const [opener, count] of usual.entries()) {
      const fate = this.#fates[opener];
      if (fate === fates.unusable) unusable += count;
      if (fate === fates.inside) expected += count;
      else changed[opener] = 0;
    }
    for (let row = 0; row < particular.size; row += 1) {
      const opener = particular.opener(row);
      if (this.#fates[opener] !== fates.inside) continue;
      const what = particular.what(row);
      if (what === particulars.shared || what === particulars.sharedChange) expected += 1;
      if (what === particulars.sharedChange) changed[opener] = (changed[opener] ?? 0) + 1;
    }
    if (this.#passed !== expected) {
      throw new StoreError('DATABASE_CORRUPT', `${this.#file} holds file sessions that cannot be told apart.`);
    }
    this.#keepTexts([...devices]);
    return { unusable, changed, until: cutShort ? (end ?? beforeAll) : null };
  }

  /** Copies up to a row, and goes on behind it. */
  #skip(row: number): number {
    const { particular } = this.#survey;
    // Those of others are not copied in any case.
    if (this.#fates[particular.opener(row)] !== fates.inside) return 0;
    return this.#copy(this.#copyBetween, particular.place(row));
  }

  #copy(statement: SqliteStatement, to: readonly SqliteValue[]): number {
    const copied = Number(statement.run(...this.#from, ...to).changes);
    this.#from = to;
    return copied;
  }

  #rows(places: readonly RowPlace[]): SessionColumns {
    if (places.length === 0) return noRows;
    const list = JSON.stringify(places);
    const { docs, column } = pageOfAll(this.#connection, this.#file, {
      table: 'raw.files',
      columns: sessionSource.columns,
      where: '(opened, id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))',
      values: [list],
    });
    return { opened: column('opened'), id: column('id'), opener: column('opener'), lasted: column('lasted'), docs };
  }

  /** The texts that openers and rows name. */
  #keepTexts(devices: readonly number[]): void {
    this.#connection.database
      .prepare(`
        INSERT INTO main.texts (id, text)
        SELECT id, text FROM raw.texts WHERE id IN (
          SELECT comm FROM main.openers UNION SELECT exe FROM main.openers UNION SELECT container FROM main.openers
          UNION SELECT value FROM json_each(?))
        ORDER BY id`)
      .run(JSON.stringify(devices));
  }
}

const noRows: SessionColumns = { opened: [], id: [], opener: [], lasted: [], docs: [] };

/** No row stands before it. */
const beforeAll: readonly SqliteValue[] = [-(2n ** 63n), -(2n ** 63n)];
