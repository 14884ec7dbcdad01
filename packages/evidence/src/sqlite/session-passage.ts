/**
 * Takes closed file sessions over from raw into cooked evidence without making anything of them: most go over as they
 * are, and of the rest of a row only the opener decides. So openers are judged once each (by the filter), they keep
 * their numbers, and their rows are copied by SQLite by whole ranges. Rows are only looked at: whether they are ours, and
 * whether there is something about them that has to be decided one by one.
 */

import { changesFile } from '../file-change.ts';
import type { CookedFileSession } from '../file-session.ts';
import { StoreError } from '../store-error.ts';
import type { DictionaryStart } from './dictionary-tables.ts';
import type { SqliteDatabase, SqliteStatement, SqliteValue } from './driver.ts';
import { readOnlyUri } from './files.ts';
import { Lookup } from './lookup.ts';
import { type Page, PageCursor } from './pages.ts';
import { type SessionColumns, sessionSource } from './row-reader.ts';
import { type OpenerFacts, sessionOfRow } from './session-of-row.ts';

/** What becomes of the sessions of an opener. */
export const fates = {
  /** There is no such opener, or it cannot be read: neither can its sessions. */
  unusable: 0,
  /** Of nobody of the tree, unless others wrote. */
  outside: 1,
  inside: 2,
  /** Each is decided on its own. */
  apart: 3,
} as const;

export type Fate = (typeof fates)[keyof typeof fates];

/** Of each opener by its place in the lists. */
export interface JudgedOpeners {
  readonly ids: readonly number[];
  readonly fates: readonly Fate[];
  /** Number of the container's id, where the opener is inside and does not name it itself. */
  readonly containers: readonly (number | null)[];
}

export interface PassedRows {
  readonly seen: number;
  readonly unusable: number;
  /** Written. */
  readonly passed: number;
  /** Neither written nor here. */
  readonly apart: SessionColumns;
  /** There are no more. */
  readonly done: boolean;
}

/** More are no dictionary of ours, and arrays by number would be large. */
const mostOpeners = 2 ** 28;
const mostBoots = 100_000;

/** Whose sessions are looked at does not matter for whether they can be read. */
const anybody: OpenerFacts = {
  origin: { host: '', machineId: null, bootId: '', sessionId: '' },
  key: '',
  tgid: 0,
  comm: null,
  exe: null,
  containerId: null,
};

type ColumnsApart = { readonly [K in keyof SessionColumns]: unknown[] };

export class SessionPassage {
  /** What is in the dictionary of cooked evidence already: the runs of raw evidence, under their numbers. */
  readonly start: DictionaryStart;
  readonly #database: SqliteDatabase;
  readonly #lookup: Lookup;
  readonly #cursor: PageCursor;
  readonly #fates: Uint8Array;
  readonly #changed: Uint32Array;
  readonly #devices = new Set<number>();
  readonly #keepOpeners: SqliteStatement;
  readonly #keepOpenerIn: SqliteStatement;
  readonly #copyBetween: SqliteStatement;
  readonly #copyUntil: SqliteStatement;

  private constructor(database: SqliteDatabase, file: string, start: DictionaryStart) {
    this.start = start;
    this.#database = database;
    this.#lookup = new Lookup(database, 'raw');
    // Whoever reads raw evidence besides sees whether it was changed.
    this.#cursor = new PageCursor({ database, verify: () => undefined }, file, {
      ...sessionSource,
      table: 'raw.files',
    });
    this.#fates = new Uint8Array(start.openers + 1);
    this.#changed = new Uint32Array(start.openers + 1);
    const openers = (container: string) =>
      `INSERT INTO main.openers (id, origin, "key", tgid, comm, exe, container)
       SELECT id, origin, "key", tgid, comm, exe, ${container} FROM raw.openers WHERE id`;
    this.#keepOpeners = database.prepare(`${openers('container')} IN (SELECT value FROM json_each(?))`);
    this.#keepOpenerIn = database.prepare(`${openers('?')} = ?`);
    const copy = (end: string) =>
      database.prepare(`
        INSERT INTO main.files (opened, id, opener, lasted, doc)
        SELECT opened, id, opener, lasted, doc FROM raw.files
        WHERE (opened, id) > (?, ?) AND (opened, id) ${end} (?, ?) AND opener IN (SELECT id FROM main.openers)
        ORDER BY opened, id`);
    this.#copyBetween = copy('<');
    this.#copyUntil = copy('<=');
  }

  /** null where the numbers in the database are none that a writer of ours gives. */
  static open(database: SqliteDatabase, file: string): SessionPassage | null {
    database.prepare('ATTACH ? AS raw').run(readOnlyUri(file, { immutable: true }));
    database.exec('PRAGMA raw.cache_size = -8192');
    const last = (table: string) =>
      (database.prepare(`SELECT ifnull(max(id), 0) AS last, ifnull(min(id), 1) AS first FROM raw.${table}`).get() ??
        {}) as { last: number | bigint; first: number | bigint };
    const tables = [last('texts'), last('origins'), last('openers'), last('boots')];
    if (!tables.every((table) => isCount(table.first) && isCount(table.last))) return null;
    const [texts, origins, openers] = tables.map((table) => Number(table.last)) as [number, number, number];
    const { boots } = database.prepare('SELECT count(*) AS boots FROM raw.boots').get() as { boots: number };
    if (openers > mostOpeners || boots > mostBoots) return null;
    database.exec(`
      INSERT INTO main.boots (id, boot) SELECT id, boot FROM raw.boots;
      INSERT INTO main.origins (id, host, machine, boot, session)
        SELECT id, host, machine, boot, session FROM raw.origins`);
    const { list } = database
      .prepare('SELECT json_group_array(json_array(id, boot)) AS list FROM main.boots')
      .get() as { list: string };
    return new SessionPassage(database, file, { texts, origins, openers, boots: JSON.parse(list) });
  }

  judge({ ids, fates: judged, containers }: JudgedOpeners): void {
    const asTheyAre: number[] = [];
    for (const [place, id] of ids.entries()) {
      const fate = judged[place] ?? fates.unusable;
      this.#fates[id] = fate;
      if (fate !== fates.inside) continue;
      const container = containers[place] ?? null;
      if (container === null) asTheyAre.push(id);
      else this.#keepOpenerIn.run(container, id);
    }
    if (asTheyAre.length > 0) this.#keepOpeners.run(JSON.stringify(asTheyAre));
  }

  pass(pages: number): PassedRows {
    const apart: ColumnsApart = { opened: [], id: [], opener: [], lasted: [], docs: [] };
    const counts = { seen: 0, unusable: 0, passed: 0 };
    for (let left = pages; left > 0; left -= 1) {
      const before = this.#cursor.last;
      const page = this.#cursor.next();
      if (page === null) return { ...counts, apart, done: true };
      counts.seen += page.rows;
      this.#passPage(page, before, apart, counts);
    }
    return { ...counts, apart, done: false };
  }

  /** To be called when all have passed. @returns by opener, how many of its sessions changed their file. */
  finish(): Uint32Array {
    this.#database.exec(`
      INSERT INTO main.texts (id, text)
      SELECT id, text FROM raw.texts WHERE id IN (
        SELECT comm FROM main.openers UNION SELECT exe FROM main.openers UNION SELECT container FROM main.openers)`);
    this.#database
      .prepare(
        `INSERT INTO main.texts (id, text)
         SELECT id, text FROM raw.texts WHERE id IN (SELECT value FROM json_each(?)) ON CONFLICT DO NOTHING`,
      )
      .run(JSON.stringify([...this.#devices]));
    return this.#changed;
  }

  #passPage(
    page: Page,
    before: readonly SqliteValue[] | null,
    apart: ColumnsApart,
    counts: { unusable: number; passed: number },
  ): void {
    const [opened, id, opener, lasted] = [
      page.column('opened'),
      page.column('id'),
      page.column('opener'),
      page.column('lasted'),
    ];
    const { docs } = page;
    const whole = page.plain && isExact(opened) && isExact(id);
    const { text } = this.#lookup;
    let from: readonly SqliteValue[] = before ?? [-1, -1];
    /** Rows since `from` that SQLite is to copy. */
    let waiting = 0;
    for (let row = 0; row < page.rows; row += 1) {
      const who = opener[row] as number;
      const fate = this.#fates[who] ?? fates.unusable;
      const doc = docs[row];
      const session =
        fate === fates.unusable ? null : sessionOfRow(opened[row], id[row], lasted[row], undefined, doc, anybody, text);
      if (session === null) counts.unusable += 1;
      else if (fate === fates.inside && whole && isAsItStays(session)) {
        waiting += 1;
        this.#took(session, who, doc as readonly unknown[]);
        continue;
      } else if (fate === fates.outside && session.writers === null) {
        continue;
      } else {
        push(apart, opened[row], id[row], who, lasted[row], doc);
      }
      // Of what is outside SQLite knows; this row it must leave out.
      if (fate !== fates.inside || !whole) continue;
      const here = [opened[row], id[row]] as SqliteValue[];
      if (waiting > 0) this.#copied(this.#copyBetween, from, here, waiting);
      counts.passed += waiting;
      waiting = 0;
      from = here;
    }
    if (waiting > 0) {
      const end = [opened[page.rows - 1], id[page.rows - 1]] as SqliteValue[];
      this.#copied(this.#copyUntil, from, end, waiting);
      counts.passed += waiting;
    }
  }

  #took(session: CookedFileSession, opener: number, doc: readonly unknown[]): void {
    if (changesFile(session)) this.#changed[opener] = (this.#changed[opener] ?? 0) + 1;
    const device = doc[devicePlace];
    if (typeof device === 'number') this.#devices.add(device);
  }

  #copied(statement: SqliteStatement, from: readonly SqliteValue[], to: readonly SqliteValue[], rows: number): void {
    if (Number(statement.run(...from, ...to).changes) === rows) return;
    throw new StoreError('DATABASE_CORRUPT', 'raw.db holds file sessions that cannot be told apart.');
  }
}

const devicePlace = 4;

/** Whether the cooked form of a session of the tree is the raw one. */
function isAsItStays({ closed, closeInferred }: CookedFileSession): boolean {
  return closed !== null && !closeInferred;
}

function push(apart: ColumnsApart, opened: unknown, id: unknown, opener: unknown, lasted: unknown, doc: unknown): void {
  apart.opened.push(opened);
  apart.id.push(id);
  apart.opener.push(opener);
  apart.lasted.push(lasted);
  apart.docs.push(doc);
}

function isCount(value: number | bigint): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Whether SQLite finds the rows again by these values. */
function isExact(column: readonly unknown[]): boolean {
  for (const value of column) if (typeof value !== 'string' && !Number.isSafeInteger(value)) return false;
  return true;
}
