/** Database files that are damaged, or made by somebody else: documents, or one clear sentence; never a hang. */

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  cookedCollections,
  fileSessionOf,
  openCookedReader,
  openCookedWriter,
  openRawReader,
  openRawStore,
  type RawEntry,
  StoreError,
} from '@godo/evidence';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqlite } from '../../evidence/src/sqlite/driver.ts';
import { fuzzing, fuzzTimeoutMs } from '../../evidence/test/support/fuzzing.ts';
import { runFilter } from '../src/run-filter.ts';
import { at, auditExec, containerId, event, exit, file, fork, loss, operation, session, task } from './support/raw.ts';

let top = '';
let whole = '';
let tried = '';
beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), 'godo-damaged-'));
  whole = join(top, 'whole');
  tried = join(top, 'tried');
  const store = await openRawStore({ kind: 'sqlite', directory: whole });
  const documents = {
    pids: [
      task('snapshot', 100, 0, { star: true, exe: '/usr/bin/dockerd', argv: ['dockerd'], containerId: null }),
      ...Array.from({ length: 30 }, (_, n) => fork(100, 200 + n, 10 + n, { containerId: containerId('a') })),
      ...Array.from({ length: 30 }, (_, n) => auditExec(200 + n, 50 + n, '/bin/sh', { argv: ['sh', '-c', `${n}`] })),
      exit(200, 500),
    ],
    operations: Array.from({ length: 20 }, (_, n) => operation(200 + n, 100 + n)),
    events: [event(200, 20)],
    losses: [loss(22)],
    sessions: [session('start', 0), session('end', 600)],
  };
  const entries = Object.entries(documents).flatMap(([collection, list]) =>
    list.map((document) => ({ collection, document }) as unknown as RawEntry),
  );
  const files = Array.from({ length: 60 }, (_, n) =>
    file(200 + (n % 30), `/tmp/${n}`, 200 + n, { closedNs: at(300 + n) }),
  );
  const sessions = files.flatMap((one) => fileSessionOf(one) ?? []);
  await store.insert([...entries, ...sessions.map((one): RawEntry => ({ collection: 'files', session: one }))]);
  await store.close();
  await run(whole);
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

async function run(directory: string): Promise<void> {
  const target = { kind: 'sqlite', directory } as const;
  const reader = await openRawReader(target);
  try {
    await runFilter({ reader, writer: await openCookedWriter(target) });
  } finally {
    await reader.close();
  }
}

async function readAll(directory: string): Promise<number> {
  const reader = await openCookedReader({ kind: 'sqlite', directory });
  let found = 0;
  try {
    for (const collection of cookedCollections) {
      await reader.count(collection);
      for await (const _ of reader.find(collection, { pid: 200, exe: 'sh', container: 'a' })) found += 1;
      for await (const _ of reader.find(collection, {})) found += 1;
    }
    await reader.processes(['boot-a:200:2000']);
  } finally {
    await reader.close();
  }
  return found;
}

/** What was said; null: nothing was wrong. */
async function saidBy(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return error.message;
  }
}

function begin(): void {
  rmSync(tried, { recursive: true, force: true });
  mkdirSync(tried);
  for (const name of ['raw.db', 'cooked.db']) copyFileSync(join(whole, name), join(tried, name));
}

const both = async () => [await saidBy(() => readAll(tried)), await saidBy(() => run(tried))];

test(
  'bytes that were changed or cut off',
  async () => {
    const change = fc.record({ at: fc.nat({ max: 2 ** 30 }), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) });
    const damage = fc.record({
      name: fc.constantFrom('raw.db', 'cooked.db'),
      changes: fc.array(change, { maxLength: 6 }),
      cut: fc.option(fc.nat({ max: 2 ** 30 }), { nil: null, freq: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ name, changes, cut }) => {
        begin();
        const content = readFileSync(join(tried, name));
        // The head of the file tells whose it is: mostly what stands behind it is damaged.
        for (const { at: place, bytes } of changes) content.set(bytes, 100 + (place % (content.length - 200)));
        writeFileSync(join(tried, name), cut === null ? content : content.subarray(0, cut % content.length));
        await both();
      }),
      fuzzing(60),
    );
  },
  fuzzTimeoutMs,
);

const cells = [
  ...['texts.text', 'boots.boot', 'origins.host', 'origins.session', 'openers.key', 'openers.tgid', 'openers.comm'],
  ...['files.doc', 'files.opened', 'files.id', 'files.opener', 'files.lasted', 'operations.doc', 'operations.shape'],
  ...[
    'processes.doc',
    'processes.id',
    'processes.shape',
    'pids.doc',
    'pids.key',
    'pids.boot',
    'events.doc',
    'losses.time',
  ],
];
const values = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    -1,
    2n ** 62n,
    1.5,
    '',
    'x',
    '[',
    '[]',
    '{}',
    'json:',
    'json:[',
    ':',
    '=',
    Buffer.from([0xff]),
  ),
  fc.constantFrom<unknown>(`${'['.repeat(200)}${']'.repeat(200)}`, `${'['.repeat(50_000)}`, '["__proto__",1,2,3,4,5]'),
  fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
  fc.constantFrom<unknown>('[["__proto__","v",0],["_id","i"]]', '[["x","n",0]]', `["${'9'.repeat(10_000)}"]`),
);

test(
  'values that are not of their column',
  async () => {
    const change = fc.record({ cell: fc.constantFrom(...cells), value: values, row: fc.nat({ max: 80 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        begin();
        for (const name of ['raw.db', 'cooked.db']) {
          const database = await openSqlite(join(tried, name), { readOnly: false });
          // Columns lose their types, so that anything can stand in them.
          for (const { cell, value, row } of changes) {
            const [table, column] = cell.split('.') as [string, string];
            try {
              database.exec('PRAGMA ignore_check_constraints = 1');
              const order = table === 'files' ? 'opened, id' : '1';
              const where = `"${column}" IN (SELECT "${column}" FROM ${table} ORDER BY ${order} LIMIT 1 OFFSET ${row % 20})`;
              database.prepare(`UPDATE ${table} SET "${column}" = ? WHERE ${where}`).run(value as string);
            } catch {
              // Not in this file, or not in such a column.
            }
          }
          database.close();
        }
        await both();
      }),
      fuzzing(60),
    );
  },
  fuzzTimeoutMs,
);

test('a view in the place of a table, which would give rows for ever, is not read', async () => {
  begin();
  for (const name of ['raw.db', 'cooked.db']) {
    const database = await openSqlite(join(tried, name), { readOnly: false });
    database.exec(`
      DROP TABLE events;
      CREATE VIEW events AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
        SELECT x AS time, x AS boot, x AS id, 1 AS origin, 1 AS shape, '[]' AS doc, 1 AS tgid, 'a' AS containerId FROM n`);
    database.close();
  }
  const said = await both();
  expect(said.map((sentence) => sentence?.replace(/^.*\/tried\//, ''))).toEqual([
    'cooked.db has views or virtual tables that godo did not make: it is not read.',
    'raw.db has views or virtual tables that godo did not make: it is not read.',
  ]);
});

test.each([
  ['text', 'This is no database.\n'.repeat(400)],
  ['nothing', ''],
  ['a head alone', 'SQLite format 3\0'],
])('a cooked.db that is %s', async (_what, content) => {
  begin();
  writeFileSync(join(tried, 'cooked.db'), content);
  expect(await saidBy(() => readAll(tried))).toMatch(/cooked\.db/);
});
