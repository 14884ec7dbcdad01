import type { RawCollection, RawEntry } from '../raw-documents.ts';
import type { RawVerifier, StoredDocuments } from '../stores.ts';
import { sqliteError } from './errors.ts';
import { openSqliteRawReader, type SqliteRawReader } from './raw-reader.ts';
import { rawTables } from './schema.ts';

/** Faults of the file that are told. */
const faultsTold = 5;

export async function openSqliteRawVerifier(directory: string): Promise<RawVerifier> {
  return new SqliteRawVerifier(await openSqliteRawReader(directory));
}

class SqliteRawVerifier implements RawVerifier {
  readonly location: string;
  readonly #reader: SqliteRawReader;

  constructor(reader: SqliteRawReader) {
    this.location = reader.location;
    this.#reader = reader;
  }

  /** What SQLite finds wrong with pages, rows and indexes. */
  async faults(): Promise<readonly string[]> {
    const { connection } = this.#reader;
    try {
      const check = 'SELECT json_group_array(integrity_check) AS found FROM pragma_integrity_check';
      const { found } = connection.database.prepare(check).get() as { found: string };
      connection.verify();
      return (JSON.parse(found) as string[]).filter((fault) => fault !== 'ok').slice(0, faultsTold);
    } catch (error) {
      throw sqliteError(error, this.location);
    }
  }

  async *stored(collection: RawCollection): AsyncGenerator<StoredDocuments> {
    const { rows } = this.#reader;
    if (collection === 'files' || collection === 'fds') {
      for await (const { sessions, unusable } of rows.sessions(collection)) {
        // No listener says that of a session.
        const entries = sessions.filter(({ closeInferred }) => !closeInferred);
        yield {
          entries: entries.map((session) => ({ collection, session })),
          changed: Array.from({ length: unusable + sessions.length - entries.length }, () => null),
        };
      }
      return;
    }
    for await (const documents of rows.documents(collection, rawTables[collection])) {
      yield { entries: documents.map((document) => ({ collection, document }) as RawEntry), changed: [] };
    }
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
