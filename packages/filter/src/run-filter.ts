import {
  type CookedEntry,
  type CookedWriter,
  changesFile,
  type FileSessionDocument,
  type RawReader,
  type SessionDocument,
} from '@godo/evidence';
import { createBatch } from './batch.ts';
import { compareContainers, containerDocument, containerKey, gatherContainers } from './containers.ts';
import { hangShims } from './engines.ts';
import { cookFile, isUsableFile } from './file-sessions.ts';
import { containerOf } from './inheritance.ts';
import { isUsableEvent, isUsableMoment } from './other-documents.ts';
import { cutCycles, linkParents } from './parent-links.ts';
import { processDocument } from './process-document.ts';
import { createProcessTable } from './process-table.ts';
import { markTree, walkTree } from './process-tree.ts';
import { type Progress, silent } from './progress.ts';
import { mergeRuns } from './runs.ts';
import type { Summary } from './summary.ts';

export interface FilterInput {
  readonly reader: RawReader;
  readonly writer: CookedWriter;
  readonly progress?: Progress;
  /** Ends the run early; the old cooked evidence stays. */
  readonly signal?: AbortSignal;
}

/**
 * Makes cooked evidence from raw evidence: the process tree below the stars, and the files, events and containers of
 * its processes. Memory grows with the processes, not with the files. The same raw evidence gives the same documents.
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

async function filter({ reader, writer, progress = silent, signal }: FilterInput): Promise<Summary> {
  const count = { threads: 0, filesKept: 0, filesSeen: 0, events: 0, losses: 0, unusable: 0 };

  const step = (): void => {
    signal?.throwIfAborted();
    progress.step();
  };

  const sessions: SessionDocument[] = [];
  progress.phase('runs');
  for await (const session of reader.sessions()) {
    step();
    sessions.push(session);
  }
  const runs = mergeRuns(sessions);

  const tableBuilder = createProcessTable();
  progress.phase('reading tasks');
  for await (const task of reader.tasks()) {
    step();
    if (!tableBuilder.observe(task)) count.unusable += 1;
  }
  const table = tableBuilder.finish();
  const find = (key: string) => table.get(key);

  linkParents(table);
  cutCycles(table.values());
  markTree(table);
  hangShims(table);
  const order = walkTree(table);
  const containers = gatherContainers(order);

  const batch = createBatch(writer);
  const put = (entry: CookedEntry): Promise<void> | undefined => batch.add(entry);

  progress.phase('writing processes');
  for (const node of order) {
    step();
    const document = processDocument(node, containers, runs);
    count.threads += document.threads.length;
    const full = put({ collection: 'processes', document });
    if (full !== undefined) await full;
  }
  for (const node of order) {
    // Files need only who was in the tree, where, and until when.
    node.executions = [];
    node.tasks = null;
    node.children = null;
  }

  const closed = { phase: 'closed files', files: reader.closedFiles(), idOf: (file: FileSessionDocument) => file._id };
  const open = {
    phase: 'open files',
    files: reader.openFiles(),
    idOf: (file: FileSessionDocument) => file.fileSessionId,
  };
  for (const { phase, files, idOf } of [closed, open]) {
    progress.phase(phase);
    for await (const file of files) {
      step();
      count.filesSeen += 1;
      if (!isUsableFile(file)) {
        count.unusable += 1;
        continue;
      }
      const document = cookFile(file, idOf(file), find);
      if (document === null) continue;
      count.filesKept += 1;
      if (document.containerId !== null && changesFile(document)) {
        const container = containers.get(containerKey(document.bootId, document.containerId));
        if (container !== undefined) container.filesChanged += 1;
      }
      const full = put({ collection: 'files', document });
      if (full !== undefined) await full;
    }
  }

  progress.phase('events');
  for await (const event of reader.events()) {
    step();
    if (!isUsableEvent(event)) {
      count.unusable += 1;
      continue;
    }
    const node = typeof event.key === 'string' ? find(event.key) : undefined;
    if (typeof event.key === 'string' && node?.membership !== 'inside') continue;
    count.events += 1;
    const containerId = event.containerId ?? (node === undefined ? null : containerOf(node));
    const full = put({ collection: 'events', document: { ...event, containerId } });
    if (full !== undefined) await full;
  }

  progress.phase('losses');
  for await (const document of reader.losses()) {
    step();
    if (!isUsableMoment(document)) {
      count.unusable += 1;
      continue;
    }
    count.losses += 1;
    const full = put({ collection: 'losses', document });
    if (full !== undefined) await full;
  }

  for (const container of [...containers.values()].sort(compareContainers)) {
    await put({ collection: 'containers', document: containerDocument(container, runs.compareSessions) });
  }
  for (const document of runs.documents) await put({ collection: 'runs', document });
  await batch.flush();
  progress.end();
  return { processes: order.length, containers: containers.size, runs: runs.documents.length, ...count };
}
