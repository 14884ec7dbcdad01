/** Evidence that was tampered with is found, and what is intact is said to be so: of real recordings, in both stores. */

import { generateKeyPairSync } from 'node:crypto';
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openRawVerifier, type RawEntry, rawCollections, rawDocumentOf, type VerifyReport } from '@godo/evidence';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSqlite } from '../packages/evidence/src/sqlite/driver.ts';
import { startMongoServer } from '../packages/evidence/test/support/mongodb-server.ts';
import { useAuditScene } from './support/audit-scene.ts';
import { mongo, rawDatabase, useMongoServer } from './support/mongodb-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { built, parseJsonLines, runGodoProgram, startGodo } from './support/programs.ts';
import { runOrThrow } from './support/run-program.ts';

type Run = VerifyReport['runs'][number];

async function verify(...args: string[]) {
  const { code, stdout, stderr } = await runGodoProgram('filter', ['verify', '--json', ...args]);
  const lines = parseJsonLines<Run & VerifyReport>(stdout);
  const whole = lines.at(-1) as VerifyReport;
  return { code, stderr, runs: lines.slice(0, -1) as Run[], verdict: whole.verdict, problems: whole.problems };
}

/**
 * Intact, whether or not the run states losses itself: of a listener before it that was killed, or of a machine under load.
 */
function isSound({ code, runs, problems }: Awaited<ReturnType<typeof verify>>): boolean {
  const states = runs.every(({ gaps }) => gaps.every((gap) => gap.startsWith('It states losses itself')));
  const found = runs.flatMap(({ findings, chain }) => [...findings, ...chain]);
  return (code === 0 || code === 3) && states && problems.length === 0 && found.length === 0;
}

/** Files that are written, renamed and removed by some processes, one of which keeps one open. */
async function work(folder: string): Promise<void> {
  await mkdir(folder);
  const script = `exec 7>open; i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo $i > f$i; cat f$i > g$i; done
    mv f1 f0; rm g2; chmod 600 g3; echo more >&7`;
  await runOrThrow('sh', ['-c', script], { cwd: folder });
}

/** Everything in a database, by what it is. */
async function allDocuments(directory: string): Promise<Record<string, unknown>> {
  const verifier = await openRawVerifier({ kind: 'sqlite', directory });
  try {
    const documents: Record<string, unknown> = {};
    for (const collection of rawCollections) {
      for await (const { entries, changed } of verifier.stored(collection)) {
        for (const entry of entries as RawEntry[]) {
          const document = rawDocumentOf(entry);
          documents[`${collection} ${document._id}`] = document;
        }
        for (const id of changed) documents[`${collection} changed ${id}`] = null;
      }
    }
    return documents;
  } finally {
    await verifier.close();
  }
}

/** A generator of numbers below a bound that gives the same ones each time. */
function random(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

describeWith('evidence in SQLite', [root, built, program('auditctl', 'auditd')], () => {
  const scene = useAuditScene('godo-verify-', 'once');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  let db: string;
  let key: string;
  let log: string;

  beforeAll(async () => {
    const { folder } = scene();
    db = join(folder, 'db');
    const secret = join(folder, 'secret.pem');
    key = join(folder, 'public.pem');
    await writeFile(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await writeFile(key, publicKey.export({ type: 'spki', format: 'pem' }));
    const godo = await startGodo(['--db', db, '--sign-key', secret, '--diag', join(folder, 'diag')]);
    await work(join(folder, 'work'));
    const { code, stderr } = await godo.stop();
    if (code !== 0) throw new Error(stderr);
    log = stderr;
  }, 120_000);

  /** A copy of the evidence to be changed. */
  async function copyOf(name: string): Promise<{ directory: string; file: string }> {
    const directory = join(scene().folder, name);
    await mkdir(directory);
    await copyFile(join(db, 'raw.db'), join(directory, 'raw.db'));
    return { directory, file: join(directory, 'raw.db') };
  }

  async function execute(file: string, sql: string): Promise<number> {
    const database = await openSqlite(file, { readOnly: false });
    const changes = Number(database.prepare(sql).run().changes);
    database.close();
    return changes;
  }

  it('is intact as it was recorded, signed by its key, and its last entry_hash is in the log', async () => {
    const result = await verify('--db', db, '--public-key', key);
    const { runs } = result;
    expect({ sound: isSound(result), result }).toEqual({ sound: true, result });
    expect(runs).toMatchObject([{ signatures: 'valid', findings: [], chain: [] }]);
    expect(runs[0]?.documents).toBeGreaterThan(200);
    const stopped = parseJsonLines<{ msg: string; entry_hash?: string }>(log).find(({ msg }) => msg === 'stopped');
    expect(stopped?.entry_hash).toBe(runs[0]?.entry_hash);

    const viewed = await runGodoProgram('viewer', ['verify', '--db', db]);
    expect({ code: viewed.code, text: viewed.stdout }).toEqual({
      code: result.code,
      text: expect.stringMatching(/^intact.*: run /),
    });
  });

  it('is the same from the --diag file, which may be replayed into it', async () => {
    const { folder } = scene();
    const fresh = join(folder, 'fresh');
    const { directory } = await copyOf('replayed');
    for (const target of [fresh, fresh, directory])
      await runGodoProgram('godo', ['replay', join(folder, 'diag'), '--db', target]);
    const [first] = (await verify('--db', db)).runs;
    const [again] = (await verify('--db', fresh)).runs;
    const into = await verify('--db', directory, '--public-key', key);
    expect(again).toEqual({ ...first, signatures: 'none' });
    expect({ sound: isSound(into), runs: into.runs.length, into }).toEqual({ sound: true, runs: 1, into });
  });

  it('is not signed by another key', async () => {
    const other = join(scene().folder, 'other.pem');
    await writeFile(other, generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
    const { code, runs } = await verify('--db', db, '--public-key', other);
    expect({ code, signatures: runs[0]?.signatures }).toEqual({ code: 1, signatures: 'invalid' });
  });

  it('without a row: the collection, the second and what is there are named', async () => {
    const { directory, file } = await copyOf('removed');
    const first = "(SELECT opened, id FROM files WHERE doc LIKE '%/work/f7\"%' LIMIT 1)";
    expect(await execute(file, `DELETE FROM files WHERE (opened, id) = ${first}`)).toBe(1);
    const { code, runs } = await verify('--db', directory, '--public-key', key);
    expect({ code, findings: runs[0]?.findings.map(({ kind, collection }) => ({ kind, collection })) }).toEqual({
      code: 1,
      findings: [{ kind: 'removed', collection: 'files' }],
    });
    const [{ expected, found, ids, from } = { expected: 0, found: 0, ids: [], from: 0 }] = runs[0]?.findings ?? [];
    expect({ missing: expected - found, named: ids.length > 0 }).toEqual({ missing: 1, named: true });
    expect(Math.abs((from ?? 0) - Date.now() / 1000)).toBeLessThan(600);
  });

  it('with a row that is another, or one more', async () => {
    const changed = await copyOf('changed');
    const change = `UPDATE files SET doc = replace(doc, '/work/f7"', '/work/f8"') WHERE doc LIKE '%/work/f7"%'`;
    expect(await execute(changed.file, change)).toBeGreaterThan(0);
    expect(await verify('--db', changed.directory)).toMatchObject({
      code: 1,
      runs: [{ findings: [{ kind: 'changed', collection: 'files' }] }],
    });

    const added = await copyOf('added');
    const columns = ['time', 'boot', "id || 'x'", 'origin', 'shape', 'doc'];
    expect(await execute(added.file, `INSERT INTO operations SELECT ${columns} FROM operations LIMIT 1`)).toBe(1);
    expect(await verify('--db', added.directory)).toMatchObject({
      code: 1,
      runs: [{ findings: [{ kind: 'added', collection: 'operations' }] }],
    });

    const cut = await copyOf('cut');
    expect(await execute(cut.file, 'DELETE FROM chain WHERE time = (SELECT min(time) FROM chain)')).toBeGreaterThan(0);
    expect((await verify('--db', cut.directory)).code).toBe(1);
  });

  it('with one byte that is another: never intact, unless all documents are read as they were', {
    timeout: 300_000,
  }, async () => {
    const bytes = await readFile(join(db, 'raw.db'));
    const before = await allDocuments(db);
    const next = random(20_261_126);
    const codes: Record<number, number> = {};
    for (let turn = 0; turn < 60; turn += 1) {
      const directory = join(scene().folder, 'flipped');
      await mkdir(directory, { recursive: true });
      const at = next(bytes.length);
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] as number) ^ (1 << next(8));
      await writeFile(join(directory, 'raw.db'), flipped);
      const { code, stderr } = await verify('--db', directory);
      codes[code ?? -1] = (codes[code ?? -1] ?? 0) + 1;
      expect({ at, stderr }).toEqual({ at, stderr: '' });
      // The byte is in no page that is used, or in what says the same again.
      if (code === 0 || code === 3)
        expect({ at, documents: await allDocuments(directory) }).toEqual({ at, documents: before });
      else expect([1, 2]).toContain(code);
    }
    expect((codes[1] ?? 0) + (codes[2] ?? 0)).toBeGreaterThan(20);
  });

  it('that is no database any more is unreadable', async () => {
    const { directory, file } = await copyOf('no-database');
    await writeFile(file, (await readFile(file)).fill(0x55, 0, 8192));
    expect(await verify('--db', directory)).toMatchObject({ code: 2, verdict: 'unreadable', stderr: '' });
    expect(await verify('--db', join(directory, 'nothing'))).toMatchObject({ code: 2, verdict: 'unreadable' });
  });

  it('of a run that was killed: all until its last link is checked, the rest is not covered', {
    timeout: 180_000,
  }, async () => {
    const { folder } = scene();
    const killed = join(folder, 'killed');
    const godo = await startGodo(['--db', killed]);
    await work(join(folder, 'work-1'));
    // Two checkpoints without anything: what was before them is settled.
    await new Promise((resolve) => setTimeout(resolve, 25_000));
    await work(join(folder, 'work-2'));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await godo.stop('SIGKILL');

    const { code, runs } = await verify('--db', killed);
    expect({ code, findings: runs[0]?.findings, chain: runs[0]?.chain }).toEqual({ code: 3, findings: [], chain: [] });
    const notCovered = Number(/(\d+) document\(s\) after its last link/.exec(runs[0]?.gaps.join() ?? '')?.[1]);
    expect(notCovered).toBeGreaterThan(100);
    expect(notCovered).toBeLessThan((runs[0]?.documents ?? 0) - 100);

    await cp(killed, `${killed}-1`, { recursive: true });
    const remove = `DELETE FROM files WHERE doc LIKE '%/work-1/f7"%'`;
    expect(await execute(join(`${killed}-1`, 'raw.db'), remove)).toBeGreaterThan(0);
    expect((await verify('--db', `${killed}-1`)).code).toBe(1);
  });

  it('refuses a key that others may read', async () => {
    const secret = join(scene().folder, 'open.pem');
    await writeFile(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o644 });
    const { code, stderr } = await runGodoProgram('godo', ['--db', join(scene().folder, 'none'), '--sign-key', secret]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('others may read or write it') });
  });
});

describeWith('evidence in MongoDB', [root, built, mongo, program('auditctl', 'auditd')], () => {
  const scene = useAuditScene('godo-verify-', 'once');
  const server = useMongoServer(startMongoServer);
  const where = () => rawDatabase(server(), 'verify').options;
  let client: MongoClient;

  beforeAll(async () => {
    client = await MongoClient.connect(server().uri, { useBigInt64: true });
    const godo = await startGodo([...where(), '--spool', join(scene().folder, 'spool')]);
    await work(join(scene().folder, 'work'));
    const { code, stderr } = await godo.stop();
    if (code !== 0) throw new Error(stderr);
  }, 120_000);

  afterAll(async () => {
    await client?.close();
  });

  const files = () => client.db('verify').collection<{ _id: string }>('files');
  const findings = ({ code, runs }: Awaited<ReturnType<typeof verify>>) => ({
    code,
    findings: runs[0]?.findings.map(({ kind, collection, expected, found }) => ({
      kind,
      collection,
      more: found - expected,
    })),
  });

  it('is intact as it was recorded', async () => {
    const result = await verify(...where());
    expect({ sound: isSound(result), result }).toEqual({ sound: true, result });
    expect(result.runs).toHaveLength(1);
  });

  it('without a document, with one that is another, with one more', async () => {
    const document = await files().findOne({ path: /\/work\/f7$/ });
    if (document === null) throw new Error('the file is not there');
    const { _id, ...rest } = document;
    const same = { collection: 'files' };

    await files().deleteOne({ _id });
    expect(findings(await verify(...where()))).toEqual({ code: 1, findings: [{ kind: 'removed', ...same, more: -1 }] });
    await files().insertOne({ ...rest, _id });
    expect(isSound(await verify(...where()))).toBe(true);

    await files().updateOne({ _id }, { $set: { exe: '/bin/other' } });
    expect(findings(await verify(...where()))).toEqual({ code: 1, findings: [{ kind: 'changed', ...same, more: 0 }] });
    await files().replaceOne({ _id }, rest);

    // What only repeats something is looked at, too.
    await files().updateOne({ _id }, { $set: { opened: '2026-01-01T00:00:00.000000000Z' } });
    expect(await verify(...where())).toMatchObject({ code: 1, problems: [expect.stringContaining(_id)] });
    await files().replaceOne({ _id }, rest);

    await files().insertOne({ ...rest, _id: `${_id}9`, fileSessionId: `${_id}9` } as never);
    expect(findings(await verify(...where()))).toEqual({ code: 1, findings: [{ kind: 'added', ...same, more: 1 }] });
  });
});
