import { expect, test } from 'vitest';
import type { SqliteDatabase } from '../../src/sqlite/driver.ts';
import { openSqlite } from '../../src/sqlite/driver.ts';
import { pages, type RowSource } from '../../src/sqlite/pages.ts';
import { collect } from '../support/databases.ts';

const source: RowSource = { table: 't', columns: { at: 'integer', id: 'any' }, order: ['at', 'id'] };

async function tableOf(rows: readonly (readonly [at: number | bigint | string, id: number | string, doc: string])[]) {
  const database = await openSqlite(':memory:', { readOnly: false });
  database.exec('CREATE TABLE t (at INTEGER, id INTEGER, doc TEXT, PRIMARY KEY (at, id)) WITHOUT ROWID');
  const insert = database.prepare('INSERT INTO t VALUES (?, ?, ?)');
  for (const row of rows) insert.run(...row);
  return database;
}

async function read(database: SqliteDatabase, from: RowSource = source) {
  const found = await collect(pages({ database, verify: () => undefined }, 'a.db', from));
  return found.flatMap(({ rows, column, docs }) =>
    Array.from({ length: rows }, (_, row) => [column('at')[row], column('id')[row], docs[row]]),
  );
}

test('rows come by the columns of their order, page after page', async () => {
  const given = Array.from({ length: 2000 }, (_, index) => [Math.floor(index / 7), index % 7, `[${index}]`] as const);
  const database = await tableOf([...given].reverse());
  expect(await read(database)).toStrictEqual(given.map(([at, id, doc]) => [at, id, JSON.parse(doc)]));
});

test('a page that is as long as all rows is the last one', async () => {
  const given = Array.from({ length: 512 }, (_, index) => [index, 1, '[]'] as const);
  expect(await read(await tableOf(given))).toHaveLength(512);
});

test('a condition is met by all rows that come', async () => {
  const given = Array.from({ length: 2000 }, (_, index) => [index, index % 3, '[]'] as const);
  const found = await read(await tableOf(given), { ...source, where: 'this.id = ?', values: [2] });
  expect(found.map(([at]) => at)).toStrictEqual(given.filter(([, id]) => id === 2).map(([at]) => at));
});

test('texts come after numbers, and both are read', async () => {
  const database = await tableOf([
    [1, ':a"\\', '[]'],
    [1, 5, '[]'],
    [1, ':b', '[]'],
  ]);
  expect((await read(database)).map(([, id]) => id)).toStrictEqual([5, ':a"\\', ':b']);
});

test('rows that spoil the text of their page leave the others as they are', async () => {
  const docs = ['[1]', '[2],[3', '4],[5]', '', '[', '"x"', '[6]'];
  const database = await tableOf(docs.map((doc, index) => [index, 1, doc] as const));
  database.exec("INSERT INTO t VALUES ('no number', 1, '[7]'), (x'00', 1, '[8]')");
  const found = await read(database);
  expect(found.map(([, , doc]) => doc)).toStrictEqual([
    [1],
    undefined,
    undefined,
    undefined,
    undefined,
    'x',
    [6],
    [7],
    [8],
  ]);
});

test('pages get smaller where rows are too large to be one text', async () => {
  const database = await tableOf(Array.from({ length: 100 }, (_, index) => [index, 1, `[${index}]`] as const));
  const limits: number[] = [];
  const narrow: SqliteDatabase = {
    exec: (sql) => database.exec(sql),
    close: () => database.close(),
    prepare: (sql) => {
      const statement = database.prepare(sql);
      const get = (...values: (string | number | bigint | null)[]) => {
        const limit = Number(values[values.length - 1]);
        limits.push(limit);
        if (limit > 10) throw new Error('string or blob too big');
        return statement.get(...values);
      };
      return { run: statement.run.bind(statement), get };
    },
  };
  expect(await read(narrow)).toHaveLength(100);
  expect(limits.slice(0, 5)).toStrictEqual([512, 128, 32, 8, 16]);
});

test('an error that smaller pages do not mend is told', async () => {
  const database = await tableOf([[1, 1, '[]']]);
  await expect(read(database, { ...source, where: 'no_such_column' })).rejects.toMatchObject({
    code: 'DATABASE_FAILED',
  });
});

test('numbers that are read inexactly do not keep the reader going for ever', async () => {
  const big = 2n ** 60n;
  const database = await tableOf(Array.from({ length: 1100 }, (_, index) => [big + 1n, BigInt(index) as never, '[]']));
  const found = await read(database).catch((error: unknown) => error);
  expect(found).toMatchObject({ code: 'DATABASE_CORRUPT' });
});
