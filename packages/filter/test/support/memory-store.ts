import type {
  CookedCollection,
  CookedDocuments,
  CookedEntry,
  CookedWriter,
  EventDocument,
  FileSessionDocument,
  LossDocument,
  RawReader,
  SessionDocument,
  TaskDocument,
} from '@godo/evidence';
import { runFilter } from '../../src/run-filter.ts';

export interface Raw {
  readonly pids?: readonly TaskDocument[];
  readonly files?: readonly FileSessionDocument[];
  readonly fds?: readonly FileSessionDocument[];
  readonly events?: readonly EventDocument[];
  readonly losses?: readonly LossDocument[];
  readonly sessions?: readonly SessionDocument[];
}

function compare(a: string | bigint, b: string | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function* stream<T>(documents: readonly T[], order: (a: T, b: T) => number): AsyncIterable<T> {
  yield* [...documents].sort(order);
}

/** Raw evidence in memory, in the orders the contract of RawReader promises. */
export function memoryReader(raw: Raw): RawReader {
  const byTime = (a: { timeNs: bigint; _id: string }, b: { timeNs: bigint; _id: string }) =>
    compare(a.timeNs, b.timeNs) || compare(a._id, b._id);
  const byOpening = (a: FileSessionDocument, b: FileSessionDocument) =>
    compare(a.openedNs, b.openedNs) || compare(a._id, b._id);
  return {
    location: 'memory',
    count: async (collection) => raw[collection]?.length ?? 0,
    tasks: () => stream(raw.pids ?? [], (a, b) => compare(a.key, b.key) || byTime(a, b)),
    closedFiles: () => stream(raw.files ?? [], byOpening),
    openFiles: () => stream(raw.fds ?? [], byOpening),
    events: () => stream(raw.events ?? [], byTime),
    losses: () => stream(raw.losses ?? [], byTime),
    sessions: () => stream(raw.sessions ?? [], byTime),
    close: async () => {},
  };
}

export interface MemoryWriter extends CookedWriter {
  readonly entries: CookedEntry[];
  readonly calls: string[];
}

export function memoryWriter(): MemoryWriter {
  const entries: CookedEntry[] = [];
  const calls: string[] = [];
  return {
    location: 'memory',
    entries,
    calls,
    insert: async (batch) => {
      entries.push(...batch);
    },
    commit: async () => {
      calls.push('commit');
    },
    abort: async () => {
      calls.push('abort');
    },
  };
}

export type Cooked = { readonly [C in CookedCollection]: CookedDocuments[C][] };

/** What the filter makes of raw evidence, by collection in the order it was written. */
export async function cook(raw: Raw): Promise<Cooked> {
  const writer = memoryWriter();
  await runFilter({ reader: memoryReader(raw), writer });
  const of = <C extends CookedCollection>(collection: C): CookedDocuments[C][] =>
    writer.entries
      .filter((entry) => entry.collection === collection)
      .map((entry) => entry.document as CookedDocuments[C]);
  return {
    processes: of('processes'),
    files: of('files'),
    containers: of('containers'),
    events: of('events'),
    losses: of('losses'),
    runs: of('runs'),
  };
}

/** Documents as text that keeps bigints apart from numbers. */
export function bytes(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner));
}
