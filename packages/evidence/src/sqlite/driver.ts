/** The one door to SQLite: the platform's own where it can do what is needed, its drop-in everywhere else. */

export type SqliteValue = string | number | bigint | null;

export interface SqliteStatement {
  run(...values: SqliteValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(...values: SqliteValue[]): unknown;
}

export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

type OpenSqlite = (location: string, options: { readonly readOnly: boolean }) => SqliteDatabase;

interface SqliteModule {
  readonly DatabaseSync: new (location: string, options: { readonly readOnly: boolean }) => SqliteDatabase;
}

let opening: Promise<OpenSqlite> | undefined;

/** Opens a database; the location is a path or a `file:` URI. Throws what the driver throws. */
export async function openSqlite(location: string, options: { readonly readOnly: boolean }): Promise<SqliteDatabase> {
  opening ??= loadDriver();
  return (await opening)(location, options);
}

async function loadDriver(): Promise<OpenSqlite> {
  const { DatabaseSync } = platformModule() ?? ((await import('@photostructure/sqlite')) as unknown as SqliteModule);
  return (location, options) => new DatabaseSync(location, options);
}

function platformModule(): SqliteModule | undefined {
  if (!takesUris(process.versions.node)) return undefined;
  const emitWarning = process.emitWarning;
  // Where the module is still "experimental", Node says so to the user of godo, who can do nothing about it.
  process.emitWarning = (() => undefined) as typeof process.emitWarning;
  try {
    return process.getBuiltinModule('node:sqlite') as unknown as SqliteModule | undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** node:sqlite stands without a flag from 22.13 on, and takes `file:` URIs, which readers need, from 22.15 and 23.10 on. */
function takesUris(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 10) || (major === 22 && minor >= 15);
}

/**
 * Ends what transaction there is and closes. The drop-in keeps a closed connection, with its locks, until its statements
 * are collected as garbage; without a transaction there are no locks.
 */
export function closeSqlite(database: SqliteDatabase): void {
  rollBack(database);
  database.close();
}

/** Ends a transaction, if there is one: SQLite has rolled back by itself after some errors, and says so here. */
export function rollBack(database: SqliteDatabase): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // There was none.
  }
}
