/** File sessions from raw into cooked evidence, both of SQLite: who opened them is judged here, the rows are copied there. */

import type { MissedTimes } from '../missed-times.ts';
import type { FilePassage, FileVerdict, JudgeOpener, PassedFiles } from '../stores.ts';
import type { SqliteCookedWriter } from './cooked-writer.ts';
import type { FoundOpener } from './lookup.ts';
import type { SqliteRawReader } from './raw-reader.ts';
import { sentPages } from './sent-pages.ts';
import type { OpenerFacts } from './session-of-row.ts';
import { type Fate, fates, type JudgedOpeners, type OpenerTexts, type PassedRows } from './session-passage.ts';

/**
 * null where the rows that the reader sees cannot be seen by the writer as well: while a listener writes, or was killed.
 */
export async function openSqlitePassage(
  reader: SqliteRawReader,
  writer: SqliteCookedWriter,
  missed: MissedTimes,
): Promise<FilePassage | null> {
  if (!reader.connection.immutable) return null;
  const start = await writer.link.call('openRaw', reader.location, missed.spans);
  if (start === null) return null;
  writer.dictionary.start(start);
  const { link } = writer;
  if (link.ahead > 0) reader.rows.readBy((source) => sentPages(link, source));
  return new SqlitePassage(reader, writer, start.openers);
}

/** While the rows of one step are worked on, so many steps are under way: one that takes longer keeps nobody waiting. */
const passesAhead = 3;

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
    const { rows, connection } = this.#reader;
    for (const openers of rows.openers()) await link.call('judge', this.#judged(openers, judge));
    const step = () => {
      const passed = link.call('pass');
      // It may fail before it is waited for, or be waited for no more.
      passed.catch(() => undefined);
      return passed;
    };
    const asked = Array.from({ length: passesAhead }, step);
    for (;;) {
      const found = (await asked.shift()) ?? null;
      if (found === null) break;
      asked.push(step());
      yield this.#passed(found);
    }
    connection.verify();
    const { unusable, changed, until } = await link.call('finish');
    yield { sessions: [], unusable, seen: 0, passed: 0, changed: this.#changed(changed) };
    if (until === null) return;
    const where = '(this.opened, this.id) > (?, ?)';
    for await (const found of rows.sessions('files', { where, values: until })) {
      yield { ...found, seen: found.sessions.length + found.unusable, passed: 0, changed: [] };
    }
  }

  #judged(openers: readonly FoundOpener[], judge: JudgeOpener): JudgedOpeners {
    const ids: number[] = [];
    const judged: Fate[] = [];
    const texts: (OpenerTexts | null)[] = [];
    for (const opener of openers) {
      const { id, facts } = opener;
      const verdict = facts === null ? null : judge(facts.key, facts.containerId);
      ids.push(id);
      judged.push(facts === null ? fates.unusable : verdict === null ? fates.outside : fates.inside);
      texts.push(facts === null || verdict === null ? null : this.#textsOf(opener, facts, verdict));
      if (facts !== null && verdict !== null && verdict.containerId !== null) {
        this.#containerOf[id] = this.#containerNumber(facts.origin.bootId, verdict.containerId);
      }
    }
    return { ids, fates: judged, texts };
  }

  /** null: it stays as it is. */
  #textsOf(
    { comm, exe, container }: FoundOpener,
    facts: OpenerFacts,
    { containerId }: FileVerdict,
  ): OpenerTexts | null {
    // A text that is missing must not come to be by another one getting its number.
    const texts = {
      comm: facts.comm === null ? null : comm,
      exe: facts.exe === null ? null : exe,
      container:
        facts.containerId !== null ? container : containerId === null ? null : this.#writer.textNumber(containerId),
    };
    return texts.comm === comm && texts.exe === exe && texts.container === container ? null : texts;
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
