/** Whole evidence of an SQLite folder, document by document, through the readers that the programs use. */

import {
  type CookedCollection,
  type CookedDocuments,
  cookedCollections,
  type FileSessionDocument,
  type FileSessions,
  fileSessionDocument,
  type LossDocument,
  openCookedReader,
  openRawReader,
  type RawCollection,
  type RawDocuments,
  rawCollections,
  type SessionDocument,
  type TaskObservation,
} from '@godo/evidence';
import { tamperingIn } from './tampering.ts';

export interface RawEvidence {
  readonly pids: readonly TaskObservation[];
  readonly files: readonly FileSessionDocument[];
  readonly openFiles: readonly FileSessionDocument[];
  readonly operations: readonly RawDocuments['operations'][];
  readonly events: readonly RawDocuments['events'][];
  readonly losses: readonly LossDocument[];
  readonly sessions: readonly SessionDocument[];
  readonly counts: Readonly<Record<RawCollection, number>>;
}

/** Fails where the evidence is not as it was recorded. */
export async function readRawEvidence(directory: string): Promise<RawEvidence> {
  const wrong = await tamperingIn({ kind: 'sqlite', directory });
  if (wrong.length > 0) throw new Error(`The evidence in ${directory} was tampered with: ${JSON.stringify(wrong)}`);
  const reader = await openRawReader({ kind: 'sqlite', directory });
  try {
    const counts = {} as Record<RawCollection, number>;
    for (const collection of rawCollections) counts[collection] = await reader.count(collection);
    return {
      pids: (await all(reader.tasks())).flat(),
      files: await files(reader.closedFiles()),
      openFiles: await files(reader.openFiles()),
      operations: await all(reader.operations()),
      events: await all(reader.events()),
      losses: await all(reader.losses()),
      sessions: await all(reader.sessions()),
      counts,
    };
  } finally {
    await reader.close();
  }
}

export type CookedEvidence = { readonly [C in CookedCollection]: readonly CookedDocuments[C][] };

export async function readCookedEvidence(directory: string): Promise<CookedEvidence> {
  const reader = await openCookedReader({ kind: 'sqlite', directory });
  try {
    const evidence: Partial<Record<CookedCollection, unknown>> = {};
    for (const collection of cookedCollections) evidence[collection] = await all(reader.find(collection, {}));
    return evidence as CookedEvidence;
  } finally {
    await reader.close();
  }
}

/** Fails where some document is no file session: all of them are ours. */
async function files(batches: AsyncIterable<FileSessions>): Promise<FileSessionDocument[]> {
  const list: FileSessionDocument[] = [];
  for await (const { sessions, unusable } of batches) {
    if (unusable > 0) throw new Error(`${unusable} documents are no file sessions`);
    list.push(...sessions.map(fileSessionDocument));
  }
  return list;
}

async function all<T>(documents: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const document of documents) list.push(document);
  return list;
}
