import { isDeepStrictEqual } from 'node:util';
import { fileSessionDocument, fileSessionOf } from '../file-session.ts';
import type { FileSessionDocument, RawCollection, RawEntry } from '../raw-documents.ts';
import { originSharer } from '../session-batch.ts';
import type { RawVerifier, StoredDocuments } from '../stores.ts';
import type { MongoTarget } from '../target.ts';
import { withOriginalNames } from './field-names.ts';
import { type MongoRawReader, openMongoRawReader } from './raw-reader.ts';

export async function openMongoRawVerifier(target: MongoTarget): Promise<RawVerifier> {
  return new MongoRawVerifier(await openMongoRawReader(target));
}

class MongoRawVerifier implements RawVerifier {
  readonly location: string;
  readonly #reader: MongoRawReader;

  constructor(reader: MongoRawReader) {
    this.location = reader.location;
    this.#reader = reader;
  }

  async faults(): Promise<readonly string[]> {
    return [];
  }

  async *stored(collection: RawCollection): AsyncGenerator<StoredDocuments> {
    const share = originSharer();
    for await (const documents of this.#reader.batches<{ _id: unknown }>(collection)) {
      const entries: RawEntry[] = [];
      const changed: (string | null)[] = [];
      for (const document of documents) {
        const entry = entryOf(collection, document, share);
        if (entry === null) changed.push(typeof document._id === 'string' ? document._id : null);
        else entries.push(entry);
      }
      yield { entries, changed };
    }
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

/** null: no listener writes such a document. */
function entryOf(
  collection: RawCollection,
  document: { _id: unknown },
  share: ReturnType<typeof originSharer>,
): RawEntry | null {
  if (collection === 'files' || collection === 'fds') {
    const session = fileSessionOf(document as FileSessionDocument, share);
    // What repeats something must not say something else.
    return session !== null && isDeepStrictEqual(fileSessionDocument(session), document)
      ? { collection, session }
      : null;
  }
  if (typeof document._id !== 'string') return null;
  return { collection, document: withOriginalNames(document) } as RawEntry;
}
