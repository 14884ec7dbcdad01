/** The load of the fault tests (programs/fault-load.c), and what is found of it in the evidence. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LossDocument, openRawReader, type StoreTarget } from '@godo/evidence';
import { runOrThrow, runProgram } from './run-program.ts';

/** Nobody's: calls of all others are hidden by a rule while the load runs, so that it is known what the kernel records. */
export const loadUid = 54_321;
const onlyTheLoad = ['exit,never', '-F', `uid!=${loadUid}`];

/** open: SYSCALL, CWD, two PATHs, EOE; write and close: SYSCALL, EOE. */
const recordsOfFile = 5 + 2 + 2;
/** fork: SYSCALL, EOE; execve: SYSCALL, EXECVE, CWD, PATH, EOE. */
const recordsOfSpawn = 2 + 5;
const callsOfFile = 3;
export const callsOfSpawn = 2;

export interface Batch {
  /** ms since the epoch. */
  readonly beganMs: number;
  readonly endedMs: number;
  readonly tookMs: number;
  /** Of that, for a processor: what else runs on this machine takes them from the load. */
  readonly waitedMs: number;
  /** When it began: ms of CLOCK_MONOTONIC, which no step of the clock changes. */
  readonly atMs: number;
  /** What a few such calls took just before that nothing records, without waiting for a processor. */
  readonly besideMs: number;
}

export interface LoadShape {
  readonly batches: number;
  /** ms between them. */
  readonly pause: number;
  /** Of each batch: files that are made, written to and closed, and programs that are started. */
  readonly files: number;
  readonly spawns: number;
}

export interface RunningLoad {
  readonly pid: number;
  /** Rejects where a call of the load failed, or a batch took two minutes. */
  readonly ended: Promise<LoadResult>;
  /** After the batch under way. */
  finish(): void;
}

export interface LoadResult {
  readonly folder: string;
  readonly shape: LoadShape;
  readonly batches: readonly Batch[];
  /** Audit events that its calls make, and their records. */
  readonly events: number;
  readonly records: number;
}

export class FaultLoad {
  readonly #program: string;
  readonly #scene: string;

  private constructor(program: string, scene: string) {
    this.#program = program;
    this.#scene = scene;
  }

  static async build(scene: string): Promise<FaultLoad> {
    const program = join(scene, 'fault-load');
    const source = fileURLToPath(new URL('../programs/fault-load.c', import.meta.url));
    await chmod(scene, 0o711);
    await runOrThrow('gcc', ['-static', '-O1', '-o', program, source]);
    return new FaultLoad(program, scene);
  }

  /** Before godo is started, for then it is first among all rules only for as long as godo has none of its own there. */
  async hideOthers(): Promise<void> {
    await runOrThrow('auditctl', ['-A', ...onlyTheLoad]);
  }

  async showOthers(): Promise<void> {
    await runProgram('auditctl', ['-d', ...onlyTheLoad]);
  }

  /** Begins at once. */
  async start(shape: LoadShape): Promise<RunningLoad> {
    const folder = await mkdtemp(join(this.#scene, 'load-'));
    const files = join(folder, 'files');
    await mkdir(files);
    await chmod(folder, 0o711);
    await chmod(files, 0o777);
    const journal = join(folder, 'journal');
    const { batches, files: filesEach, spawns, pause } = shape;
    const numbers = [batches, filesEach, spawns, pause, loadUid].map(String);
    const child = spawn(this.#program, [files, journal, ...numbers], { stdio: ['ignore', 'ignore', 'inherit'] });
    return {
      pid: child.pid as number,
      ended: result(child, files, journal, shape),
      finish: () => {
        child.kill('SIGTERM');
      },
    };
  }
}

async function result(child: ChildProcess, folder: string, journal: string, shape: LoadShape): Promise<LoadResult> {
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`The load ended with code ${code}.`);
  const bytes = await readFile(journal);
  const numbers = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
  const [batches = 0, opens = 0, writes, closes, forks = 0, execs] = Array.from(numbers.subarray(0, 6), Number);
  if (opens !== writes || opens !== closes || forks !== execs) throw new Error('The load has not done what it should.');
  const ms = (index: number) => Number((numbers[index] ?? 0n) / 1000n) / 1000;
  return {
    folder,
    shape,
    batches: Array.from({ length: batches }, (_, batch) => ({
      beganMs: ms(6 + 6 * batch),
      endedMs: ms(7 + 6 * batch),
      tookMs: ms(8 + 6 * batch),
      waitedMs: ms(9 + 6 * batch),
      atMs: ms(10 + 6 * batch),
      besideMs: ms(11 + 6 * batch),
    })),
    events: opens * callsOfFile + forks * callsOfSpawn,
    records: opens * recordsOfFile + forks * recordsOfSpawn,
  };
}

/** Of one batch: calls on files (open, write, close) and programs of which the evidence says nothing. */
export interface MissingInBatch {
  readonly calls: number;
  readonly spawns: number;
}

export interface FoundEvidence {
  readonly missing: readonly MissingInBatch[];
  /** Documents that say what did not happen: sessions of a file beyond one, more than one write, or more bytes. */
  readonly untrue: number;
  /** Sessions that are closed, and said to be so by something else than close. */
  readonly misclosed: number;
  readonly losses: readonly LossDocument[];
  /** Counters in the end documents of the runs, added. */
  readonly counters: Readonly<Record<string, number>>;
}

interface FoundFile {
  sessions: number;
  writes: number;
  bytes: number;
  closes: number;
}

export async function findEvidence(target: StoreTarget, load: LoadResult): Promise<FoundEvidence> {
  const reader = await openRawReader(target);
  try {
    const files = new Map<number, FoundFile>();
    let misclosed = 0;
    for (const sessions of [reader.closedFiles(), reader.openFiles()]) {
      for await (const batch of sessions) {
        for (const { path, writes, closedBy } of batch.sessions) {
          if (!path?.startsWith(`${load.folder}/f`)) continue;
          const number = Number(path.slice(load.folder.length + 2));
          const found = files.get(number) ?? { sessions: 0, writes: 0, bytes: 0, closes: 0 };
          found.sessions += 1;
          found.writes += writes.count;
          found.bytes += writes.bytes;
          if (closedBy !== undefined && closedBy !== null) found.closes += 1;
          if (closedBy === 'exit' || closedBy === 'exec') misclosed += 1;
          files.set(number, found);
        }
      }
    }
    const children = new Set<number>();
    for await (const tasks of reader.tasks()) {
      for (const { argv } of tasks) if (argv?.[1] === 'child') children.add(Number(argv[2]));
    }
    const counters: Record<string, number> = {};
    for await (const session of reader.sessions()) {
      for (const [name, value] of Object.entries(session.counters ?? {}))
        counters[name] = (counters[name] ?? 0) + value;
    }
    const losses: LossDocument[] = [];
    for await (const loss of reader.losses()) losses.push(loss);
    const none: FoundFile = { sessions: 0, writes: 0, bytes: 0, closes: 0 };
    const { files: filesEach, spawns: spawnsEach } = load.shape;
    const missing = load.batches.map((_, batch) => {
      let calls = 0;
      for (let number = batch * filesEach; number < (batch + 1) * filesEach; number += 1) {
        const { sessions, writes, closes } = files.get(number) ?? none;
        calls += callsOfFile - Math.min(sessions, 1) - Math.min(writes, 1) - Math.min(closes, 1);
      }
      const numbers = Array.from({ length: spawnsEach }, (_, index) => batch * spawnsEach + index);
      return { calls, spawns: numbers.filter((number) => !children.has(number)).length };
    });
    const untrue = [...files.values()].filter(({ sessions, writes, bytes }) => sessions > 1 || writes > 1 || bytes > 1);
    return { missing, misclosed, untrue: untrue.length, losses, counters };
  } finally {
    await reader.close();
  }
}
