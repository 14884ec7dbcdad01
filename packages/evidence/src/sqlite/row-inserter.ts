import type { SqliteDatabase, SqliteStatement, SqliteValue } from './driver.ts';

/** Rows of one statement: the cost of running it is shared by them. Most first. */
const sizes = [64, 8, 1] as const;

/** Inserts many rows into one table with prepared statements of several rows. */
export class RowInserter {
  readonly #database: SqliteDatabase;
  readonly #sql: (rows: number) => string;
  readonly #width: number;
  readonly #statements = new Map<number, SqliteStatement>();

  /** @param onConflict what follows the values: `ON CONFLICT DO NOTHING`, or nothing. */
  constructor(database: SqliteDatabase, table: string, columns: readonly string[], onConflict: string) {
    this.#database = database;
    this.#width = columns.length;
    const names = columns.map((column) => `"${column}"`).join(', ');
    const places = `(${columns.map(() => '?').join(', ')})`;
    this.#sql = (rows) =>
      `INSERT INTO ${table} (${names}) VALUES ${Array.from({ length: rows }, () => places).join(', ')} ${onConflict}`;
  }

  /**
   * @param values those of all rows, one after the other.
   * @returns how many rows were new.
   */
  insert(values: readonly SqliteValue[]): number {
    let inserted = 0;
    let at = 0;
    for (const rows of sizes) {
      const length = rows * this.#width;
      for (; values.length - at >= length; at += length) {
        inserted += Number(this.#statement(rows).run(...values.slice(at, at + length)).changes);
      }
    }
    return inserted;
  }

  #statement(rows: number): SqliteStatement {
    let statement = this.#statements.get(rows);
    if (statement === undefined) {
      statement = this.#database.prepare(this.#sql(rows));
      this.#statements.set(rows, statement);
    }
    return statement;
  }
}
