/** The documents of entries, for the stores and people that keep and read documents. */

import type { CookedCollection, CookedDocuments, CookedEntry } from './cooked-documents.ts';
import { cookedFileDocument, fileSessionDocument } from './file-session.ts';
import { isoTime } from './moment.ts';
import type { RawCollection, RawDocuments, RawEntry, TaskDocument, TaskObservation } from './raw-documents.ts';

export function rawDocumentOf(entry: RawEntry): RawDocuments[RawCollection] {
  if ('session' in entry) return fileSessionDocument(entry.session);
  return 'observation' in entry ? taskDocumentOf(entry.observation) : entry.document;
}

/** With the ISO texts, each behind the field that it repeats. */
function taskDocumentOf(observation: TaskObservation): TaskDocument {
  const document: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(observation)) {
    document[name] = value;
    const iso = isoFieldOf(name);
    if (iso !== null && value !== undefined) document[iso] = value === null ? null : isoTime(value as bigint);
  }
  return document as object as TaskDocument;
}

/** The field with the ISO text that an observation does not have, of the field that says the same; null for others. */
export function isoFieldOf(name: string): 'time' | 'start' | null {
  if (name === 'timeNs') return 'time';
  return name === 'startNs' ? 'start' : null;
}

export function cookedDocumentOf(entry: CookedEntry): CookedDocuments[CookedCollection] {
  return 'session' in entry ? cookedFileDocument(entry.session) : entry.document;
}
