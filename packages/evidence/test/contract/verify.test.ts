import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import {
  openRawReader,
  openRawStore,
  openRawVerifier,
  type RawCollection,
  type RawEntry,
  rawCollections,
  readSpool,
  type StoreTarget,
  spoolRecord,
  verifyEvidence,
} from '../../src/index.ts';
import { openForWriting } from '../../src/sqlite/connection.ts';
import { closeSqlite } from '../../src/sqlite/driver.ts';
import { chained, fileAt, keys, someDocuments } from '../support/chained.ts';
import { collect, describeForEachDatabase } from '../support/databases.ts';

async function write(target: StoreTarget, ...batches: (readonly RawEntry[])[]) {
  const store = await openRawStore(target);
  try {
    for (const batch of batches) await store.insert(batch);
  } finally {
    await store.close();
  }
}

async function verify(target: StoreTarget) {
  const source = await openRawVerifier(target);
  try {
    return await verifyEvidence(source, keys.publicKey);
  } finally {
    await source.close();
  }
}

/** What somebody does who can write to the database. */
async function tamper(target: StoreTarget, collection: RawCollection, how: 'remove' | 'change' | 'copy') {
  if (target.kind === 'mongodb') {
    const client = new MongoClient(target.uri, { useBigInt64: true });
    try {
      const documents = client.db(target.rawDb).collection<{ _id: string }>(collection);
      const document = await documents.findOne();
      if (document === null) throw new Error(`${collection} is empty`);
      if (how === 'remove') await documents.deleteOne({ _id: document._id });
      else if (how === 'change') await documents.updateOne({ _id: document._id }, { $set: { host: 'another' } });
      else await documents.insertOne({ ...document, _id: `${document._id}x` });
    } finally {
      await client.close();
    }
    return;
  }
  const database = await openForWriting(`${target.directory}/raw.db`);
  const [columns] = [
    database.prepare(`SELECT group_concat(name) AS names FROM pragma_table_info('${collection}')`).get(),
  ];
  const names = (columns as { names: string }).names.split(',').map((name) => `"${name}"`);
  const copied = names.map((name) => (name === '"id"' ? "'=copy'" : name));
  const first = `(SELECT id FROM ${collection} LIMIT 1)`;
  if (how === 'remove') database.exec(`DELETE FROM ${collection} WHERE id = ${first}`);
  else if (how === 'copy')
    database.exec(`INSERT INTO ${collection} SELECT ${copied} FROM ${collection} WHERE id = ${first}`);
  else if (collection === 'files' || collection === 'fds') {
    database.exec(`UPDATE ${collection} SET doc = json_set(doc, '$[2]', 77) WHERE id = ${first}`);
  } else {
    database.exec(`UPDATE ${collection} SET time = time + 1 WHERE id = ${first}`);
  }
  closeSqlite(database);
}

const run = () => chained([...someDocuments(), 'checkpoint', fileAt(200)], { signed: true });

describeForEachDatabase('the chain', (newTarget) => {
  test('comes back as it was given, and what it tells of is intact', async () => {
    const target = newTarget();
    const entries = run();
    await write(target, entries.slice(0, 5), entries, entries.slice(3));
    const reader = await openRawReader(target);
    const source = await openRawVerifier(target);
    try {
      const links = entries.filter(({ collection }) => collection === 'chain');
      expect(await reader.count('chain')).toBe(links.length);
      const stored = (await collect(source.stored('chain'))).flatMap((batch) => batch.entries);
      const byId = (list: readonly RawEntry[]) =>
        Object.fromEntries(list.map((one) => [(one as { document: { _id: string } }).document._id, one]));
      expect(byId(stored)).toEqual(byId(links));
    } finally {
      await reader.close();
      await source.close();
    }
    const { verdict, runs, problems } = await verify(target);
    expect({ verdict, findings: runs.map(({ findings }) => findings), problems }).toEqual({
      verdict: 'intact',
      findings: [[]],
      problems: [],
    });
  });

  test('is intact when it went through a spool', async () => {
    const target = newTarget();
    const found = readSpool(spoolRecord(run()), 0);
    await write(target, found?.kind === 'batch' ? found.entries : []);
    expect(await verify(target)).toMatchObject({ verdict: 'intact', runs: [{ findings: [], links: 4 }] });
  });

  for (const collection of rawCollections) {
    for (const how of ['remove', 'change', 'copy'] as const) {
      test(`${collection}: ${how} is found`, async () => {
        const target = newTarget();
        await write(target, run());
        await tamper(target, collection, how);
        const { verdict, runs, problems } = await verify(target);
        expect(verdict).toBe('tampered');
        const [{ findings, chain } = { findings: [], chain: [] }] = runs;
        const said = JSON.stringify([findings, chain, problems]);
        expect(said).toContain(collection === 'chain' && problems.length === 0 ? 'ink' : collection);
      });
    }
  }
});
