/** godo's own programs and evidence, from the built checkout that `--godo` names. */

import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BenchError } from './cleanup.mjs';
import { startMeasured } from './measured.mjs';
import { godoProgram } from './programs.mjs';

const startMs = 60_000;

/**
 * Starts the listener with SQLite in `${folder}/db` and waits until it listens. Beside what startMeasured gives:
 * `log()` (the entries of its log so far), and `stop()` resolves with { cost, counters } (its own final counters).
 */
export async function startGodo(directory, measure, folder, args = []) {
  const logFile = join(folder, 'godo.log');
  const log = openSync(logFile, 'w');
  const command = [process.execPath, godoProgram(directory), '--db', join(folder, 'db'), ...args];
  const measured = await startMeasured(measure, folder, command, {
    stdio: ['ignore', 'ignore', log],
    env: neutralEnvironment(),
  });
  closeSync(log);
  const entries = () => readLog(logFile);
  const limit = performance.now() + startMs;
  while (!entries().some(({ msg }) => msg === 'listening')) {
    if (measured.child.exitCode !== null || performance.now() > limit)
      throw new BenchError(`godo did not get to listen:\n${readFileSync(logFile, 'utf8')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    ...measured,
    log: entries,
    async stop() {
      const cost = await measured.stop();
      const counters = entries().findLast(({ msg }) => msg === 'stopped')?.counters;
      if (counters === undefined) throw new Error(`godo did not end in order:\n${readFileSync(logFile, 'utf8')}`);
      return { cost, counters };
    },
  };
}

/** What the user has set must not decide what is measured. */
export function neutralEnvironment() {
  const { GODO_DB, NODE_OPTIONS, ...rest } = process.env;
  return rest;
}

/**
 * Reads raw evidence (a SQLite folder) through godo's own reader. `of` names a method of RawReader: tasks, closedFiles,
 * openFiles, events, losses or sessions. Gives one document (or file session) after the other, whether the reader
 * gives them singly or in batches.
 */
export async function* readRaw(directory, db, of) {
  const evidence = await import(pathToFileURL(join(directory, 'packages/evidence/dist/index.js')).href);
  const reader = await evidence.openRawReader({ kind: 'sqlite', directory: db });
  try {
    for await (const batch of reader[of]()) {
      if (Array.isArray(batch)) yield* batch;
      else if (Array.isArray(batch.sessions)) yield* batch.sessions;
      else yield batch;
    }
  } finally {
    await reader.close();
  }
}

/** Bytes of the raw database with its journals. */
export function rawBytes(db) {
  const files = readdirSync(db).filter((name) => name.startsWith('raw.db'));
  return files.reduce((sum, name) => sum + statSync(join(db, name)).size, 0);
}

function readLog(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
}
