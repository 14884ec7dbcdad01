/** When a document was told: by what its bucket is found again. */

import type { FileSession } from '../file-session.ts';
import type { RawEntry } from '../raw-documents.ts';

const nanosecondsPerSecond = 1_000_000_000n;

/**
 * Whole seconds since the epoch: of a file session its end, or its checkpoint, which are about when it was recorded; of all
 * others their own time. Not a number where there is none.
 */
export function toldSecond(entry: RawEntry): number {
  if ('session' in entry) return Math.floor(toldMs(entry.session) / 1000);
  const { timeNs } = 'observation' in entry ? entry.observation : (entry.document as { readonly timeNs?: unknown });
  return typeof timeNs === 'bigint' ? Number(timeNs / nanosecondsPerSecond) : Number.NaN;
}

function toldMs({ opened, closed, checkpoint }: FileSession): number {
  const { ms } = checkpoint ?? closed ?? opened;
  return ms > opened.ms ? ms : opened.ms;
}

/** Readers give the documents in the order of these; null: they do not. */
export function readSecond(entry: RawEntry): number | null {
  if (entry.collection === 'files' && 'session' in entry) return Math.floor(entry.session.opened.ms / 1000);
  return entry.collection === 'pids' || entry.collection === 'fds' ? null : toldSecond(entry);
}

/** `_id` of the document is looked for by itself, and it is told alone. */
export function isToldAlone(entry: RawEntry): boolean {
  const { collection } = entry;
  // A container's id is that of what was learnt of it: another run that learns the same finds it there already.
  return collection === 'sessions' || (collection === 'events' && entry.document.kind === 'container');
}
