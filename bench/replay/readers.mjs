/**
 * Who reads the log. run(context) reads all of it once and gives what it cost (measured.mjs) with
 *
 *     { done (what it made of the log, equal in every run), outputBytes, serverSeconds (CPU of a database server) }
 *
 * The context: { log, folder (of this run), measure, godo, mongo, number (of the run) }.
 */

import { chownSync, closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuSecondsOf } from '../support/cpu.mjs';
import { neutralEnvironment, rawBytes } from '../support/godo.mjs';
import { laurelSettings, laurelUser } from '../support/laurel.mjs';
import { runMeasured } from '../support/measured.mjs';
import { dropDatabase } from '../support/mongodb.mjs';
import { findProgram, godoProgram } from '../support/programs.mjs';

const limitSeconds = 900;

const godoSqlite = {
  name: 'godo',
  about: 'godo replay into SQLite',
  needs: {},
  async run({ log, folder, measure, godo }) {
    const db = join(folder, 'db');
    const { cost, summary } = await replay(['--db', db], { log, folder, measure, godo });
    return { ...cost, done: summary.documents, unit: 'documents', outputBytes: rawBytes(db), serverSeconds: null };
  },
};

const godoMongo = {
  name: 'godo-mongodb',
  about: 'godo replay into a MongoDB server',
  needs: {},
  mongo: true,
  async run({ log, folder, measure, godo, mongo, number }) {
    const name = `bench_${number}`;
    const before = mongo.pid === null ? null : cpuSecondsOf(mongo.pid);
    const target = ['--db', mongo.uri, '--raw-db', name];
    const { cost, summary } = await replay(target, { log, folder, measure, godo });
    const serverSeconds = before === null ? null : cpuSecondsOf(mongo.pid) - before;
    await dropDatabase(mongo.uri, name);
    return { ...cost, done: summary.documents, unit: 'documents', outputBytes: null, serverSeconds };
  },
};

const laurel = {
  name: 'laurel',
  about: 'laurel reading from standard input, as auditd feeds it',
  needs: { laurel: 'laurel' },
  async run({ log, folder, measure }) {
    const output = join(folder, 'laurel');
    mkdirSync(output);
    const user = laurelUser();
    if (user !== null) chownSync(output, user.uid, user.gid);
    const settings = join(folder, 'laurel.toml');
    writeFileSync(settings, laurelSettings(output));
    const cost = await withInput(log, (input) =>
      runMeasured(measure, folder, [findProgram('laurel'), '--config', settings], {
        stdio: [input, 'ignore', 'ignore'],
        limitSeconds,
      }),
    );
    return { ...cost, ...linesOf(join(output, 'audit.log'), 'events'), serverSeconds: null };
  },
};

const ausearch = printing('ausearch', ['--raw', '-if'], 'ausearch --raw', 'lines');
const aureport = printing('aureport', ['-f', '-if'], 'aureport -f', 'lines');

export const readers = [godoSqlite, godoMongo, laurel, ausearch, aureport];

function printing(name, args, about, unit) {
  return {
    name,
    about,
    needs: { [name]: 'auditd' },
    async run({ log, folder, measure }) {
      const file = join(folder, 'output');
      const output = openSync(file, 'w');
      const stdio = ['ignore', output, 'ignore'];
      const cost = await runMeasured(measure, folder, [findProgram(name), ...args, log], { stdio, limitSeconds });
      closeSync(output);
      return { ...cost, ...linesOf(file, unit), serverSeconds: null };
    },
  };
}

async function replay(target, { log, folder, measure, godo }) {
  const file = join(folder, 'summary');
  const [output, errors] = [openSync(file, 'w'), openSync(join(folder, 'errors'), 'w')];
  const command = [process.execPath, godoProgram(godo), 'replay', log, '--quiet', '--json', ...target];
  const env = neutralEnvironment();
  const cost = await runMeasured(measure, folder, command, { stdio: ['ignore', output, errors], env, limitSeconds });
  for (const fd of [output, errors]) closeSync(fd);
  if (cost.code !== 0) throw new Error(`godo replay failed:\n${readFileSync(join(folder, 'errors'), 'utf8')}`);
  return { cost, summary: JSON.parse(readFileSync(file, 'utf8')) };
}

async function withInput(file, use) {
  const input = openSync(file, 'r');
  try {
    return await use(input);
  } finally {
    closeSync(input);
  }
}

function linesOf(file, unit) {
  const buffer = readFileSync(file);
  let lines = 0;
  for (let at = buffer.indexOf(10); at >= 0; at = buffer.indexOf(10, at + 1)) lines += 1;
  return { done: lines, unit, outputBytes: statSync(file).size };
}
