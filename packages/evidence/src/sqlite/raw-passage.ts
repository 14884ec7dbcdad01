/** File sessions from raw into cooked evidence, both of SQLite: who opened them is judged here, the rows are copied there. */

import type { FilePassage, FileVerdict, JudgeOpener, PassedFiles } from '../stores.ts';
import type { SqliteCookedWriter } from './cooked-writer.ts';
import type { FoundOpener } from './lookup.ts';
import type { SqliteRawReader } from './raw-reader.ts';
import { type Fate, fates, type PassedRows } from './session-passage.ts';

/** Pages of a call: some thousand rows, which take some 20 ms. */
const pagesACall = 16;

/**
 * null where the rows that the reader sees cannot be seen by the writer as well: while a listener writes, or was killed.
 */
export async function openSqlitePassage(
  reader: SqliteRawReader,
  writer: SqliteCookedWriter,
): Promise<FilePassage | null> {
  if (!reader.connection.immutable) return null;
  const start = await writer.link.call('openRaw', reader.location);
  if (start === null) return null;
  writer.dictionary.start(start);
  return new SqlitePassage(reader, writer, start.openers);
}

class SqlitePassage implements FilePassage {
  readonly #reader: SqliteRawReader;
  readonly #writer: SqliteCookedWriter;
  /** Of the containers that openers were found to be in, by number from 1 on. */
  readonly #containers: { readonly bootId: string; readonly containerId: string }[] = [];
  readonly #containerNumbers = new Map<string, number>();
  readonly #containerOf: Int32Array;

  constructor(reader: SqliteRawReader, writer: SqliteCookedWriter, openers: number) {
    this.#reader = reader;
    this.#writer = writer;
    this.#containerOf = new Int32Array(openers + 1);
  }

  async *closedFiles(judge: JudgeOpener): AsyncGenerator<PassedFiles> {
    const { link } = this.#writer;
    for (const openers of this.#reader.rows.openers()) await this.#judge(openers, judge);
    let next = link.call('pass', pagesACall);
    for (;;) {
      const found = await next;
      if (found === null) break;
      if (!found.done) {
        next = link.call('pass', pagesACall);
        // Where it fails before it is waited for.
        next.catch(() => undefined);
      }
      yield this.#passed(found);
      if (found.done) break;
    }
    this.#reader.connection.verify();
    const changed = this.#changed(await link.call('changedFiles'));
    yield { sessions: [], unusable: 0, seen: 0, passed: 0, changed };
  }

  async #judge(openers: readonly FoundOpener[], judge: JudgeOpener): Promise<void> {
    const judged = {
      ids: [] as number[],
      fates: [] as Fate[],
      containers: [] as (number | null)[],
    };
    for (const { id, facts, known } of openers) {
      const verdict = facts === null ? null : judge(facts.key, facts.containerId);
      judged.ids.push(id);
      judged.fates.push(facts === null ? fates.unusable : known ? fateOf(verdict) : fates.apart);
      const added = verdict !== null && facts?.containerId === null ? verdict.containerId : null;
      judged.containers.push(added === null ? null : this.#writer.textNumber(added));
      if (facts !== null && verdict !== null && verdict.containerId !== null) {
        this.#containerOf[id] = this.#containerNumber(facts.origin.bootId, verdict.containerId);
      }
    }
    await this.#writer.link.call('judge', judged);
  }

  #containerNumber(bootId: string, containerId: string): number {
    const name = JSON.stringify([bootId, containerId]);
    let number = this.#containerNumbers.get(name);
    if (number === undefined) {
      number = this.#containers.push({ bootId, containerId });
      this.#containerNumbers.set(name, number);
    }
    return number;
  }

  #passed({ seen, unusable, passed, apart }: PassedRows): PassedFiles {
    const sessions = apart.docs.length === 0 ? [] : this.#reader.rows.sessionsOf(apart);
    return { seen, unusable: unusable + apart.docs.length - sessions.length, passed, sessions, changed: [] };
  }

  #changed(byOpener: Uint32Array): PassedFiles['changed'] {
    const counts = new Float64Array(this.#containers.length + 1);
    for (const [opener, count] of byOpener.entries()) {
      const container = this.#containerOf[opener] ?? 0;
      counts[container] = (counts[container] ?? 0) + count;
    }
    return this.#containers
      .map((container, place) => ({ ...container, count: counts[place + 1] ?? 0 }))
      .filter(({ count }) => count > 0);
  }
}

function fateOf(verdict: FileVerdict | null): Fate {
  return verdict === null ? fates.outside : fates.inside;
}
