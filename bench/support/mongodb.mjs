/**
 * A MongoDB server for benches: `$MONGODB_URI`; `mongod` from PATH; or the FerretDB that the tests have built and keep
 * (packages/evidence/test/support/mongodb-server.ts). Nothing is built or fetched here.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MongoClient } from 'mongodb';
import { onCleanup } from './cleanup.mjs';
import { findProgram, temporaryFolder } from './programs.mjs';

/**
 * Starts a server and gives { uri, name, pid (null where it runs elsewhere), stop() } when it answers; null where there
 * is none, for a bench to say so and leave its part out.
 */
export async function startMongo() {
  const given = process.env.MONGODB_URI;
  if (given) return { uri: given, name: 'MongoDB ($MONGODB_URI)', pid: null, stop: async () => undefined };
  const mongod = findProgram('mongod');
  const ferretdb = mongod === null ? builtFerretdb() : null;
  if (mongod === null && ferretdb === null) return null;
  const folder = temporaryFolder();
  const port = await freePort();
  const command =
    mongod === null
      ? [ferretdb, folder]
      : [mongod, '--dbpath', folder, '--port', `${port}`, '--bind_ip', '127.0.0.1', '--nounixsocket'];
  // The built server ends with its standard input: it cannot outlive us.
  const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const ended = once(child, 'close');
  const stop = onCleanup('stop the MongoDB server', async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const lines = createInterface({ input: child.stdout });
  const uri = mongod === null ? (await once(lines, 'line'))[0] : `mongodb://127.0.0.1:${port}/`;
  lines.on('line', () => undefined);
  await untilItAnswers(uri);
  return { uri, name: mongod === null ? 'FerretDB 1.24 on SQLite' : 'mongod', pid: child.pid, stop };
}

/** Drops a database of the server. */
export async function dropDatabase(uri, name) {
  const client = await MongoClient.connect(uri);
  try {
    await client.db(name).dropDatabase();
  } finally {
    await client.close();
  }
}

function builtFerretdb() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'godo');
  try {
    const name = readdirSync(cache).find((file) => /^ferretdb-for-tests-[0-9a-f]+$/.test(file));
    return name === undefined ? null : join(cache, name);
  } catch {
    return null;
  }
}

async function untilItAnswers(uri) {
  const end = performance.now() + 60_000;
  for (;;) {
    const client = new MongoClient(uri, { serverSelectionTimeoutMS: 1000 });
    try {
      await client.db('admin').command({ ping: 1 });
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
    } finally {
      await client.close();
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
