/**
 * The acceptance of the whole pipeline: real kernel, real Docker engine, real databases, and the programs as a user
 * starts them. Nothing here is faked.
 */

import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { startMongoServer } from '../packages/evidence/test/support/mongodb-server.ts';
import { useAuditScene } from './support/audit-scene.ts';
import { type AuditState, readAuditState } from './support/audit-state.ts';
import { itExplainsTheContainers, type Scene } from './support/container-expectations.ts';
import { engineFacts, type OlderContainer, startOlderContainer, useContainers } from './support/container-run.ts';
import { docker, useDockerEngine } from './support/docker-scene.ts';
import { rawDatabase, useMongoServer } from './support/mongodb-scene.ts';
import { describeWith, program, root } from './support/needs.ts';
import { binPath, built, parseJsonLines, runGodoProgram, startGodo } from './support/programs.ts';
import { type Outcome, runOrThrow, runProgram } from './support/run-program.ts';
import { showEvidence, succeed } from './support/shown-evidence.ts';
import { readCookedEvidence, readRawEvidence } from './support/stored-evidence.ts';
import { tamperingIn } from './support/tampering.ts';

const needs = [
  ...[root, built, ...docker],
  ...[program('auditctl', 'auditd'), program('ausearch', 'auditd'), program('setpriv', 'util-linux')],
];

describeWith('the pipeline from the kernel to the terminal', needs, () => {
  let before: AuditState;
  let folder: string;
  useAuditScene('godo-pipeline-', 'once', (scene) => {
    ({ before, folder } = scene);
  });
  const engine = useDockerEngine();
  let older: OlderContainer;

  beforeAll(async () => {
    older = await startOlderContainer(engine());
  });

  /** Runs godo with these options over the activity, ends it, and looks at it through filter and viewer. */
  async function recordContainers(
    options: readonly string[],
    database: readonly string[],
  ): Promise<{ ended: Outcome; scene: Scene }> {
    const facts = await engineFacts(engine());
    const godo = await startGodo(options, { cwd: folder });
    let runId: string;
    let ended: Outcome;
    try {
      runId = await useContainers(engine(), older);
    } finally {
      ended = await godo.stop();
    }
    await succeed('filter', database);
    return { ended, scene: { engine: engine(), facts, older, runId, shown: await showEvidence(database) } };
  }

  describe('with SQLite', () => {
    let db: string;
    let diag: string;
    let ended: Outcome;
    let scene: Scene;

    beforeAll(async () => {
      db = join(folder, 'sqlite');
      diag = join(folder, 'diag.log');
      ({ ended, scene } = await recordContainers(['--db', db, '--diag', diag], ['--db', db]));
    });

    it('ends with exit code 0 at SIGTERM, says nothing on stdout, and leaves audit as it was', async () => {
      expect({ code: ended.code, signal: ended.signal, stdout: ended.stdout }).toEqual({
        code: 0,
        signal: null,
        stdout: '',
      });
      expect(await readAuditState()).toEqual(before);
    });

    itExplainsTheContainers(() => scene);

    it('prints tree, processes and changed files for people', async () => {
      const text = await succeed('viewer', ['--db', db]);
      expect(
        ['dockerd', 'containerd-shim-runc-v2', '/bin/true arg', '/root/y'].filter((w) => !text.includes(w)),
      ).toEqual([]);
      expect(text).not.toContain('\u001b[');
    });

    it('gives the same cooked evidence when filter runs again, and leaves the raw database alone', async () => {
      const [cookedBefore, rawBefore] = [await readCookedEvidence(db), await rawFiles(db)];
      expect(cookedBefore.processes.length).toBe(scene.shown.processes.length);
      await succeed('filter', ['--db', db]);
      expect(await rawFiles(db)).toEqual(rawBefore);
      expect(await readCookedEvidence(db)).toEqual(cookedBefore);
    });

    it('keeps a diagnosis file whose audit part ausearch reads', async () => {
      const found = await runOrThrow('ausearch', ['-if', diag, '-i', '-sc', 'execve']);
      expect(found.stdout).toMatch(/type=EXECVE .*a0=\/bin\/true a1=arg/);
      expect(found.stdout).toMatch(/type=SYSCALL .*syscall=execve .*exe=\/bin\/busybox/);
    });

    it('makes the same raw documents, ids included, from the diagnosis file', async () => {
      const again = join(folder, 'replayed');
      await succeed('godo', ['replay', diag, '--db', again]);
      const [live, replayed] = [await readRawEvidence(db), await readRawEvidence(again)];
      expect(live.pids.length).toBeGreaterThan(10);
      expect(replayed).toEqual(live);
    });

    it('replays a diagnosis file without root', async () => {
      const open = await openFolder('replay-nobody');
      const copy = join(open, 'diag.log');
      await runOrThrow('install', ['-m', '644', diag, copy]);
      const outcome = await asNobody(['replay', copy, '--db', join(open, 'db')]);
      expect({ code: outcome.code, stderr: outcome.code === 0 ? '' : outcome.stderr }).toEqual({ code: 0, stderr: '' });
      expect(await readRawEvidence(join(open, 'db'))).toEqual(await readRawEvidence(db));
    });
  });

  describe('with MongoDB, in the form of the original', () => {
    const server = useMongoServer(startMongoServer);
    let ended: Outcome;
    let scene: Scene;

    beforeAll(async () => {
      const address = new URL(server().uri).host;
      ({ ended, scene } = await recordContainers(
        ['-diag=1.txt', `-mongo=${address}`, '-backlog=65536'],
        ['--mongo', address],
      ));
    });

    it('ends with exit code 0 at SIGTERM and leaves audit as it was', async () => {
      expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 0, signal: null });
      expect(await readAuditState()).toEqual(before);
    });

    it('keeps raw evidence in the database test and cooked evidence in the database cooked', async () => {
      const client = await MongoClient.connect(server().uri);
      try {
        const count = (database: string, collection: string) =>
          client.db(database).collection(collection).countDocuments();
        const { processes } = scene.shown;
        const everyFile = await succeed('viewer', [
          '--mongo',
          new URL(server().uri).host,
          'sessions',
          '--all',
          '--json',
        ]);
        const files = parseJsonLines(everyFile);
        expect({
          processes: await count('cooked', 'processes'),
          files: await count('cooked', 'files'),
          raw: (await count('test', 'pids')) > processes.length && (await count('test', 'files')) > 0,
        }).toEqual({ processes: processes.length, files: files.length, raw: true });
      } finally {
        await client.close();
      }
    });

    it('keeps it so that a check finds nothing wrong', async () => {
      expect(await tamperingIn(rawDatabase(server(), 'test').target)).toEqual([]);
    });

    it('writes the diagnosis file where -diag says', async () => {
      expect(await readFile(join(folder, '1.txt'), 'utf8')).toMatch(/^type=SYSCALL msg=audit\(/m);
    });

    itExplainsTheContainers(() => scene);
  });

  describe('when it cannot work', () => {
    it('names the missing capability in one sentence without root, and changes nothing', async () => {
      const open = await openFolder('nobody');
      const outcome = await asNobody(['--db', join(open, 'db')]);
      expect(outcome.code).toBeGreaterThan(0);
      expect(sentences(outcome)).toEqual([expect.stringMatching(/\bCAP_(AUDIT_CONTROL|AUDIT_READ|NET_ADMIN)\b/)]);
      expect({ files: await readdir(open), audit: await readAuditState() }).toEqual({ files: [], audit: before });
    });

    it.each(['godo', 'filter', 'viewer'] as const)(
      'says in one sentence that the database does not answer: %s',
      async (name) => {
        const outcome = await runGodoProgram(name, ['--mongo', '127.0.0.1:1'], { timeoutMs: 50_000 });
        expect(outcome.code).toBeGreaterThan(0);
        expect(sentences(outcome)).toEqual([expect.stringContaining('127.0.0.1:1')]);
        expect(await readAuditState()).toEqual(before);
      },
    );
  });

  /** A folder that anybody may write to. */
  async function openFolder(name: string): Promise<string> {
    const path = join(folder, name);
    await chmod(folder, 0o755);
    await mkdir(path);
    await chmod(path, 0o777);
    return path;
  }
});

function asNobody(args: readonly string[]): Promise<Outcome> {
  const drop = ['--reuid=65534', '--regid=65534', '--clear-groups', '--'];
  return runProgram('setpriv', [...drop, process.execPath, binPath('godo'), ...args], { env: { GODO_DB: undefined } });
}

/** What a program that gave up said, by line; a log line in JSON counts as its message. A stack trace has many lines. */
function sentences({ stderr }: Outcome): string[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('{') ? String((JSON.parse(line) as { msg?: unknown }).msg) : line));
}

/** Every file of the raw database with the SHA-256 of its content: its journals count too. */
async function rawFiles(db: string): Promise<Record<string, string>> {
  const names = (await readdir(db)).filter((name) => name.startsWith('raw.db')).sort();
  const hash = async (name: string) =>
    createHash('sha256')
      .update(await readFile(join(db, name)))
      .digest('hex');
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await hash(name)])));
}
