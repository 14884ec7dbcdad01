/**
 * A MongoDB server for tests, in this order: `$MONGODB_URI`; `mongod` from PATH; a released `ferretdb` 1 from PATH or
 * Go's bin directory; a FerretDB that is built once with Go from ferretdb/ beside this file, and kept in the user's
 * cache directory. Whatever is started listens on a free loopback port, keeps its data in a directory of its own, and
 * is stopped by the one who started it.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';

export interface MongoServer {
  readonly uri: string;
  /** Of the server that was started here; undefined: it is somebody else's. */
  readonly pid?: number;
  /** Ends the server, if it was started here, and removes its data. */
  stop(): Promise<void>;
}

/** Who may come in to a server, and how. */
export interface GuardedServerOptions {
  readonly user?: { readonly name: string; readonly password: string };
  /** Files in PEM form: what the server shows. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** File in PEM form: clients must have a certificate of this authority. */
  readonly clientAuthority?: string;
}

/** A FerretDB of our own that asks for passwords (SCRAM) or speaks TLS; whatever else there is on this machine. */
export async function startGuardedServer(
  options: GuardedServerOptions,
): Promise<MongoServer & { readonly host: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'godo-mongodb-'));
  const { user, tls, clientAuthority } = options;
  const server = startServer(await builtFerretdb(), [directory], {
    ...(user && { FERRETDB_USER: user.name, FERRETDB_PASSWORD: user.password }),
    ...(tls && { FERRETDB_CERTIFICATE: tls.certificate, FERRETDB_KEY: tls.key }),
    ...(clientAuthority !== undefined && { FERRETDB_CA: clientAuthority }),
  });
  // It says its address when it takes connections.
  const uri = await addressOf(server);
  return { uri, host: new URL(uri).host, pid: server.child.pid as number, stop: () => stopped(server, directory) };
}

/** What the first start may take: FerretDB is downloaded and compiled. For `beforeAll`. */
export const mongoServerStartMs = 900_000;

/** A server of our own, that may be killed and comes back with its data at the same address. */
export interface MortalMongoServer extends MongoServer {
  readonly pid: number;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** After a kill. */
  startAgain(): Promise<void>;
}

/** Never that of `$MONGODB_URI`. */
export async function startMortalMongoServer(): Promise<MortalMongoServer> {
  const directory = mkdtempSync(join(tmpdir(), 'godo-mongodb-'));
  const port = await freePort();
  const uri = `mongodb://127.0.0.1:${port}/`;
  const start = async (): Promise<RunningServer> => {
    const mongod = findProgram('mongod');
    const server =
      mongod === null
        ? startServer(await builtFerretdb(), [directory, `127.0.0.1:${port}`])
        : startServer(mongod, ['--dbpath', directory, '--port', `${port}`, '--bind_ip', '127.0.0.1', '--nounixsocket']);
    await untilItAnswers(uri, () => (server.child.exitCode === null ? null : server.log()));
    return server;
  };
  let server = await start();
  const kill = async () => {
    if (server.child.exitCode !== null || server.child.signalCode !== null) return;
    const ended = once(server.child, 'exit');
    server.child.kill('SIGKILL');
    await ended;
  };
  return {
    uri,
    get pid() {
      return server.child.pid as number;
    },
    kill,
    startAgain: async () => {
      server = await start();
    },
    stop: async () => {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const run = promisify(execFile);
const sources = fileURLToPath(new URL('./ferretdb/', import.meta.url));

/**
 * Whether a server can be had. Where none can, says so on standard error and gives false, for `describe.skipIf`; with
 * CI=true it throws, for there a missing server must not look like a passed test.
 */
export function canStartMongoServer(): boolean {
  if (process.env.MONGODB_URI || ['mongod', 'ferretdb', 'go'].some((name) => findProgram(name) !== null)) return true;
  const sentence = 'No MongoDB to test with: set MONGODB_URI, or install mongod, ferretdb 1.24 or Go.';
  if (process.env.CI === 'true') throw new Error(sentence);
  process.stderr.write(`${sentence} Tests that need it are skipped.\n`);
  return false;
}

/** Starts a server that answers by the time this resolves; allow {@link mongoServerStartMs}. */
export async function startMongoServer(): Promise<MongoServer> {
  const given = process.env.MONGODB_URI;
  if (given) {
    await untilItAnswers(given, () => null);
    return { uri: given, stop: async () => undefined };
  }
  const directory = mkdtempSync(join(tmpdir(), 'godo-mongodb-'));
  try {
    const mongod = findProgram('mongod');
    if (mongod) return await startMongod(mongod, directory);
    const ferretdb = findProgram('ferretdb');
    if (ferretdb && (await isReleased(ferretdb))) return await startFerretdb(ferretdb, directory);
    return await startBuilt(await builtFerretdb(), directory);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

async function startMongod(program: string, directory: string): Promise<MongoServer> {
  const port = await freePort();
  const options = ['--dbpath', directory, '--port', `${port}`, '--bind_ip', '127.0.0.1', '--nounixsocket'];
  return started(startServer(program, options), `mongodb://127.0.0.1:${port}/`, directory);
}

async function startFerretdb(program: string, directory: string): Promise<MongoServer> {
  const port = await freePort();
  const options = [
    '--telemetry=disable',
    '--handler=sqlite',
    `--sqlite-url=file:${directory}/`,
    `--listen-addr=127.0.0.1:${port}`,
    '--debug-addr=-',
    `--state-dir=${directory}`,
    '--log-level=error',
  ];
  return started(startServer(program, options), `mongodb://127.0.0.1:${port}/`, directory);
}

/** A FerretDB that `go install` made panics at start, for it does not know its version; version 2 needs PostgreSQL. */
async function isReleased(program: string): Promise<boolean> {
  return run(program, ['--version']).then(
    ({ stdout }) => /\bv1\./.test(stdout),
    () => false,
  );
}

async function startBuilt(program: string, directory: string): Promise<MongoServer> {
  const server = startServer(program, [directory]);
  return started(server, await addressOf(server), directory);
}

async function addressOf(server: RunningServer): Promise<string> {
  const lines = createInterface({ input: server.child.stdout as NodeJS.ReadableStream });
  const [uri] = await Promise.race([
    once(lines, 'line') as Promise<[string]>,
    once(server.child, 'exit').then(() => Promise.reject(new Error(`the MongoDB server ended: ${server.log()}`))),
  ]);
  return uri;
}

interface RunningServer {
  readonly child: ChildProcess;
  /** The last of what it said on standard error. */
  log(): string;
}

function startServer(program: string, options: readonly string[], environment: NodeJS.ProcessEnv = {}): RunningServer {
  // Standard input stays open as long as we live: the built server ends with it.
  const child = spawn(program, options, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  let log = '';
  child.on('error', (error) => {
    log += error.message;
  });
  child.stdout?.resume();
  child.stderr?.on('data', (chunk) => {
    log = (log + chunk).slice(-4000);
  });
  process.once('exit', () => child.kill('SIGKILL'));
  return { child, log: () => log };
}

async function started(server: RunningServer, uri: string, directory: string): Promise<MongoServer> {
  const { child } = server;
  const stop = () => stopped(server, directory);
  try {
    await untilItAnswers(uri, () => (child.exitCode === null ? null : server.log()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { uri, stop };
}

async function stopped({ child }: RunningServer, directory: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const overdue = setTimeout(10_000, null, { ref: false }).then(() => child.kill('SIGKILL'));
    await Promise.race([ended, overdue.then(() => ended)]);
  }
  rmSync(directory, { recursive: true, force: true });
}

/** @param ended what the server said last, once it has ended. */
async function untilItAnswers(uri: string, ended: () => string | null): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const client = new MongoClient(uri, { serverSelectionTimeoutMS: 1000 });
    try {
      await client.db('admin').command({ ping: 1 });
      return;
    } catch (error) {
      const last = ended();
      if (last !== null) throw new Error(`the MongoDB server ended: ${last}`);
      if (Date.now() > deadline) throw error;
      await setTimeout(100);
    } finally {
      await client.close();
    }
  }
}

/** The path of the FerretDB built from ferretdb/; builds it when there is none of these very sources yet. */
async function builtFerretdb(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(join(sources, name)));
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'godo');
  const program = join(cache, `ferretdb-for-tests-${hash.digest('hex').slice(0, 16)}`);
  if (isExecutable(program)) return program;
  const go = findProgram('go');
  if (go === null) {
    throw new Error('No MongoDB to test with: set MONGODB_URI, or install mongod, ferretdb 1.24 or Go.');
  }
  process.stderr.write('Building FerretDB for the tests; this takes some minutes, once.\n');
  mkdirSync(cache, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  await run(go, ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-o', unfinished, '.'], { cwd: sources });
  renameSync(unfinished, program);
  return program;
}

function findProgram(name: string): string | null {
  const home = process.env.GOPATH?.split(delimiter)[0] || join(homedir(), 'go');
  const directories = [...(process.env.PATH ?? '').split(delimiter), join(home, 'bin'), '/usr/local/go/bin'];
  return directories.map((directory) => join(directory, name)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
