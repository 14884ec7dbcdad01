/** The documents of entries, for the stores and people that keep and read documents. */

import type { CookedCollection, CookedDocuments, CookedEntry } from './cooked-documents.ts';
import { cookedFileDocument, fileSessionDocument } from './file-session.ts';
import type { RawCollection, RawDocuments, RawEntry } from './raw-documents.ts';

export function rawDocumentOf(entry: RawEntry): RawDocuments[RawCollection] {
  return 'session' in entry ? fileSessionDocument(entry.session) : entry.document;
}

export function cookedDocumentOf(entry: CookedEntry): CookedDocuments[CookedCollection] {
  return 'session' in entry ? cookedFileDocument(entry.session) : entry.document;
}
