/** What rows name by numbers (dictionary.ts), read back; what was met last is remembered. */

import type { RunOrigin } from '../file-session.ts';
import type { SqliteDatabase, SqliteStatement } from './driver.ts';
import type { OpenerFacts } from './session-of-row.ts';
import { type ShapeField, shapeFields } from './shape.ts';
import { absoluteTo, originalText } from './text-form.ts';

/** How many are remembered. Files come by time, so that their openers are mostly those of the files before. */
const limits = { texts: 65_536, openers: 16_384, origins: 4096, boots: 4096 } as const;

type OpenerRow = [
  id: number,
  origin: number,
  key: string,
  tgid: number,
  comm: number | null,
  exe: number | null,
  container: number | null,
];

export interface FoundOpener {
  readonly id: number;
  readonly facts: OpenerFacts | null;
  /** Numbers of texts, which may be missing. */
  readonly comm: number | null;
  readonly exe: number | null;
  readonly container: number | null;
}

/** All methods throw what the driver throws, and SyntaxError for what a writer of ours did not write. */
export class Lookup {
  readonly #database: SqliteDatabase;
  readonly #schema: string;
  readonly #texts = new Map<number, string | null>();
  readonly #boots = new Map<number, string>();
  readonly #origins = new Map<number, RunOrigin>();
  readonly #openers = new Map<number, OpenerFacts>();
  readonly #statements = new Map<string, SqliteStatement>();

  /** @param schema that of the tables, where others are attached to the database. */
  constructor(database: SqliteDatabase, schema = 'main') {
    this.#database = database;
    this.#schema = schema;
  }

  /** null when there is none of this number that can be read. */
  readonly text = (id: number): string | null => {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const found = this.#get<{ text: string }>(`SELECT text FROM ${this.#schema}.texts WHERE id = ?`, id);
    return remember(this.#texts, id, found === undefined ? null : textOrNull(found.text), limits.texts);
  };

  boot(id: number): string {
    const known = this.#boots.get(id);
    if (known !== undefined) return known;
    const found = this.#get<{ boot: string }>(`SELECT boot FROM ${this.#schema}.boots WHERE id = ?`, id);
    if (found === undefined) throw new SyntaxError(`there is no boot ${id}`);
    return remember(this.#boots, id, originalText(found.boot), limits.boots);
  }

  /** The same object for all rows of a run. */
  origin(id: number): RunOrigin {
    const known = this.#origins.get(id);
    if (known !== undefined) return known;
    const found = this.#get<{ host: string; machine: string | null; boot: number; session: string }>(
      `SELECT host, machine, boot, session FROM ${this.#schema}.origins WHERE id = ?`,
      id,
    );
    if (found === undefined) throw new SyntaxError(`there is no origin ${id}`);
    const bootId = this.boot(found.boot);
    const origin = {
      host: originalText(found.host),
      machineId: found.machine === null ? null : originalText(found.machine),
      bootId,
      sessionId: absoluteTo(bootId, found.session),
    };
    return remember(this.#origins, id, origin, limits.origins);
  }

  shape(id: number): readonly ShapeField[] {
    const found = this.#get<{ text: string }>(`SELECT text FROM ${this.#schema}.texts WHERE id = ?`, id);
    if (found === undefined) throw new SyntaxError(`there is no shape ${id}`);
    return shapeFields(originalText(found.text));
  }

  /**
   * The openers of a page of rows, in one query for those not known yet.
   *
   * @returns null for what is not there, or cannot be read.
   */
  openers(ids: readonly unknown[]): (id: unknown) => OpenerFacts | null {
    const openers = this.#openers;
    let missing = ids.filter((id) => !openers.has(id as number));
    if (openers.size + missing.length > limits.openers) {
      openers.clear();
      missing = [...ids];
    }
    if (missing.length > 0) this.#loadOpeners(new Set(missing));
    return (id) => openers.get(id as number) ?? null;
  }

  /**
   * The openers with the next numbers, up to `count` of them.
   *
   * @returns `facts` is null where the opener cannot be read.
   */
  openersBehind(id: number, count: number): FoundOpener[] {
    const found = this.#get<{ list: string }>(
      `SELECT json_group_array(json_array(id, origin, "key", tgid, comm, exe, container)) AS list
       FROM (SELECT * FROM ${this.#schema}.openers WHERE id > ? ORDER BY id LIMIT ${count})`,
      id,
    );
    return (JSON.parse(found?.list ?? '[]') as OpenerRow[]).map((row) => {
      const [number, , , , comm, exe, container] = row;
      return { id: number, facts: this.#factsOf(row), comm, exe, container };
    });
  }

  #loadOpeners(ids: ReadonlySet<unknown>): void {
    const found = this.#get<{ list: string }>(
      `SELECT json_group_array(json_array(id, origin, "key", tgid, comm, exe, container)) AS list
       FROM ${this.#schema}.openers WHERE id IN (SELECT value FROM json_each(?))`,
      JSON.stringify([...ids].filter((id) => Number.isSafeInteger(id))),
    );
    for (const row of JSON.parse(found?.list ?? '[]') as OpenerRow[]) {
      const facts = this.#factsOf(row);
      // One that cannot be read makes its files unusable, not all others too.
      if (facts !== null) this.#openers.set(row[0], facts);
    }
  }

  #factsOf([, originId, key, tgid, comm, exe, container]: OpenerRow): OpenerFacts | null {
    const textOf = (text: number | null) => (text === null ? null : this.text(text));
    try {
      const origin = this.origin(originId);
      const texts = { comm: textOf(comm), exe: textOf(exe), containerId: textOf(container) };
      return { origin, key: absoluteTo(origin.bootId, key), tgid, ...texts };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return null;
    }
  }

  #get<T>(sql: string, value: number | string): T | undefined {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement.get(value) as T | undefined;
  }
}

function textOrNull(stored: string): string | null {
  try {
    return originalText(stored);
  } catch {
    return null;
  }
}

function remember<V>(map: Map<number, V>, id: number, value: V, limit: number): V {
  if (map.size >= limit) map.clear();
  map.set(id, value);
  return value;
}
