/** `godo replay FILE|-`: the same pipeline from an audit.log or a --diag file. Needs no root. */

import { type FileHandle, open, stat } from 'node:fs/promises';
import { harmlessJson, openRawStore, type RawEntry, secretArgument, secretWarning } from '@godo/evidence';
import { Command } from 'commander';
import { diagPrefix } from '../diag/diag-line.ts';
import { ListenerError } from '../listener-error.ts';
import { DiagReplay } from '../replay/diag-replay.ts';
import { LogReplay } from '../replay/log-replay.ts';
import type { Replay } from '../replay/replay.ts';
import { feedText, type ReadBytes, readFrom, type TakeText } from '../replay/text-feed.ts';
import { compressionOf, mostBytesWithoutEvent } from '../replay/text-kind.ts';
import { DocumentQueue } from '../stages/document-queue.ts';
import { RefusalSum } from '../stages/refused-documents.ts';
import { addStoreOptions, defaultStars, engineNames, type SharedOptions, targetOf } from './options.ts';
import type { World } from './world.ts';

interface ReplayOptions extends Pick<SharedOptions, 'db' | 'dbFile' | 'mongo' | 'rawDb' | 'quiet' | 'root'> {
  readonly host: string;
  readonly json?: boolean;
}

const finishMs = 60_000;

export function replayCommand(world: World): Command {
  const command = new Command('replay')
    .description('make raw evidence from an audit.log or a --diag file')
    .argument('<file>', 'the file, or - for standard input');
  return addStoreOptions(command)
    .option('--host <name>', 'name of the host where the log itself names none', 'unknown-host')
    .option(
      '--root <exe>',
      'executable whose processes are roots of the tree, beside container engines (repeatable)',
      collect,
      [],
    )
    .option('-q, --quiet', 'warnings only')
    .option('--json', 'a summary as one JSON document on standard output')
    .action(async (file: string, options: ReplayOptions) => {
      const log = world.log(options);
      if (secretArgument(options) !== null) log.warn(secretWarning);
      const store = await openRawStore(targetOf(options));
      let documents = 0;
      let duplicates = 0;
      let failure: Error | null = null;
      const refused = new RefusalSum();
      const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
      const queue = new DocumentQueue(
        store,
        { batch: 1_000, bound: 20_000, retryMs: [200, 5_000], sleep, now: () => performance.now() },
        {
          written: (result) => {
            documents += result.inserted;
            duplicates += result.duplicates;
          },
          refused: (some) => refused.add(some),
          retrying: (error) => {
            failure = error;
            log.warn(`The database does not take what is recorded: ${error.message}`);
          },
        },
      );
      try {
        // To open it is to wait: as long as that takes, a signal ends it.
        if (await isPipe(file)) log.info(`${file} is a pipe: waiting for who writes into it.`);
        const replay = await readInto(file, options, queue);
        let undelivered = await queue.finish(finishMs);
        const loss = refused.loss();
        if (loss !== null && undelivered === 0) {
          replay.lost(loss);
          undelivered = await queue.finish(finishMs);
        }
        if (undelivered > 0) {
          const why = (failure as Error | null)?.message ?? 'it did not answer';
          throw new ListenerError('DATABASE', `The database did not take ${undelivered} documents: ${why}`);
        }
        const { lines, events, badLines, firstBad } = replay.counters;
        const summary = { lines, events, badLines, documents, duplicates };
        if (options.json) world.print(harmlessJson(JSON.stringify(summary)));
        log.info(summary, 'replayed');
        if (events === 0) {
          throw new ListenerError('BAD_INPUT', noEvent(file, '', firstBad));
        }
        if (replay.endsWithinLine) log.warn(`Line ${lines}, the last one, has no end: it may have been cut off.`);
        if (loss !== null) throw new ListenerError('DATABASE', `${loss.reason} All others are in it.`);
        if (badLines > 0) log.warn(`${badLines} line(s) could not be read, the first is ${firstBad}.`);
      } finally {
        await store.close();
      }
    });
}

async function readInto(file: string, options: ReplayOptions, queue: DocumentQueue): Promise<Replay> {
  const emit = (entry: RawEntry) => queue.push(entry);
  let replay: Replay | null = null;
  let taken = 0;
  const take: TakeText = async (text, from, to, last) => {
    // Too few bytes to tell the kind of the file by.
    if (replay === null && to - from < diagPrefix.length && !last) return 0;
    if (replay === null) refuseCompressed(file, text.subarray(from, to));
    replay ??= isDiagText(text, from)
      ? new DiagReplay(emit)
      : new LogReplay({ host: options.host, stars: [...defaultStars, ...options.root], engines: engineNames }, emit);
    let at = from;
    for (;;) {
      const { used, again } = replay.take(text, at, to, last);
      at += used;
      if (queue.full) await queue.room();
      if (!again) break;
    }
    taken += at - from;
    const { events, badLines, firstBad } = replay.counters;
    if (events === 0 && replay.open === 0 && badLines > 0 && taken >= mostBytesWithoutEvent) {
      const reach = `in its first ${mostBytesWithoutEvent / 2 ** 20} MiB`;
      throw new ListenerError('BAD_INPUT', noEvent(file, reach, firstBad));
    }
    return at - from;
  };
  await withInput(file, (read) => feedText(read, take));
  replay ??= new LogReplay({ host: options.host, stars: [], engines: [] }, emit);
  while (!replay.finish()) if (queue.full) await queue.room();
  return replay;
}

async function isPipe(file: string): Promise<boolean> {
  return file !== '-' && ((await stat(file).catch(() => null))?.isFIFO() ?? false);
}

async function withInput(file: string, use: (read: ReadBytes) => Promise<void>): Promise<void> {
  let handle: FileHandle | null = null;
  try {
    handle = file === '-' ? null : await open(file);
    await use(handle === null ? readFrom(process.stdin) : readFile(handle));
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall !== 'open' && syscall !== 'read') throw error;
    throw new ListenerError('BAD_INPUT', `${file} cannot be read: ${message}.`, { cause: error });
  } finally {
    await handle?.close();
  }
}

function readFile(handle: FileHandle): ReadBytes {
  return async (into, at, length) => (await handle.read(into, at, length)).bytesRead;
}

function noEvent(file: string, reach: string, firstBad: string | null): string {
  const where = reach === '' ? '' : ` ${reach}`;
  return `${file} holds no audit event${where}${firstBad === null ? '' : ` (${firstBad})`}: is it an audit.log or a --diag file?`;
}

/** @throws ListenerError BAD_INPUT */
function refuseCompressed(file: string, text: Uint8Array): void {
  const compression = compressionOf(text);
  if (compression === null) return;
  const { name, unpack } = compression;
  throw new ListenerError('BAD_INPUT', `${file} is compressed with ${name}: ${unpack} FILE | godo replay -`);
}

function isDiagText(text: Uint8Array, from: number): boolean {
  return Buffer.from(text.subarray(from, from + diagPrefix.length)).toString('latin1') === diagPrefix;
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}
