import { type CookedFileDocument, type FileSessionDocument, isoTime, type ProcessKey } from '@godo/evidence';
import { containerOf } from './inheritance.ts';
import { laterOf } from './order.ts';
import type { ProcessNode } from './process-node.ts';
import { countOf, nsOf, textOf } from './values.ts';

/** Finds a process by its key; undefined where the database has no observation of it. */
export type FindProcess = (key: ProcessKey) => ProcessNode | undefined;

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

/** Whether a file session can be used at all, and stored in typed columns; the raw evidence keeps those that cannot. */
export function isUsableFile(file: FileSessionDocument): boolean {
  return (
    textOf(file._id) !== null &&
    textOf(file.fileSessionId) !== null &&
    textOf(file.key) !== null &&
    textOf(file.bootId) !== null &&
    textOf(file.sessionId) !== null &&
    countOf(file.tgid) !== null &&
    nsOf(file.openedNs) !== null &&
    (file.closedNs === null || nsOf(file.closedNs) !== null) &&
    isTextOrNull(file.path) &&
    isTextOrNull(file.exe) &&
    isTextOrNull(file.containerId) &&
    typeof file.writes === 'object' &&
    file.writes !== null &&
    countOf(file.writes.count) !== null &&
    Array.isArray(file.writers) &&
    file.writers.every((writer) => typeof writer?.key === 'string')
  );
}

/** Whether a file session belongs to the tree: its opener does, or whoever wrote to it through an inherited descriptor. */
function isOfTree(file: FileSessionDocument, find: FindProcess): boolean {
  if (find(file.key)?.membership === 'inside') return true;
  for (const writer of file.writers) if (find(writer.key)?.membership === 'inside') return true;
  return false;
}

/**
 * When a session whose close was not seen ended at the latest: when the last process that is known to have held it, its
 * opener or a writer, was gone. null: one of them still runs, as far as is known.
 */
function holdersGoneNs(file: FileSessionDocument, find: FindProcess): bigint | null {
  let goneNs = find(file.key)?.exitNs ?? null;
  if (goneNs === null) return null;
  for (const { key } of file.writers) {
    const writer = find(key);
    if (writer === undefined) continue;
    if (writer.exitNs === null) return null;
    goneNs = laterOf(goneNs, writer.exitNs);
  }
  // The two clocks differ by a little: nothing is closed before its last write.
  return laterOf(goneNs, laterOf(file.openedNs, nsOf(file.writes.lastNs) ?? file.openedNs));
}

/**
 * Step 7: the cooked document of a file session from `files` or `fds` alike, or null where nobody of the tree had it.
 * A session nobody was seen to close ends with the processes that held it.
 *
 * @param id - `_id` of the cooked document: a checkpoint has one of its own, which is not that of the session.
 */
export function cookFile(file: FileSessionDocument, id: string, find: FindProcess): CookedFileDocument | null {
  if (!isOfTree(file, find)) return null;
  const opener = find(file.key);
  const containerId = file.containerId ?? (opener?.membership === 'inside' ? containerOf(opener) : null);
  if (file.closedNs !== null) return { ...file, _id: id, containerId, closeInferred: false };
  const closedNs = holdersGoneNs(file, find);
  if (closedNs === null) return { ...file, _id: id, containerId, closeInferred: false };
  return { ...file, _id: id, containerId, closedNs, closed: isoTime(closedNs), closedBy: 'exit', closeInferred: true };
}
