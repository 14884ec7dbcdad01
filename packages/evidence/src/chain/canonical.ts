/**
 * The digest of a document: SHA-256 over what every store, and the spool, gives back, in one form. Texts stand with their
 * length before them, so that no two documents have one form; what a document only repeats (ISO times, the opener as
 * its own writer) is not in it.
 */

import { hash } from 'node:crypto';
import { isoTime } from '../moment.ts';
import type { RawEntry } from '../raw-documents.ts';
import { canonicalDocument } from './canonical-document.ts';
import { type Digest, sessionDigest } from './session-digest.ts';

export function digestOf(entry: RawEntry): Digest {
  if ('session' in entry) return sessionDigest(entry.session, entry.collection);
  return hash('sha256', canonicalText(entry), 'binary');
}

function canonicalText(entry: Exclude<RawEntry, { session: unknown }>): string {
  if ('observation' in entry) return `pids${canonicalDocument(entry.observation)}`;
  const { collection, document } = entry;
  return collection + canonicalDocument(collection === 'pids' ? withoutIso(document) : document);
}

export function hexOf(digest: Digest): string {
  return Buffer.from(digest, 'latin1').toString('hex');
}

const isoFields = [
  ['timeNs', 'time'],
  ['startNs', 'start'],
] as const;

/** An observation of a task: the same without the ISO texts, where these say what they should. */
function withoutIso(document: object): object {
  const copy: Record<string, unknown> = { ...document };
  for (const [ns, iso] of isoFields) {
    const timeNs = copy[ns];
    const expected = typeof timeNs === 'bigint' ? (timeNs < 0n ? undefined : isoTime(timeNs)) : timeNs;
    if (copy[iso] === expected) delete copy[iso];
  }
  return copy;
}
