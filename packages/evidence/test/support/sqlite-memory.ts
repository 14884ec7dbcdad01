import { openSqlite, type SqliteDatabase } from '../../src/sqlite/driver.ts';
import { RowReader } from '../../src/sqlite/row-reader.ts';
import { RowWriter } from '../../src/sqlite/row-writer.ts';
import { createRawTables, rawTables } from '../../src/sqlite/schema.ts';

export interface RawTables {
  readonly database: SqliteDatabase;
  readonly writer: RowWriter;
  readonly reader: RowReader;
}

/** The tables of raw evidence in memory, with what writes and reads their rows. */
export async function rawTablesInMemory(): Promise<RawTables> {
  const database = await openSqlite(':memory:', { readOnly: false });
  createRawTables(database);
  return {
    database,
    writer: new RowWriter(database, rawTables, 'ON CONFLICT DO NOTHING'),
    reader: new RowReader({ database, verify: () => undefined }, 'raw.db'),
  };
}
