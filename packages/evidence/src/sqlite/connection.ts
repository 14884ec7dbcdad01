/** Opens the SQLite databases of godo and answers for what is in them. */

import { StoreError } from '../store-error.ts';
import { closeSqlite, openSqlite, type SqliteDatabase } from './driver.ts';
import { sqliteError } from './errors.ts';
import { type FileStamp, readOnlyUri, sameStamp, stampOf } from './files.ts';
import { applicationId, schemaVersion } from './schema.ts';

/** How long another program's lock is waited for. */
const busyMs = 5000;

export async function openForWriting(file: string): Promise<SqliteDatabase> {
  const database = await openSqlite(file, { readOnly: false });
  database.exec(`PRAGMA busy_timeout = ${busyMs}`);
  return database;
}

/**
 * Refuses what is not a database of ours, or of another schema.
 *
 * @param madeBy the command that makes the file, for the message when it is of an earlier schema.
 * @returns false when the database is new and empty.
 */
export function checkSchema(database: SqliteDatabase, file: string, madeBy: string): boolean {
  const { application_id: application } = database.prepare('PRAGMA application_id').get() as { application_id: number };
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (application !== applicationId) {
    const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number };
    if (application === 0 && version === 0 && tables === 0) return false;
    throw new StoreError('DATABASE_CORRUPT', `${file} is not a database of godo: name another directory with --db.`);
  }
  if (version > schemaVersion) {
    throw new StoreError(
      'DATABASE_TOO_NEW',
      `${file} was written by a later version of godo (schema ${version}, known is ${schemaVersion}): use that version.`,
    );
  }
  if (version > 0 && version < schemaVersion) {
    const remedy = madeBy === 'filter' ? 'run filter again' : 'move it away, or name another directory with --db';
    throw new StoreError(
      'DATABASE_TOO_OLD',
      `${file} was written by an earlier version of godo (schema ${version}, known is ${schemaVersion}): ${remedy}.`,
    );
  }
  if (version > 0 && hasOtherTables(database)) {
    throw new StoreError(
      'DATABASE_CORRUPT',
      `${file} has views or virtual tables that godo did not make: it is not read.`,
    );
  }
  return version > 0;
}

/**
 * Whether something stands in the place of a table that computes its rows when it is read, for ever if it likes. The views
 * of views.ts are for people: nobody reads them here.
 */
function hasOtherTables(database: SqliteDatabase): boolean {
  const found = database
    .prepare(`
      SELECT count(*) AS others FROM sqlite_schema
      WHERE type = 'view' AND name NOT GLOB '*_readable' OR type = 'table' AND sql LIKE '%VIRTUAL%'
        OR type = 'table' AND (sql LIKE '%GENERATED%' OR sql LIKE '% AS (%') OR type = 'trigger'`)
    .get() as { others: number };
  return found.others > 0;
}

/** A database opened for reading in one transaction: it shows one state for as long as it is open. */
export interface ReadConnection {
  readonly database: SqliteDatabase;
  /** @throws StoreError DATABASE_CHANGED when what was read so far cannot be relied on. */
  verify(): void;
}

/** A connection to a file as {@link openForReading} chose to open it. */
export interface FileConnection extends ReadConnection {
  /** Without a -wal file, which was not there: the file alone is what is read. */
  readonly immutable: boolean;
}

export function closeReading({ database }: ReadConnection): void {
  closeSqlite(database);
}

/**
 * Opens a database file for reading and changes nothing, not even by -wal or -shm files where there were none.
 *
 * With a -wal file a writer is at work, or was killed: then it is read as every SQLite program reads it, which needs
 * the -shm file beside it or a directory where that can be made. Without one the file is complete in itself and is
 * read as immutable, which works on read-only media too but takes no lock: should a writer begin meanwhile,
 * {@link ReadConnection.verify} tells.
 *
 * @param madeBy the command that makes the file, for the message when it is missing.
 */
export async function openForReading(file: string, madeBy: string): Promise<FileConnection> {
  const missing = new StoreError('DATABASE_NOT_FOUND', `There is no ${file}: run ${madeBy} first.`);
  // A writer that begins, or ends, in between makes the first choice wrong; the second look cannot meet both again soon.
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const before = stampOf(file);
    if (before === null) throw missing;
    const immutable = stampOf(`${file}-wal`) === null;
    const connection = await begin(file, immutable, before);
    const complete = stampOf(`${file}-wal`) === null;
    if (immutable === complete && (!immutable || sameStamp(before, stampOf(file)))) {
      try {
        if (!checkSchema(connection.database, file, madeBy)) throw missing;
        return connection;
      } catch (error) {
        closeReading(connection);
        throw sqliteError(error, file);
      }
    }
    closeReading(connection);
  }
  throw new StoreError('DATABASE_CHANGED', `${file} is just being opened or closed by a listener: try again.`);
}

async function begin(file: string, immutable: boolean, before: FileStamp): Promise<FileConnection> {
  const database = await openSqlite(readOnlyUri(file, { immutable }), { readOnly: true }).catch((error) => {
    throw cannotRead(error, file, immutable);
  });
  try {
    database.exec(`PRAGMA busy_timeout = ${busyMs}; PRAGMA query_only = 1; PRAGMA trusted_schema = 0; BEGIN`);
    // The snapshot is taken by the first read, not by BEGIN.
    database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get();
  } catch (error) {
    closeSqlite(database);
    throw cannotRead(error, file, immutable);
  }
  const verify = () => {
    if (immutable && !sameStamp(before, stampOf(file))) {
      throw new StoreError('DATABASE_CHANGED', `A listener began to write to ${file} while it was read: try again.`);
    }
  };
  return { database, verify, immutable };
}

function cannotRead(error: unknown, file: string, immutable: boolean): StoreError {
  const known = sqliteError(error, file);
  if (known.code !== 'DATABASE_REFUSED' || immutable) return known;
  return new StoreError(
    'DATABASE_REFUSED',
    `${file} and its -wal file can only be read where their directory can be written to: copy both to such a place, ` +
      'or run as their owner.',
  );
}
