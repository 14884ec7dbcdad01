/** Runs all situations of one machine under a listener, and takes its evidence apart by situation. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CookedEventDocument, CookedFileDocument, CookedOperationDocument } from '@godo/evidence';
import { unmountBelow } from '../mounts.ts';
import { parseJsonLines } from '../programs.ts';
import { runOrThrow } from '../run-program.ts';
import { type ShownProcess, succeed } from '../shown-evidence.ts';
import { waitFor } from '../wait-for.ts';
import { type ShownDocuments, toldOf } from './told.ts';

export const abis = ['x86_64', 'i386'] as const;
export type Abi = (typeof abis)[number];

export interface Outcome {
  /** 0: as it should be; 77: this kernel cannot do it; 137: it was killed, as it should be in one situation. */
  readonly code: number;
  /** A line for each thing that is told. */
  readonly told: readonly string[];
}

export type ConformanceRun = Readonly<Record<Abi, Readonly<Record<string, Outcome>>>>;

/** The situation whose file is held by another process, that ran before. */
const holding = 'open-before';

const sources = fileURLToPath(new URL('../../programs/conformance/', import.meta.url));

/** @param folder an empty one, on a file system that keeps the times of files (tmpfs does not, for mappings). */
export async function runConformance(folder: string): Promise<ConformanceRun> {
  for (const abi of abis) await build(join(folder, abi === 'i386' ? 'conformance32' : 'conformance'), abi);
  const btrfs = join(folder, 'btrfs');
  await mkdir(btrfs);
  await runOrThrow('truncate', ['-s', '128M', join(folder, 'btrfs.img')]);
  await runOrThrow('mkfs.btrfs', ['-q', join(folder, 'btrfs.img')]);
  try {
    await runOrThrow('mount', ['-o', 'loop', join(folder, 'btrfs.img'), btrfs]);
    for (const abi of abis) {
      await mkdir(join(btrfs, abi));
      await writeFile(join(btrfs, abi, 'source'), Buffer.alloc(8192, 'x'));
      await mkdir(join(folder, abi));
    }
    return await record(folder);
  } finally {
    await unmountBelow(folder);
  }
}

async function build(binary: string, abi: Abi): Promise<void> {
  const files = (await readdir(sources)).filter((name) => name.endsWith('.c')).map((name) => join(sources, name));
  const options = ['-static', '-O1', '-pthread', ...(abi === 'i386' ? ['-m32'] : [])];
  await runOrThrow('gcc', [...options, '-o', binary, ...files]);
}

const binaryOf = (folder: string, abi: Abi) => join(folder, abi === 'i386' ? 'conformance32' : 'conformance');

async function record(folder: string): Promise<ConformanceRun> {
  const holders: ChildProcess[] = [];
  // Tasks that were forked before audit was first enabled are never seen.
  await runOrThrow('auditctl', ['-e', '1']);
  try {
    for (const abi of abis) holders.push(await hold(folder, abi));
    const script = abis.map((abi) => `(cd ${folder}/${abi} && ${binaryOf(folder, abi)} run)`).join(' && ');
    const roots = abis.flatMap((abi) => ['--root', `${binaryOf(folder, abi)}-holder`]);
    const options = ['--db', join(folder, 'db'), '--diag', join(folder, 'diag.log'), ...roots];
    await succeed('godo', ['record', ...options, '--', 'sh', '-c', script]);
  } finally {
    for (const holder of holders) holder.kill('SIGKILL');
  }
  return foundIn(folder, await shownIn(join(folder, 'db')));
}

/** A process that has a file open before the listener starts, and goes on when the situation wants it to. */
async function hold(folder: string, abi: Abi): Promise<ChildProcess> {
  const own = join(folder, `held-${abi}`);
  const binary = `${binaryOf(folder, abi)}-holder`;
  await mkdir(own);
  await runOrThrow('cp', [binaryOf(folder, abi), binary]);
  await runOrThrow('mkfifo', [join(folder, `go-${abi}`)]);
  const holder = spawn(binary, ['hold', `../go-${abi}`], { cwd: own, stdio: 'inherit' });
  holder.on('exit', () => {
    writeFile(join(folder, `ended-${abi}`), '').catch(() => {});
  });
  await waitFor(
    'the file of the holder',
    async () => (await readFile(join(own, 'held'), 'utf8').catch(() => '')) !== '',
    10_000,
  );
  return holder;
}

interface Shown extends ShownDocuments {
  readonly processes: readonly ShownProcess[];
}

async function shownIn(db: string): Promise<Shown> {
  const show = async <T>(...what: readonly string[]) =>
    parseJsonLines<T>(await succeed('viewer', ['--db', db, ...what, '--json']));
  return {
    processes: await show('processes'),
    files: await show<CookedFileDocument>('sessions', '--all'),
    operations: await show<CookedOperationDocument>('operations'),
    events: await show<CookedEventDocument>('events'),
  };
}

async function foundIn(folder: string, shown: Shown): Promise<ConformanceRun> {
  const run = { x86_64: {}, i386: {} } as Record<Abi, Record<string, Outcome>>;
  for (const abi of abis) {
    const results = await readFile(join(folder, abi, 'results'), 'utf8');
    for (const line of results.trim().split('\n')) {
      const [name = '', code] = line.split(' ');
      const own = join(folder, abi, name);
      const folders = new Map([
        [own, '.'],
        [Buffer.from(own).toString('hex'), '.'],
        [join(folder, 'btrfs', abi), 'btrfs:'],
        [join(folder, `held-${abi}`), 'held:'],
      ]);
      const processes = shown.processes.filter((process) => isOf(process, binaryOf(folder, abi), name));
      const keys = processes.flatMap((process) => withChildren(shown.processes, process));
      run[abi][name] = { code: Number(code), told: toldOf(shown, keys, folders) };
    }
  }
  return run;
}

function isOf({ executions, exe }: ShownProcess, binary: string, name: string): boolean {
  if (name === holding) return exe === `${binary}-holder`;
  return executions.some((execution) => execution.exe === binary && execution.argv?.[1] === name);
}

/** Keys of the process and of all below it, in order of their starts. */
function withChildren(processes: readonly ShownProcess[], { key }: ShownProcess): string[] {
  const children = processes.filter(({ parentKey }) => parentKey === key);
  return [key, ...children.flatMap((child) => withChildren(processes, child))];
}
