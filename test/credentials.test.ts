/**
 * Passwords of the database: they come from a file, the environment or the command line, and are shown nowhere. The
 * server asks for them (SCRAM) and speaks TLS.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Authority } from '../packages/evidence/test/support/certificates.ts';
import {
  type MongoServer,
  mongoServerStartMs,
  startGuardedServer,
} from '../packages/evidence/test/support/mongodb-server.ts';
import { useAuditScene } from './support/audit-scene.ts';
import { metricsFrom } from './support/metrics.ts';
import { mongo } from './support/mongodb-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { commandLineOf, ProcessListWatch } from './support/process-list.ts';
import { binPath, built, type ProgramName, runGodoProgram, startGodo } from './support/programs.ts';
import type { Outcome } from './support/run-program.ts';
import { waitFor } from './support/wait-for.ts';

/** Of letters and digits alone, so that it is written the same way wherever it is written. */
const marker = `MARKER${randomBytes(12).toString('hex')}`;

/** As bytes, and as records of audit and `…Hex` fields write them. */
function holdsMarker(content: string | Buffer): boolean {
  const bytes = Buffer.from(content);
  const hex = Buffer.from(marker).toString('hex');
  return [marker, hex, hex.toUpperCase()].some((form) => bytes.includes(form));
}

/** Names of those that hold the marker. */
function holders(contents: Readonly<Record<string, string | Buffer>>): string[] {
  return Object.entries(contents).flatMap(([name, content]) => (holdsMarker(content) ? [name] : []));
}

async function filesBelow(folder: string): Promise<Record<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await readFile(file)] as const)));
}

async function documentsAt(uri: string, ...databases: string[]): Promise<Record<string, string>> {
  const client = new MongoClient(uri);
  const found: Record<string, string> = {};
  try {
    for (const name of databases) {
      const database = client.db(name);
      for (const { name: collection } of await database.listCollections({}, { nameOnly: true }).toArray()) {
        found[`${name}.${collection}`] = JSON.stringify(await database.collection(collection).find().toArray());
      }
    }
    return found;
  } finally {
    await client.close();
  }
}

const outputs = (name: string, { stdout, stderr }: Outcome) => ({
  [`${name} stdout`]: stdout,
  [`${name} stderr`]: stderr,
});
const warning = 'The password on the command line could be read by everybody';

describeWith('a password on the command line', [built], () => {
  /** Takes connections and never says a word. */
  let silent: Server;
  let uri: string;
  beforeAll(async () => {
    silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    uri = `mongodb://ann:${marker}@127.0.0.1:${(silent.address() as { port: number }).port}/`;
  });
  afterAll(() => silent.close());

  it.each<[ProgramName, readonly string[]]>([
    ['filter', []],
    ['viewer', ['files']],
    ['godo', ['replay', '/dev/null']],
  ])('is not in the list of processes any more when %s goes to its server', async (name, words) => {
    const connected = once(silent, 'connection');
    const child: ChildProcess = spawn(process.execPath, [binPath(name), ...words, '--mongo', uri], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    try {
      await Promise.race([connected, ended.then(() => Promise.reject(new Error(`${name} ended`)))]);
      const shown = commandLineOf(child.pid ?? 0);
      expect(shown).toBe([process.execPath, binPath(name), ...words, '--mongo', uri.replace(marker, '***')].join(' '));
      // Its name is that of the program still, not of what was written over its arguments.
      expect(await readFile(`/proc/${child.pid}/comm`, 'utf8')).not.toContain('/');
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });

  it('is not quoted where the command line is wrong', async () => {
    const wrong: readonly [ProgramName, string[]][] = [
      ['godo', [`--mongoo=${uri}`]],
      ['filter', [`--bd=${uri}`]],
      ['filter', ['--mongo', `mongodb://ann:${marker}.db:27017/`]],
      ['viewer', [uri]],
      ['viewer', ['--mongo', uri, '--db', uri]],
    ];
    const told = await Promise.all(wrong.map(([name, words]) => runGodoProgram(name, words)));
    expect(told.map(({ code }) => code)).toEqual([2, 2, 1, 2, 1]);
    expect(told.filter(({ stdout, stderr }) => holdsMarker(stdout + stderr))).toEqual([]);
  });

  it('does not get into a unit, which everybody may read', async () => {
    const outcome = await runGodoProgram('godo', ['install-service', '--print', '--', '--quiet', '--mongo', uri]);
    expect({ ...outcome, stderr: outcome.stderr.includes('--db-file') && !holdsMarker(outcome.stderr) }).toEqual({
      ...{ code: 1, signal: null },
      ...{ stdout: '', stderr: true },
    });
  });
});

describeWith('the password of the database', [root, built, mongo, program('openssl', 'openssl')], () => {
  const scene = useAuditScene('godo-credentials-', 'once');
  let server: MongoServer;
  let uri: string;
  let file: string;

  beforeAll(async () => {
    const { folder } = scene();
    const secrets = join(folder, 'secrets');
    await mkdir(secrets);
    const authority = new Authority(secrets, 'authority');
    const { host, ...guarded } = await startGuardedServer({
      user: { name: 'ann', password: marker },
      tls: authority.issue('server', 'IP:127.0.0.1'),
    });
    server = { ...guarded };
    uri = `mongodb://ann:${marker}@${host}/?tls=true&tlsCAFile=${authority.certificate}`;
    file = join(secrets, 'database');
    await writeFile(file, `${uri}\n`, { mode: 0o400 });
  }, mongoServerStartMs);
  afterAll(() => server?.stop());

  it('is nowhere but in its file, or in the environment', async () => {
    const { folder } = scene();
    const own = join(folder, 'by-file');
    await mkdir(own);
    const watch = new ProcessListWatch(marker);
    const socket = join(own, 'metrics');
    const godo = await startGodo([
      ...['--db-file', file, '--diag', join(own, 'diag'), '--spool', join(own, 'spool')],
      ...['--metrics', `unix:${socket}`, '--verbose'],
    ]);
    let said: Readonly<Record<string, string | Buffer>> = {};
    try {
      // As systemd hands them over (LoadCredential=, and Environment=GODO_DB_FILE=%d/database).
      const cooked = await runGodoProgram('filter', [], { env: { GODO_DB_FILE: file } });
      const shown = await runGodoProgram('viewer', ['stats'], { env: { GODO_DB: uri } });
      const status = await runGodoProgram('godo', ['status']);
      const statusJson = await runGodoProgram('godo', ['status', '--json']);
      expect([cooked, shown, status, statusJson].map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([
        0, 0, 0, 0,
      ]);
      expect(status.stdout).toContain('mongodb://***@127.0.0.1:');
      said = {
        ...outputs('filter', cooked),
        ...outputs('viewer', shown),
        ...outputs('status', status),
        ...outputs('status --json', statusJson),
        metrics: await metricsFrom(socket),
        note: await readFile('/run/godo/listener.json'),
      };
    } finally {
      said = { ...said, ...outputs('godo', await godo.stop()) };
    }
    const documents = await documentsAt(uri, 'test', 'cooked');
    expect(Object.keys(documents)).toEqual(expect.arrayContaining(['test.pids', 'test.sessions', 'cooked.processes']));
    expect(holders({ ...said, ...documents, ...(await filesBelow(own)) })).toEqual([]);
    expect(watch.stop()).toEqual([]);
    expect(watch.looks).toBeGreaterThan(10);
  }, 180_000);

  it.each(['argument', 'environment'] as const)(
    'is handed on by `godo record`, that has it by %s, to its own programs in theirs, and not to the command',
    async (how) => {
      const own = join(scene().folder, `record-${how}`);
      await mkdir(own);
      const databases = [`raw_${how}`, `cooked_${how}`] as const;
      const options = ['--raw-db', databases[0], '--cooked-db', databases[1], '--diag', join(own, 'diag')];
      const given = how === 'argument' ? ['--mongo', uri] : [];
      const watch = new ProcessListWatch(marker);
      const outcome = await runGodoProgram(
        'godo',
        ['record', ...given, ...options, '--', 'sh', '-c', 'env; sleep 0.2'],
        {
          timeoutMs: 120_000,
          env: how === 'argument' ? {} : { GODO_DB: uri },
        },
      );
      const seen = watch.stop();
      expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('Process tree') });
      expect(outcome.stderr.includes(warning)).toBe(how === 'argument');
      const documents = await documentsAt(uri, ...databases);
      expect(Object.keys(documents)).toContain(`${databases[1]}.processes`);
      expect(holders({ ...outputs('record', outcome), ...documents, ...(await filesBelow(own)) })).toEqual([]);
      // Its own, until it was hidden, and no other.
      expect(seen.filter((line) => !line.includes('godo.js record'))).toEqual([]);
    },
    180_000,
  );

  it('is in no evidence of a listener that was given it by argument, nor of the other two programs', async () => {
    const own = join(scene().folder, 'by-argument');
    await mkdir(own);
    // Of others it is evidence. This one was there before, and is found in /proc.
    const others = 'OTHERS5ECRET';
    const sleeper = spawn('sleep', ['600'], { argv0: `sleeper --db=mongodb://ann:${others}@db/`, stdio: 'ignore' });
    try {
      const godo = await startGodo([`-mongo=${uri}`, '--raw-db', 'raw_argument', '--diag', join(own, 'diag')]);
      let ended: Outcome;
      try {
        const [watch, ofOthers] = [new ProcessListWatch(marker), new ProcessListWatch(others)];
        await waitFor('three looks at the processes', () => watch.looks > 2 && ofOthers.looks > 2, 10_000);
        // Nobody but that one hides its own.
        expect([watch.stop(), ofOthers.stop()]).toEqual([[], [expect.stringMatching(/^sleeper /)]]);
        expect(await environmentsBelow(godo.pid)).toEqual([]);
        const filter = await runGodoProgram('filter', ['--mongo', uri, '--raw-db', 'raw_argument']);
        const viewer = await runGodoProgram('viewer', [`--mongo=${uri}`, 'stats']);
        expect([filter, viewer].map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0]);
        expect([filter.stderr, viewer.stderr].map((text) => text.includes(warning))).toEqual([true, true]);
      } finally {
        ended = await godo.stop();
      }
      expect(ended.stderr).toContain(warning);
      const documents = await documentsAt(uri, 'raw_argument', 'cooked');
      expect(holders({ ...outputs('godo', ended), ...documents, ...(await filesBelow(own)) })).toEqual([]);
      // They are there, but for that word.
      const pids = documents['raw_argument.pids'];
      for (const word of ['"--mongo","', '"--mongo=']) expect(pids).toContain(`${word}mongodb://ann:***@127.0.0.1:`);
      expect(pids).toContain(others);
    } finally {
      sleeper.kill();
    }
  }, 180_000);
});

/** Those of its children, in whose environment the marker is. */
async function environmentsBelow(pid: number): Promise<string[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'))
    .split(' ')
    .filter((child) => child !== '');
  expect(children.length).toBeGreaterThan(0);
  const environments = await Promise.all(
    children.map(async (child) => [child, await readFile(`/proc/${child}/environ`)] as const),
  );
  return holders(Object.fromEntries(environments));
}
