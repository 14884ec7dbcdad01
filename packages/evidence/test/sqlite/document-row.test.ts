import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoTime, moment, rawDocumentOf } from '../../src/index.ts';
import type { DocumentForm } from '../../src/sqlite/document-of-row.ts';
import { observationForm } from '../../src/sqlite/observation-form.ts';
import type { Entry } from '../../src/sqlite/row-writer.ts';
import { rawTables } from '../../src/sqlite/schema.ts';
import { compareTexts } from '../../src/sqlite/ties.ts';
import { anyDocument } from '../support/arbitrary.ts';
import { collectBatches } from '../support/databases.ts';
import { bootId, event, keyOf, loss, observed, someNs, task } from '../support/documents.ts';
import { rawTablesInMemory } from '../support/sqlite-memory.ts';

type Fields = Record<string, unknown> & { readonly _id: string; readonly timeNs: bigint };

test('any documents come back as they were given, by time and id', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyDocument, { maxLength: 5 }), async (given) => {
      const { database, writer, reader } = await rawTablesInMemory();
      const documents = withoutTwins(given as Fields[]);
      writer.insert(documents.map((document) => ({ collection: 'events', document })));
      const found = await collectBatches(reader.documents<Fields>('events', rawTables.events));
      database.close();
      const expected = [...documents].sort((left, right) =>
        left.timeNs === right.timeNs ? compareTexts(left._id, right._id) : left.timeNs < right.timeNs ? -1 : 1,
      );
      expect(found).toStrictEqual(expected);
    }),
  );
});

test('any observations come back without their ISO texts, those of a key together', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyDocument, { maxLength: 5 }), async (given) => {
      const { database, writer, reader } = await rawTablesInMemory();
      const documents = withoutTwins(given as Fields[]);
      writer.insert(documents.map((document) => ({ collection: 'pids', document })));
      const form = { omitted: new Set(['time', 'start']), layout: [], build: null };
      const found = await collectBatches(reader.documents<Fields>('pids', rawTables.pids, undefined, form));
      database.close();
      const byId = (documents: readonly Fields[]) =>
        [...documents].sort((left, right) => compareTexts(`${left._id} ${left.key}`, `${right._id} ${right.key}`));
      expect(byId(found)).toStrictEqual(byId(documents));
      const keys = found.map(({ key }) => key);
      expect(keys.filter((key, index) => key !== keys[index - 1])).toHaveLength(new Set(keys).size);
    }),
  );
});

test('an observation makes the row that its document makes', async () => {
  const starts = [null, undefined, 0n, -1n, 1763792240123456789n];
  const documents = [0n, -5n, 1763792240123456789n].flatMap((timeNs) =>
    starts.map((startNs, index) => {
      const start = startNs === undefined ? {} : { startNs, start: startNs === null ? null : isoTime(startNs) };
      return task({ _id: `${timeNs}-${index}`, ...moment(timeNs), ...start });
    }),
  );
  const rowsOf = async (entries: readonly Entry[]) => {
    const { database, writer } = await rawTablesInMemory();
    writer.insert(entries);
    const list = (row: string, from: string) =>
      database.prepare(`SELECT json_group_array(json_array(${row})) AS list FROM (SELECT * FROM ${from})`).get();
    const columns = 'boot, "key", CAST(time AS TEXT), id, origin, shape, doc';
    const found = [list(columns, 'pids ORDER BY "key", time, id'), list('id, text', 'texts ORDER BY id')];
    database.close();
    return found;
  };
  const ofDocuments = await rowsOf(documents.map((document) => ({ collection: 'pids', document })));
  const observations = documents.map(observed);
  expect(await rowsOf(observations.map((observation) => ({ collection: 'pids', observation })))).toEqual(ofDocuments);
  expect(observations.map((observation) => rawDocumentOf({ collection: 'pids', observation }))).toEqual(documents);
});

test('documents of a form have all fields of its layout first, whatever their own', async () => {
  const { database, writer, reader } = await rawTablesInMemory();
  const given = [
    { _id: 'a', key: 'boot:1:1', timeNs: 1n, comm: 'sh', other: 1 },
    { _id: 'b', key: 'boot:1:1', timeNs: 2n, exe: null, star: true },
  ];
  writer.insert(given.map((document) => ({ collection: 'pids', document })));
  const form = { omitted: new Set(['timeNs']), layout: ['_id', 'star', 'exe', 'comm', 'key'], build: null };
  const found = await collectBatches(reader.documents<Fields>('pids', rawTables.pids, undefined, form));
  database.close();
  expect(found.map((document) => Object.entries(document))).toStrictEqual([
    Object.entries({ _id: 'a', star: undefined, exe: undefined, comm: 'sh', key: 'boot:1:1', other: 1 }),
    Object.entries({ _id: 'b', star: true, exe: null, comm: undefined, key: 'boot:1:1' }),
  ]);
});

test('documents that a form builds are those it would fill, also where fields are unknown to it', async () => {
  const { database, writer, reader } = await rawTablesInMemory();
  const documents = [
    ...Array.from({ length: 3 }, (_, serial) => spawn(serial)).flat(),
    { _id: `${bootId}:audit:1.1`, key: 'no key', timeNs: 1n, observation: 'fork', other: 1 },
  ];
  writer.insert(documents.map((document) => ({ collection: 'pids', document })));
  const read = (form: DocumentForm) =>
    collectBatches(reader.documents<Fields>('pids', rawTables.pids, undefined, form));
  const built = await read(observationForm);
  const filled = await read({ ...observationForm, build: null });
  database.close();
  expect(built).toHaveLength(documents.length);
  expect(built.map((document) => Object.entries(document))).toStrictEqual(
    filled.map((document) => Object.entries(document)),
  );
});

/** Documents with an `_id` of their own, for the tables keep one of each. */
function withoutTwins(documents: readonly Fields[]): Fields[] {
  return documents.filter(({ _id }, index) => documents.findIndex((other) => other._id === _id) === index);
}

/** A process that is made, becomes a program, and ends, as the listener tells of it. */
function spawn(serial: number) {
  const tgid = 20_000 + serial;
  const key = keyOf(tgid, 45_000 + serial);
  const startNs = someNs + BigInt(serial) * 2_000_000n;
  const monotonic = (value: bigint) => ({
    _id: `${bootId}:connector:0.${value % 100_000n}.${value}`,
    clock: { name: 'monotonic', value: `${value}` } as const,
  });
  const process = { key, pid: tgid, tgid, startTicks: 45_000 + serial, startNs, start: moment(startNs).time };
  const place = { containerId: 'ab'.repeat(32), rootfs: '/var/lib/docker/overlay2/x/merged' };
  const auditNs = (startNs / 1_000_000n) * 1_000_000n + 1_000_000n;
  const parent = { ppid: 10, parentTgid: 10, parentKey: keyOf(10) };
  return [
    task({ ...monotonic(4_575_896_000_000n + BigInt(serial)), ...moment(startNs), ...process, ...parent, ...place }),
    task({
      _id: `${bootId}:audit:${auditNs / 1_000_000n}.${863_000 + serial}`,
      clock: { name: 'audit', value: `${auditNs / 1_000_000n}` },
      ...moment(auditNs),
      observation: 'exec',
      source: 'audit',
      ...process,
      ...parent,
      ...{ uid: 0, gid: 0, euid: 0, auid: 4294967295, ses: 4294967295, tty: null, success: true },
      ...{ comm: 'true', exe: '/usr/bin/true', argv: ['true'], cwd: '/work' },
      ...place,
    }),
    task({
      ...monotonic(4_575_897_000_000n + BigInt(serial)),
      ...moment(startNs + 900_000n),
      observation: 'exec',
      ...process,
      ...{ comm: 'true', exe: '/usr/bin/true', argv: ['true'], cwd: '/work' },
      ...place,
    }),
    task({
      ...monotonic(4_575_898_000_000n + BigInt(serial)),
      ...moment(startNs + 1_900_000n),
      observation: 'exit',
      ...process,
      ...{ exitCode: 0, exitSignal: null, coreDumped: false },
    }),
  ];
}

test('the observations of a spawn take less than 600 bytes together', async () => {
  const { database, writer } = await rawTablesInMemory();
  const size = () =>
    (
      database.prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size').get() as {
        bytes: number;
      }
    ).bytes;
  const spawns = Array.from({ length: 5000 }, (_, serial) => spawn(serial));
  const before = size();
  writer.insert(spawns.flat().map((document) => ({ collection: 'pids', document })));
  expect((size() - before) / spawns.length).toBeLessThan(600);
});

test('documents of a kind share their shape', async () => {
  const { database, writer } = await rawTablesInMemory();
  const documents = Array.from({ length: 10 }, (_, serial) => spawn(serial)).flat();
  writer.insert(documents.map((document) => ({ collection: 'pids', document })));
  expect(database.prepare('SELECT count(DISTINCT shape) AS shapes FROM pids').get()).toEqual({ shapes: 4 });
});

test('observations come by key as text, whichever boot was met first', async () => {
  const { writer, reader } = await rawTablesInMemory();
  const keys = ['b-1:9:1', 'b-1:10:1', 'a:9:1', 'b:9:1', 'b:9:?1.2', 'é:9:1'];
  const documents = keys.map((key, index) => task({ _id: `${index}`, key }));
  writer.insert(documents.map((document) => ({ collection: 'pids', document })));
  const found = await collectBatches(reader.documents<Fields>('pids', rawTables.pids));
  expect(found.map(({ key }) => key)).toStrictEqual([...keys].sort(compareTexts));
});

test('documents of one moment are put in order over the borders of pages', async () => {
  const { writer, reader } = await rawTablesInMemory();
  const documents = Array.from({ length: 1000 }, (_, index) => loss({ _id: `${bootId}:audit:1.${index}` }));
  writer.insert(documents.map((document) => ({ collection: 'losses', document })));
  const found = await collectBatches(reader.documents<Fields>('losses', rawTables.losses));
  expect(found.map(({ _id }) => _id)).toStrictEqual(documents.map(({ _id }) => _id).sort());
});

test('a bigint in a field that is not named so is refused', async () => {
  const { writer } = await rawTablesInMemory();
  const refused = [{ inode: 5n }, { data: { inode: 5n } }, { argv: [5n] }].map((fields) => () => {
    writer.insert([{ collection: 'events', document: { ...event({ _id: 'a' }), ...fields } }]);
  });
  for (const insert of refused) expect(insert).toThrow(TypeError);
});

test('rows that no writer of ours makes are damage, and say so', async () => {
  const { database, writer, reader } = await rawTablesInMemory();
  const given = event({ _id: `${bootId}:audit:1.1`, data: { a: 1 } });
  writer.insert([{ collection: 'events', document: given }]);
  const damages: Record<string, string> = {
    'no JSON': "doc = '['",
    'no list': "doc = '{}'",
    'a list too many': "doc = '[],[]'",
    'a boot that is not there': 'boot = 99',
    'an origin that is not there': 'origin = 99',
    'a shape that is not there': 'shape = 99',
    'a text for a shape': "shape = (SELECT id FROM texts WHERE text LIKE '{%' OR text NOT LIKE '[%' LIMIT 1)",
    'an id that is none': "id = 'x'",
  };
  database.exec("INSERT INTO texts (text) VALUES ('no shape'), ('[[1]]')");
  for (const [name, damage] of Object.entries(damages)) {
    database.exec(`SAVEPOINT whole; UPDATE events SET ${damage}`);
    await expect(collectBatches(reader.documents('events', rawTables.events)), name).rejects.toMatchObject({
      code: 'DATABASE_CORRUPT',
    });
    database.exec('ROLLBACK TO whole; RELEASE whole');
  }
  expect(await collectBatches(reader.documents('events', rawTables.events))).toStrictEqual([given]);
});
