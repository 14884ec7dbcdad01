/**
 * Looks through the closed file sessions of raw evidence before it is known whose they are: which rows are none of ours,
 * which have something about them that is decided one by one, and how many of each opener there are besides.
 */

import { changesFile } from '../file-change.ts';
import type { CookedFileSession } from '../file-session.ts';
import type { MissedTimes } from '../missed-times.ts';
import { usersBesideOpener } from '../session-changes.ts';
import type { ReadConnection } from './connection.ts';
import type { SqliteValue } from './driver.ts';
import { Lookup } from './lookup.ts';
import { type Page, PageCursor } from './pages.ts';
import { type Particular, ParticularRows, particulars } from './particular-rows.ts';
import { sessionSource } from './row-reader.ts';
import { type OpenerFacts, sessionOfRow } from './session-of-row.ts';

/** Some thousand rows, up to and with the one whose place is `end`. */
export interface Stretch {
  readonly end: readonly SqliteValue[];
  readonly rows: number;
  /** None of ours, or without an opener. */
  readonly unusable: number;
  /** Up to which of the particular rows are of it; those before are of others. */
  readonly particular: number;
}

/** They take some ms: others wait meanwhile for what is read for them. */
const pagesAStep = 3;
/** Pages of a stretch; its rows are passed in some 5 ms. */
const pagesAStretch = 4;
/** Rows that are remembered one by one. */
const mostParticular = 500_000;

/** Whose sessions are looked at does not matter for whether they can be read. */
const anybody: OpenerFacts = {
  origin: { host: '', machineId: null, bootId: '', sessionId: '' },
  key: '',
  tgid: 0,
  comm: null,
  exe: null,
  containerId: null,
};

export class SessionSurvey {
  readonly stretches: Stretch[] = [];
  /** In the order of the stretches. */
  readonly particular = new ParticularRows();
  /** By opener: sessions that have nothing particular, and those of them that changed their file. */
  readonly usual: Uint32Array;
  readonly changed: Uint32Array;
  /** Numbers of the texts that the rows name. */
  readonly devices = new Set<number>();
  /** No more is looked at: all is done, or what follows is not to be passed over by ranges. */
  done = false;
  /** Place of the last row that was looked at; null: none was. */
  end: readonly SqliteValue[] | null = null;
  /** Rows follow that were not looked at. */
  cutShort = false;
  readonly #missed: MissedTimes | null;
  readonly #lookup: Lookup;
  readonly #cursor: PageCursor;
  // The stretch so far.
  #pages = 0;
  #rows = 0;
  #unusable = 0;

  /** @param openers the highest number of one. @param file for messages. @param missed what ended in it is undecided. */
  constructor(connection: ReadConnection, file: string, openers: number, missed: MissedTimes) {
    this.#missed = missed.isEmpty ? null : missed;
    this.#lookup = new Lookup(connection.database, 'raw');
    this.#cursor = new PageCursor(connection, file, { ...sessionSource, table: 'raw.files' });
    this.usual = new Uint32Array(openers + 1);
    this.changed = new Uint32Array(openers + 1);
  }

  /** Goes on by a few pages. */
  goOn(): void {
    for (let left = pagesAStep; left > 0 && !this.done; left -= 1) {
      const page = this.#cursor.next();
      if (page === null) {
        this.done = true;
      } else if (!isExact(page) || this.particular.size > mostParticular) {
        this.done = true;
        this.cutShort = true;
      } else {
        this.#look(page);
        this.end = [page.column('opened')[page.rows - 1], page.column('id')[page.rows - 1]] as SqliteValue[];
      }
      if (this.done || this.#pages === pagesAStretch) this.#endStretch();
    }
  }

  #endStretch(): void {
    if (this.#pages > 0 && this.end !== null) {
      const particular = this.particular.size;
      this.stretches.push({ end: this.end, rows: this.#rows, unusable: this.#unusable, particular });
    }
    this.#pages = 0;
    this.#rows = 0;
    this.#unusable = 0;
  }

  #look({ rows, column, docs }: Page): void {
    const [opened, id, opener, lasted] = [column('opened'), column('id'), column('opener'), column('lasted')];
    const { text } = this.#lookup;
    this.#pages += 1;
    this.#rows += rows;
    for (let row = 0; row < rows; row += 1) {
      const named = opener[row];
      const who = typeof named === 'number' ? named : Number.NaN;
      const usual = this.usual[who];
      const doc = docs[row];
      const session =
        usual === undefined ? null : sessionOfRow(opened[row], id[row], lasted[row], undefined, doc, anybody, text);
      if (session === null) this.#unusable += 1;
      const what = session === null ? particulars.unusable : this.#particularOf(session);
      if (what !== null) {
        this.particular.add(opened[row], id[row], who, what);
      } else {
        this.usual[who] = (usual ?? 0) + 1;
        if (session !== null && changesFile(session)) this.changed[who] = (this.changed[who] ?? 0) + 1;
      }
      const device = session === null ? null : (doc as readonly unknown[])[devicePlace];
      if (typeof device === 'number') this.devices.add(device);
    }
  }

  /** null: nothing. */
  #particularOf(session: CookedFileSession): Particular | null {
    const { opened, closed } = session;
    if (closed === null || session.closeInferred) return particulars.undecided;
    if (this.#missed?.mayConcern(opened.ms, closed.ms)) return particulars.undecided;
    // Where nobody but the opener had to do with it, its opener decides.
    if (session.writers === null && usersBesideOpener(session).length === 0) return null;
    return changesFile(session) ? particulars.sharedChange : particulars.shared;
  }
}

/** Of the JSON list of a row (session-row.ts). */
const devicePlace = 4;

/** Whether SQLite finds all rows again by their places. */
function isExact({ texts, column }: Page): boolean {
  return texts !== null && column('opened').every(isKey) && column('id').every(isKey);
}

function isKey(value: unknown): boolean {
  return typeof value === 'string' || Number.isSafeInteger(value);
}
