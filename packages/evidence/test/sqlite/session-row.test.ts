import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareInstants, type FileSession, fileSessionDocument, fileSessionId } from '../../src/index.ts';
import { compareTexts } from '../../src/sqlite/ties.ts';
import { anyFileSession } from '../support/arbitrary.ts';
import { collect } from '../support/databases.ts';
import { bootId, checkpoint, fileSession, keyOf, sessionOf } from '../support/documents.ts';
import { type RawTables, rawTablesInMemory } from '../support/sqlite-memory.ts';

async function readSessions({ reader }: RawTables, table: 'files' | 'fds' = 'files'): Promise<FileSession[]> {
  const found = await collect(reader.sessions(table));
  return found.flatMap(({ sessions }) => sessions.map(({ closeInferred: _, ...session }) => session));
}

/** A session of audit, opened and closed within a ms, as most are. */
function auditSession(serial: number, fields: Partial<FileSession> = {}): FileSession {
  const ms = 1763792240123;
  return {
    ...sessionOf(fileSession({ _id: 'any', openedNs: BigInt(ms) * 1_000_000n, closedNs: BigInt(ms) * 1_000_000n })),
    id: serial,
    inode: '4711',
    fileType: 'regular',
    writes: { count: 1, bytes: 17, first: { ms, ns: 0 }, last: { ms, ns: 0 } },
    ...fields,
  };
}

test('any sessions come back as they were given, by opening time and id', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyFileSession, { maxLength: 6 }), async (given) => {
      const tables = await rawTablesInMemory();
      const sessions = given.map((session): FileSession => ({ ...session, checkpoint: null }));
      tables.writer.insert(sessions.map((session) => ({ collection: 'files', session })));
      const found = await readSessions(tables);
      tables.database.close();
      const first = new Map<string, FileSession>();
      for (const session of sessions) {
        const name = `${session.opened.ms} ${fileSessionId(session)}`;
        if (!first.has(name)) first.set(name, session);
      }
      const expected = [...first.values()].sort(
        (left, right) =>
          compareInstants(left.opened, right.opened) || compareTexts(fileSessionId(left), fileSessionId(right)),
      );
      expect(found).toStrictEqual(expected);
    }),
  );
});

test('checkpoints come back with their time', async () => {
  const tables = await rawTablesInMemory();
  const given = [sessionOf(checkpoint('a', 5n)), sessionOf(checkpoint('a', 6n)), sessionOf(checkpoint('b', 5n))];
  tables.writer.insert(given.map((session) => ({ collection: 'fds', session })));
  expect(await readSessions(tables, 'fds')).toStrictEqual(given);
});

test('the usual session takes few bytes: what is usual is not said', async () => {
  const { database, writer } = await rawTablesInMemory();
  writer.insert([{ collection: 'files', session: auditSession(77) }]);
  const boot = 2 ** 32;
  expect(database.prepare('SELECT opened, id, opener, lasted, doc FROM files').get()).toEqual({
    opened: 1763792240123,
    id: boot + 77,
    opener: 1,
    lasted: 0,
    doc: '["/tmp/hello",1,3,577,3,4711,1,17]',
  });
});

test('what sessions share is kept once', async () => {
  const { database, writer } = await rawTablesInMemory();
  const sessions = [
    ...Array.from({ length: 50 }, (_, serial) => auditSession(serial)),
    auditSession(50, { comm: 'thread-2', pid: 11 }),
    auditSession(51, { key: keyOf(20), tgid: 20, pid: 20 }),
    auditSession(52),
  ];
  writer.insert(sessions.map((session) => ({ collection: 'files', session })));
  const count = (table: string) =>
    (database.prepare(`SELECT count(*) AS count FROM ${table}`).get() as { count: number }).count;
  const counts = ['files', 'openers', 'origins', 'boots', 'texts'].map(count);
  expect(counts).toStrictEqual([53, 3, 1, 1, 4]);
});

test('a process with ever new names makes rows, but no lasting memory', async () => {
  const tables = await rawTablesInMemory();
  const given = Array.from({ length: 100 }, (_, serial) => auditSession(serial + 100, { comm: `worker-${serial}` }));
  tables.writer.insert(given.map((session) => ({ collection: 'files', session })));
  expect(await readSessions(tables)).toStrictEqual(given);
});

test('of one moment serials come in the order of their ids as text', async () => {
  const tables = await rawTablesInMemory();
  const serials = [9, 10, 99, 100, 1000, 4_294_967_295];
  tables.writer.insert(serials.map((serial) => ({ collection: 'files', session: auditSession(serial) })));
  const ids = (await readSessions(tables)).map((session) => fileSessionDocument(session)._id);
  expect(ids).toStrictEqual([...ids].sort());
  expect(ids).toStrictEqual(
    [10, 100, 1000, 4_294_967_295, 9, 99].map((serial) => `${bootId}:audit:1763792240123.${serial}`),
  );
});

test('rows of one moment are put in order over the borders of pages', async () => {
  const tables = await rawTablesInMemory();
  const given = Array.from({ length: 3000 }, (_, serial) => auditSession(serial));
  tables.writer.insert(given.map((session) => ({ collection: 'files', session })));
  const found = (await readSessions(tables)).map(fileSessionId);
  expect(found).toStrictEqual(given.map(fileSessionId).sort());
});

test('hosts with the same serials at the same time do not hide each other', async () => {
  const tables = await rawTablesInMemory();
  const one = auditSession(7);
  const other = auditSession(7, { origin: { ...one.origin, bootId: `f${bootId.slice(1)}`, host: 'host-2' } });
  tables.writer.insert([one, other].map((session) => ({ collection: 'files', session })));
  expect(await readSessions(tables)).toStrictEqual([one, other]);
});

test('rows that no writer of ours makes are counted, and the others are read', async () => {
  const tables = await rawTablesInMemory();
  const { database, writer } = tables;
  writer.insert([7, 8].map((serial) => ({ collection: 'files', session: auditSession(serial) })));
  const docs = [
    '',
    'null',
    '{}',
    '[',
    '[]],[[]',
    '["/p",1,3,577,3,4711],1,2,3',
    '["/p",1,3,577,3]',
    '[5,1,3,577,3,4711]',
    '["/p",-1,3,577,3,4711]',
    '["/p",1000000,3,577,3,4711]',
    '["/p",1,"3",577,3,4711]',
    '["/p",1,3,{},3,4711]',
    '["/p",1,3,577,999,4711]',
    '["/p",1,3,577,"3",4711]',
    '["/p",1,3,577,3,[]]',
    '["/p",1,3,577,3,4711,1]',
    '["/p",1,3,577,3,4711,1,2,3,4,5]',
    '["/p",1,3,577,3,4711,1,2,1e300]',
    '["/p",1,3,577,3,4711,{"ns":5}]',
    '["/p",1,3,577,3,4711,{"ns":[0,0,0,1000000]}]',
    '["/p",1,3,577,3,4711,{"writers":[5]}]',
    '["/p",1,3,577,3,4711,{"writers":[["x",1,1,null,null]]}]',
    '["/p",1,3,577,3,4711,{"writers":[[":1:1",1,1,[-1,0],null]]}]',
    '["/p",1,3,577,3,4711,{"changes":[["x",1,[1,0],[1,0]]]}]',
    '["/p",1,3,577,3,4711,{"changes":[[":1:1",1,[1,0],null]]}]',
    '["/p",1,3,577,3,4711,{"mapped":[1,[1,0],[1,0],true,[5],null,null]}]',
    '["/p",1,3,577,3,4711,{"mapped":[1,[1,0],[1,0],true,[],"yes",null]}]',
    '["/p",1,3,577,3,4711,{"warnings":"x"}]',
    '["/p",1,3,577,3,4711,{"pathHex":5}]',
    '["/p",1,3,577,3,4711,{"dirfd":"5"}]',
    '["/p",1,3,577,3,4711,{"closedBy":5}]',
  ];
  const insert = database.prepare('INSERT INTO files VALUES (?, ?, ?, ?, ?)');
  for (const [index, doc] of docs.entries()) insert.run(1763792240000 + index, 1, 1, 0, doc);
  const good = '["/p",1,3,577,3,4711]';
  const keys: [number | bigint, number | string, number, number | null][] = [
    [-1, 1, 1, 0],
    [2n ** 60n, 1, 1, 0],
    [5, -1, 1, 0],
    [5, 'x', 1, 0],
    [5, 'json:', 1, 0],
    [5, 2, 999, 0],
    [5, 3, 1, -6],
    [5, 4, 1, 2 ** 52],
  ];
  for (const [opened, id, opener, lasted] of keys) insert.run(opened, id, opener, lasted, good);
  const found = await collect(tables.reader.sessions('files'));
  expect(found.flatMap(({ sessions }) => sessions).map(({ id }) => id)).toStrictEqual([7, 8]);
  expect(found.reduce((sum, { unusable }) => sum + unusable, 0)).toBe(docs.length + keys.length);
});
