/**
 * bench:store: documents a second into the stores and out of them.
 *
 * Each run is a process of its own with a database of its own. It makes the documents beforehand; the clock runs while
 * they are inserted, in batches as the listener's, and again while a reader gives them all. Two kinds:
 *
 * - *files*: file sessions, 20 of a process, most in containers, of which 8 in 10 were written to;
 * - *tasks*: four observations of each process: fork, exec as audit tells it, exec as the connector does, exit.
 *
 * *insert/s*, *read/s*: documents a second of wall time. *CPU µs*: user and system time of our process for a document,
 * making and closing the database included; *server µs* is what the MongoDB server took for it, insert and read together.
 * *bytes*: of the database for a document, indexes included. A SQLite insert is complete when the log is in the file.
 * With `--godo` another checkout is measured, also one from before file sessions had a short form.
 */

import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { runBench } from './support/cleanup.mjs';
import { cpuSecondsOf } from './support/cpu.mjs';
import { dropDatabase, startMongo } from './support/mongodb.mjs';
import { benchOptions, keepOnly } from './support/options.mjs';
import { godoProgram, temporaryFolder } from './support/programs.mjs';
import { printJson, printTable, progress, shown, versions } from './support/report.mjs';
import { spreads } from './support/statistics.mjs';

const run = promisify(execFile);
const cellProgram = fileURLToPath(new URL('./store/cell.mjs', import.meta.url));
const about = 'Documents a second into SQLite and MongoDB and out of them, their CPU time, and their bytes.';
const own = {
  documents: { type: 'string', default: '300000', value: 'N', help: 'documents of a run; for MongoDB a tenth' },
  batch: { type: 'string', default: '1000', value: 'N', help: 'documents handed over at a time' },
};

await runBench(async () => {
  const options = benchOptions('bench:store', about, own, ['documents', 'batch']);
  if (options === null) return;
  godoProgram(options.godo);
  const cells = keepOnly(options.only, [
    { name: 'sqlite-files', store: 'sqlite', what: 'files', documents: options.documents },
    { name: 'sqlite-tasks', store: 'sqlite', what: 'tasks', documents: options.documents },
    { name: 'mongodb-files', store: 'mongodb', what: 'files', documents: Math.ceil(options.documents / 10) },
    { name: 'mongodb-tasks', store: 'mongodb', what: 'tasks', documents: Math.ceil(options.documents / 10) },
  ]);
  const server = cells.some(({ store }) => store === 'mongodb') ? await startMongo() : null;
  const results = new Map(cells.map(({ name }) => [name, []]));
  for (let turn = 1; turn <= options.runs; turn += 1) {
    for (const cell of cells) {
      if (cell.store === 'mongodb' && server === null) continue;
      progress(`${cell.name}: run ${turn} of ${options.runs}`);
      results.get(cell.name).push(await runCell(cell, options, server));
    }
  }
  progress('');
  const measured = cells.map((cell) => ({ ...cell, ...spreads(results.get(cell.name)) }));
  printCells(measured);
  if (server === null && measured.some(({ store }) => store === 'mongodb'))
    process.stdout.write('MongoDB was left out: set MONGODB_URI, or install mongod.\n\n');
  const settings = { runs: options.runs, documents: options.documents, batch: options.batch };
  printJson(
    {
      bench: 'store',
      cells: measured,
      settings,
      server: server?.name ?? null,
      versions: await versions(options.godo, []),
    },
    options.json,
  );
});

async function runCell({ store, what, documents }, { godo, batch }, server) {
  if (store === 'sqlite') {
    const directory = temporaryFolder();
    const cost = await runProgram({ godo, target: { kind: 'sqlite', directory }, what, documents, batch });
    return result(cost, documents, statSync(join(directory, 'raw.db')).size, null);
  }
  const database = `godo_bench_${process.pid}`;
  const target = { kind: 'mongodb', uri: server.uri, rawDb: database, cookedDb: `${database}_cooked` };
  const before = server.pid === null ? null : cpuSecondsOf(server.pid);
  try {
    const cost = await runProgram({ godo, target, what, documents, batch });
    const serverSeconds = before === null ? null : cpuSecondsOf(server.pid) - before;
    return result(cost, documents, await mongoBytes(server.uri, database), serverSeconds);
  } finally {
    await dropDatabase(server.uri, database);
  }
}

async function runProgram(given) {
  const { stdout } = await run(process.execPath, ['--expose-gc', cellProgram, JSON.stringify(given)], {
    maxBuffer: 1e6,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return JSON.parse(stdout);
}

function result({ insert, read }, documents, bytes, serverSeconds) {
  const microseconds = (seconds) => (seconds === null ? null : (seconds * 1e6) / documents);
  return {
    insertsPerSecond: documents / insert.seconds,
    insertCpuMicroseconds: microseconds(insert.cpuSeconds),
    readsPerSecond: documents / read.seconds,
    readCpuMicroseconds: microseconds(read.cpuSeconds),
    serverCpuMicroseconds: microseconds(serverSeconds),
    bytesPerDocument: bytes / documents,
  };
}

async function mongoBytes(uri, database) {
  const client = await MongoClient.connect(uri);
  try {
    const { storageSize = 0, indexSize = 0 } = await client.db(database).command({ dbStats: 1 });
    return Number(storageSize) + Number(indexSize);
  } finally {
    await client.close();
  }
}

function printCells(cells) {
  const head = ['store', 'documents', 'insert/s', 'CPU µs', 'read/s', 'CPU µs', 'server µs', 'bytes'];
  const rows = cells.map((cell) => [
    cell.name,
    shown(cell.documents),
    perSecond(cell.insertsPerSecond),
    shown(cell.insertCpuMicroseconds?.median),
    perSecond(cell.readsPerSecond),
    shown(cell.readCpuMicroseconds?.median),
    shown(cell.serverCpuMicroseconds?.median),
    perSecond(cell.bytesPerDocument),
  ]);
  printTable('Medians, for a document', [head, ...rows]);
}

function perSecond(spread) {
  return spread ? shown(Math.round(spread.median)) : '·';
}
