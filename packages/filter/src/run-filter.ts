import {
  type CookedDocuments,
  type CookedEntry,
  type CookedEventDocument,
  type CookedOperationDocument,
  type CookedWriter,
  changesFile,
  type EventDocument,
  type FilePassage,
  type FileSession,
  type MissedSpan,
  MissedTimes,
  missedSpan,
  type OperationDocument,
  openFilePassage,
  type RawDocuments,
  type RawReader,
  type SessionDocument,
} from '@godo/evidence';
import { type Batch, createBatch } from './batch.ts';
import { ContainerDevices } from './container-devices.ts';
import { LearntContainers } from './container-facts.ts';
import { type Containers, containerDocument, gatherContainers } from './containers.ts';
import { settleRoots } from './engine-roots.ts';
import { cookFile, judgeOpener, type SessionDoubts } from './file-sessions.ts';
import { KnownProcesses } from './known-processes.ts';
import { isUsableEvent, isUsableMoment, isUsableOperation } from './other-documents.ts';
import { cutCycles, linkParents } from './parent-links.ts';
import { processDocument } from './process-document.ts';
import { ProcessGrouping } from './process-grouping.ts';
import { ProcessTable } from './process-table.ts';
import { markTree, walkTree } from './process-tree.ts';
import { type Progress, silent } from './progress.ts';
import { mergeRuns, type Runs } from './runs.ts';
import type { Summary } from './summary.ts';
import { UnendedRuns } from './unended-runs.ts';
import { endUnseen } from './unseen-ends.ts';

export interface FilterInput {
  readonly reader: RawReader;
  readonly writer: CookedWriter;
  readonly progress?: Progress;
  /** Ends the run early; the old cooked evidence stays. */
  readonly signal?: AbortSignal;
}

/**
 * Makes cooked evidence from raw evidence: the process tree below the stars, and the files, events and containers of
 * its processes. The same raw evidence gives the same documents.
 *
 * Memory grows with the number of the processes and their different command lines (process-table.ts), not with their
 * files.
 *
 * @throws What the stores throw, and the reason of `signal`; the new set is aborted then and the old one stays.
 */
export async function runFilter(input: FilterInput): Promise<Summary> {
  try {
    const summary = await filter(input);
    await input.writer.commit();
    return summary;
  } catch (error) {
    // What went wrong first is what the user must hear of.
    await input.writer.abort().catch(() => {});
    throw error;
  }
}

type Tally = {
  -readonly [K in 'threads' | 'filesKept' | 'filesSeen' | 'operations' | 'events' | 'losses' | 'unusable']: number;
};

interface Reading {
  readonly reader: RawReader;
  readonly progress: Progress;
  /** So many documents were read or written. @throws The reason of the signal that ends the run. */
  step(count?: number): void;
}

/** What the steps have in common. */
interface Work extends Reading {
  readonly batch: Batch;
  readonly tally: Tally;
  readonly doubts: SessionDoubts;
}

/** What the tree is made of. */
interface Tree {
  readonly table: ProcessTable;
  readonly containers: Containers;
  readonly runs: Runs;
}

async function filter({ reader, writer, progress = silent, signal }: FilterInput): Promise<Summary> {
  const tally: Tally = { threads: 0, filesKept: 0, filesSeen: 0, operations: 0, events: 0, losses: 0, unusable: 0 };
  const step = (count = 1): void => {
    signal?.throwIfAborted();
    progress.step(count);
  };
  const batch = createBatch(writer);
  const reading: Reading = { reader, progress, step };
  const runs = await readRuns(reading);
  const missed = await readMissed(reading);
  const unended = new UnendedRuns(runs.documents);
  const work: Work = { ...reading, batch, tally, doubts: { missed, unended } };

  const passage = await openFilePassage(reader, writer, missed);
  const { processes, containers, devices, known, passed } = await cookProcesses(work, runs, passage);
  if (!passed) await writeFiles(work, 'closed files', known, containers);
  await learnCheckpoints(work, unended);
  await writeFiles(work, 'open files', known, containers);
  await writeOthers(work, 'operations', reader.operations(), isUsableOperation, (one) => cookOperation(one, known));
  const learnt = new LearntContainers((id) => containers.has(id));
  await writeOthers(work, 'events', reader.events(), isUsableEvent, (event) => {
    const cooked = cookEvent(event, known);
    if (cooked !== null) learnt.add(event);
    return cooked;
  });
  await writeOthers(work, 'losses', reader.losses(), isUsableMoment, (loss) => loss);
  for (const container of containers.sorted()) {
    const document = containerDocument(
      container,
      devices.of(container.id),
      learnt.of(container.id),
      runs.compareSessions,
    );
    await batch.add({ collection: 'containers', document });
  }
  for (const document of runs.documents) await batch.add({ collection: 'runs', document });
  await batch.flush();
  progress.end();
  return { processes, containers: containers.size, runs: runs.documents.length, ...tally };
}

/**
 * The table of processes lives no longer than this: much of the memory is free again for the files. Where closed files
 * have a short way, they take it while the processes are written.
 */
async function cookProcesses(work: Work, runs: Runs, passage: FilePassage | null) {
  const devices = new ContainerDevices();
  const table = await readTasks(work, runs, devices);
  linkParents(table);
  cutCycles(table);
  markTree(table);
  settleRoots(table, runs);
  const order = walkTree(table);
  const containers = gatherContainers(table, order);
  const known = new KnownProcesses(table);
  // Sessions of a key that stands for another one do not stay as they are.
  const beside = passage === null || table.keys.hasAliases ? null : passFiles(work, passage, known, containers);
  await writeProcesses(work, { table, containers, runs }, beside);
  return { processes: order.length, containers, devices, known, passed: beside !== null };
}

async function readRuns({ reader, progress, step }: Reading): Promise<Runs> {
  const sessions: SessionDocument[] = [];
  progress.phase('runs');
  for await (const session of reader.sessions()) {
    step();
    sessions.push(session);
  }
  return mergeRuns(sessions);
}

/** They come before the files, for they tell what is not sure of those. */
async function readMissed({ reader, step }: Reading): Promise<MissedTimes> {
  const spans: MissedSpan[] = [];
  for await (const loss of reader.losses()) {
    step();
    const span = isUsableMoment(loss) ? missedSpan(loss) : null;
    if (span !== null) spans.push(span);
  }
  return new MissedTimes(spans);
}

async function readTasks(
  { reader, progress, tally, step }: Work,
  runs: Runs,
  devices: ContainerDevices,
): Promise<ProcessTable> {
  const table = new ProcessTable();
  const grouping = new ProcessGrouping(runs);
  progress.phase('reading tasks');
  for await (const tasks of reader.tasks()) {
    step(tasks.length);
    devices.add(tasks);
    for (const process of grouping.add(tasks)) table.add(process);
  }
  for (const process of grouping.finish()) table.add(process);
  for (const [from, to] of grouping.aliases) table.keys.alias(from, to);
  endUnseen(table, runs, grouping.unended, (sessionId) => grouping.lookOf(sessionId));
  tally.unusable += grouping.unusable;
  return table;
}

/**
 * Writes the processes, and after each batch of them takes a step of what goes on beside it. The steps come in turns, not
 * as they happen to be ready: the same evidence gives the same file.
 */
async function writeProcesses(work: Work, tree: Tree, beside: AsyncGenerator<void> | null): Promise<void> {
  const { batch, progress, tally, step } = work;
  const { table, containers, runs } = tree;
  progress.phase(beside === null ? 'writing processes' : 'writing processes and closed files');
  // In the order of their keys, in which they were read: the database likes that better than the order of the tree.
  for (const row of table.rows()) {
    if (!table.places.isInside(row)) continue;
    step();
    const document = processDocument(table, row, containers, runs);
    tally.threads += document.threads.length;
    const full = batch.add({ collection: 'processes', document });
    if (full === undefined) continue;
    await full;
    await beside?.next();
  }
  if (beside !== null) for await (const _ of beside);
}

async function writeFiles(
  work: Work,
  phase: 'closed files' | 'open files',
  known: KnownProcesses,
  containers: Containers,
): Promise<void> {
  const { reader, progress, tally, step } = work;
  progress.phase(phase);
  for await (const { sessions, unusable } of phase === 'closed files' ? reader.closedFiles() : reader.openFiles()) {
    const seen = sessions.length + unusable;
    step(seen);
    tally.filesSeen += seen;
    tally.unusable += unusable;
    await writeSessions(work, sessions, known, containers);
  }
}

/** Open files are read twice where a run has no end: what is known of one depends on all of them. */
async function learnCheckpoints({ reader, progress, step }: Reading, unended: UnendedRuns): Promise<void> {
  if (unended.isEmpty) return;
  progress.phase('checkpoints');
  for await (const { sessions } of reader.openFiles()) {
    step(sessions.length);
    for (const session of sessions) unended.learn(session);
  }
}

async function writeSessions(
  { batch, tally, doubts }: Work,
  sessions: readonly FileSession[],
  known: KnownProcesses,
  containers: Containers,
): Promise<void> {
  for (const file of sessions) {
    const session = cookFile(file, known, doubts);
    if (session === null) continue;
    tally.filesKept += 1;
    if (session.containerId !== null && changesFile(session)) {
      containers.changedFiles(session.origin.bootId, session.containerId, 1);
    }
    const full = batch.add({ collection: 'files', session });
    if (full !== undefined) await full;
  }
}

/** The closed files by their short way, some thousand a step. */
async function* passFiles(
  work: Work,
  passage: FilePassage,
  known: KnownProcesses,
  containers: Containers,
): AsyncGenerator<void> {
  const { tally, step } = work;
  const judge = (key: string, containerId: string | null) => judgeOpener(key, containerId, known);
  for await (const { seen, unusable, passed, sessions, changed } of passage.closedFiles(judge)) {
    step(seen);
    tally.filesSeen += seen;
    tally.unusable += unusable;
    tally.filesKept += passed;
    for (const { bootId, containerId, count } of changed) containers.changedFiles(bootId, containerId, count);
    await writeSessions(work, sessions, known, containers);
    yield;
  }
}

/**
 * Writes what comes over document by document.
 *
 * @param isUsable - Whether it has what is asked of it.
 * @param cook - As it is in cooked evidence; null: it is left out.
 */
async function writeOthers<C extends 'operations' | 'events' | 'losses'>(
  { batch, progress, tally, step }: Work,
  collection: C,
  documents: AsyncIterable<RawDocuments[C]>,
  isUsable: (document: RawDocuments[C]) => boolean,
  cook: (document: RawDocuments[C]) => CookedDocuments[C] | null,
): Promise<void> {
  progress.phase(collection);
  for await (const document of documents) {
    step();
    if (!isUsable(document)) {
      tally.unusable += 1;
      continue;
    }
    const cooked = cook(document);
    if (cooked === null) continue;
    tally[collection] += 1;
    const full = batch.add({ collection, document: cooked } as CookedEntry);
    if (full !== undefined) await full;
  }
}

function cookOperation(operation: OperationDocument, known: KnownProcesses): CookedOperationDocument | null {
  const row = known.find(operation.key);
  if (!known.isInside(row)) return null;
  const containerId = operation.containerId ?? known.containerOf(row);
  return { ...operation, key: known.keyFor(operation.key), containerId };
}

function cookEvent(event: EventDocument, known: KnownProcesses): CookedEventDocument | null {
  if (typeof event.key !== 'string') return event;
  const row = known.find(event.key);
  if (!known.isInside(row)) return null;
  return { ...event, key: known.keyFor(event.key), containerId: event.containerId ?? known.containerOf(row) };
}
