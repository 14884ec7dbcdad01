import {
  type CookedCollection,
  type CookedDocuments,
  type CookedEntry,
  type CookedWriter,
  cookedFileDocument,
  type EventDocument,
  type FileSession,
  type FileSessionDocument,
  type FileSessions,
  fileSessionOf,
  type LossDocument,
  type OperationDocument,
  type ProcessDocument,
  type RawReader,
  type SessionDocument,
  type TaskDocument,
} from '@godo/evidence';
import { runFilter } from '../../src/run-filter.ts';

export interface Raw {
  readonly pids?: readonly TaskDocument[];
  readonly files?: readonly FileSessionDocument[];
  readonly fds?: readonly FileSessionDocument[];
  readonly operations?: readonly OperationDocument[];
  readonly events?: readonly EventDocument[];
  readonly losses?: readonly LossDocument[];
  readonly sessions?: readonly SessionDocument[];
}

/** Damaged evidence has anything for an id; a database keeps it as some text. */
function compare(a: unknown, b: unknown): number {
  const [one, other] = [a, b].map((value) => (typeof value === 'bigint' || typeof value === 'string' ? value : ''));
  return one === undefined || other === undefined || one === other ? 0 : one < other ? -1 : 1;
}

async function* stream<T>(documents: readonly T[], order: (a: T, b: T) => number): AsyncIterable<T> {
  yield* [...documents].sort(order);
}

/** Small, so that what belongs together often comes apart. */
const batchSize = 3;

async function* batches<T>(documents: readonly T[], order: (a: T, b: T) => number): AsyncIterable<readonly T[]> {
  const sorted = [...documents].sort(order);
  for (let from = 0; from < sorted.length; from += batchSize) yield sorted.slice(from, from + batchSize);
}

async function* sessions(documents: readonly FileSessionDocument[]): AsyncIterable<FileSessions> {
  const order = (a: FileSessionDocument, b: FileSessionDocument) =>
    compare(a.openedNs, b.openedNs) || compare(a._id, b._id);
  for await (const batch of batches(documents, order)) {
    const usable = batch.map((one) => fileSessionOf(one)).filter((one): one is FileSession => one !== null);
    yield { sessions: usable, unusable: batch.length - usable.length };
  }
}

/** Raw evidence in memory, in the orders the contract of RawReader promises. */
export function memoryReader(raw: Raw): RawReader {
  const byTime = (a: { timeNs: bigint; _id: string }, b: { timeNs: bigint; _id: string }) =>
    compare(a.timeNs, b.timeNs) || compare(a._id, b._id);
  return {
    location: 'memory',
    count: async (collection) => (collection === 'chain' ? 0 : (raw[collection]?.length ?? 0)),
    tasks: () => batches(raw.pids ?? [], (a, b) => compare(a.key, b.key) || byTime(a, b)),
    closedFiles: () => sessions(raw.files ?? []),
    openFiles: () => sessions(raw.fds ?? []),
    operations: () => stream(raw.operations ?? [], byTime),
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

function byDepth(a: ProcessDocument, b: ProcessDocument): number {
  const last = 2n ** 63n;
  return a.depth - b.depth || compare(a.startNs ?? last, b.startNs ?? last) || compare(a.key, b.key);
}

/**
 * What the filter makes of raw evidence, by collection in the order it was written; processes from the roots of the tree
 * downwards, for the database gives them an order of its own.
 */
export async function cook(raw: Raw): Promise<Cooked> {
  const writer = memoryWriter();
  await runFilter({ reader: memoryReader(raw), writer });
  const of = <C extends CookedCollection>(collection: C): CookedDocuments[C][] =>
    writer.entries
      .filter((entry) => entry.collection === collection)
      .map((entry) => ('session' in entry ? cookedFileDocument(entry.session) : entry.document) as CookedDocuments[C]);
  return {
    processes: of('processes').sort(byDepth),
    files: of('files'),
    operations: of('operations'),
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
