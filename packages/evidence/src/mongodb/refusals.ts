/**
 * Which failures of an insertion are due to the documents themselves, so that the same documents fail for ever. Pure.
 *
 * All else may be mended while documents wait: a server that is away, full or starting, rights (Unauthorized, 13), a
 * validator (121), an index (171), a capped collection (116), a write concern that cannot be met. A server that closes the connection on a document cannot be told from one that is away.
 */

import { BSON, MongoBulkWriteError, MongoInvalidArgumentError, MongoServerError } from 'mongodb';
import { isOutOfMemory } from '../out-of-memory.ts';
import { duplicateKey } from './errors.ts';

/** What a server says of one document, or of the request that holds it (error_codes.yml of MongoDB). */
const ofDocuments: ReadonlySet<number> = new Set([
  15, // Overflow: nested too deep
  22, // InvalidBSON
  52, // DollarPrefixedFieldName
  53, // InvalidIdField
  55, // InvalidDBRef
  56, // EmptyFieldName
  57, // DottedFieldName
  10334, // BSONObjectTooLarge
  17280, // KeyTooLong
]);

/** Said of a whole request these may mean its options, which an operator can change. */
const ofDocumentsAlone: ReadonlySet<number> = new Set([
  2, // BadValue: names and nesting that FerretDB does not keep
  9, // FailedToParse
  14, // TypeMismatch
]);

/** Why one of these documents, or several, can never be inserted; null: it may be possible later. */
export function refusalOf(error: unknown, documents: readonly object[]): string | null {
  if (error instanceof MongoBulkWriteError) return error.result?.getWriteConcernError() ? null : bulkRefusal(error);
  if (error instanceof MongoServerError) {
    return typeof error.code === 'number' && ofDocuments.has(error.code) ? withCode(error.message, error.code) : null;
  }
  // Thrown by the driver before it sends anything.
  if (error instanceof MongoInvalidArgumentError) {
    return error.message.startsWith('Document is larger than') ? error.message : null;
  }
  // What the answer of a server can do to the driver looks the same.
  return documents.some((document) => !isEncodable(document)) ? String((error as Error | null)?.message) : null;
}

/** All that was not taken must be the documents' own fault: else it is tried again as a whole. */
function bulkRefusal(error: MongoBulkWriteError): string | null {
  const all = [error.writeErrors ?? []].flat();
  // Without failures of documents: what was said of the request.
  if (all.length === 0) return ofDocuments.has(Number(error.code)) ? withCode(error.message, Number(error.code)) : null;
  const failures = all.filter(({ code }) => code !== duplicateKey);
  const [first] = failures;
  const isOurs = failures.every(({ code }) => ofDocuments.has(code) || ofDocumentsAlone.has(code));
  return isOurs && first !== undefined ? withCode(first.errmsg ?? 'refused', first.code) : null;
}

/** The code comes first: what a server says may be long, and quote the document. */
function withCode(message: string, code: number): string {
  return `${code}: ${message}`;
}

function isEncodable(document: object): boolean {
  try {
    BSON.serialize(document, { ignoreUndefined: true });
    return true;
  } catch (error) {
    return isOutOfMemory(error);
  }
}
