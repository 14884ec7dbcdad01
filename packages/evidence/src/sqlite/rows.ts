import { setImmediate } from 'node:timers/promises';
import { documentFromJson } from '../json.ts';
import { reasonOf, StoreError } from '../store-error.ts';
import type { ReadConnection } from './connection.ts';
import type { SqliteValue } from './driver.ts';
import { sqliteError } from './errors.ts';

/** Reading is synchronous: after so many documents timers and signals get their turn. */
const documentsATurn = 500;

/**
 * The documents of a query that yields `doc`, one row in memory at a time.
 *
 * @throws StoreError
 */
export async function* documents<D extends object>(
  connection: ReadConnection,
  file: string,
  sql: string,
  values: readonly SqliteValue[] = [],
): AsyncGenerator<D> {
  let count = 0;
  const statement = guarded(connection, file, () => connection.database.prepare(sql));
  const rows = guarded(connection, file, () => statement.iterate(...values));
  connection.running.set(rows, statement);
  try {
    for (;;) {
      const next = guarded(connection, file, () => rows.next());
      if (next.done) break;
      yield parse<D>(connection, file, (next.value as { doc: string }).doc);
      count += 1;
      if (count % documentsATurn === 0) await setImmediate();
    }
  } finally {
    // Not there: the database was closed, and the iterator ended with it.
    if (connection.running.delete(rows)) rows.return?.();
  }
  connection.verify();
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

function parse<D extends object>(connection: ReadConnection, file: string, doc: string): D {
  try {
    return documentFromJson<D>(doc);
  } catch (error) {
    connection.verify();
    throw new StoreError('DATABASE_CORRUPT', `${file} holds a document that cannot be read (${reasonOf(error)}).`);
  }
}
