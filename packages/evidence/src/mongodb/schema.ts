/** Orders and indexes of the collections. */

import type { Db } from 'mongodb';
import type { CookedCollection, CookedDocuments } from '../cooked-documents.ts';
import type { RawCollection, RawDocuments } from '../raw-documents.ts';

/** Documents of ours have text for `_id`. */
export interface Stored {
  readonly _id: string;
}

interface Layout<D> {
  /** The order the collection is read in, which is its first index. */
  readonly order: readonly (keyof D & string)[];
  readonly indexes: readonly (readonly (keyof D & string)[])[];
}

export const rawLayouts: { readonly [C in RawCollection]: Layout<RawDocuments[C]> } = {
  pids: { order: ['key', 'timeNs', '_id'], indexes: [] },
  fds: { order: ['openedNs', '_id'], indexes: [['fileSessionId', 'checkpointNs', '_id']] },
  files: { order: ['openedNs', '_id'], indexes: [] },
  operations: { order: ['timeNs', '_id'], indexes: [] },
  events: { order: ['timeNs', '_id'], indexes: [] },
  losses: { order: ['timeNs', '_id'], indexes: [] },
  sessions: { order: ['timeNs', '_id'], indexes: [] },
  chain: { order: ['timeNs', '_id'], indexes: [] },
};

export const cookedLayouts: { readonly [C in CookedCollection]: Layout<CookedDocuments[C]> } = {
  processes: { order: ['startNs', '_id'], indexes: [['tgid'], ['containerId']] },
  files: { order: ['openedNs', '_id'], indexes: [['tgid'], ['containerId'], ['path']] },
  operations: { order: ['timeNs', '_id'], indexes: [['tgid'], ['containerId'], ['path']] },
  containers: { order: ['firstNs', '_id'], indexes: [] },
  events: { order: ['timeNs', '_id'], indexes: [['tgid'], ['containerId']] },
  losses: { order: ['timeNs', '_id'], indexes: [] },
  runs: { order: ['startNs', '_id'], indexes: [] },
};

export function ascending(fields: readonly string[]): Record<string, 1> {
  return Object.fromEntries(fields.map((field) => [field, 1]));
}

/** Makes the indexes of a collection, and thereby the collection, where they are missing. */
export async function createIndexes(
  db: Db,
  name: string,
  layout: { readonly order: readonly string[]; readonly indexes: readonly (readonly string[])[] },
): Promise<void> {
  // One at a time: FerretDB 1 drops the connection when it is asked for several that are there already.
  for (const fields of [layout.order, ...layout.indexes]) await db.collection(name).createIndex(ascending(fields));
}
