/**
 * Which failures of an insertion are due to the documents themselves, so that the same documents fail for ever. Pure.
 *
 * All else may be mended while documents wait: FULL, BUSY, LOCKED, IOERR, READONLY, CORRUPT, NOTADB, CANTOPEN, NOMEM, a table
 * that is not there (ERROR), and whatever is not known.
 */

import { isOutOfMemory } from '../out-of-memory.ts';
import { errnoName, resultCode } from './errors.ts';

/** Primary result codes (https://sqlite.org/rescode.html). */
const ofDocuments: ReadonlySet<number> = new Set([
  18, // SQLITE_TOOBIG
  19, // SQLITE_CONSTRAINT: NOT NULL, CHECK, the type of a column, a trigger
  20, // SQLITE_MISMATCH
]);

/** What Node says of a value that cannot be bound, or of a text that it cannot make. */
const ofValues: ReadonlySet<string> = new Set([
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_OUT_OF_RANGE',
  'ERR_STRING_TOO_LONG',
]);

/** Whether one of the documents, or several, can never be inserted; false: it may be possible later. */
export function isRefusal(error: unknown): boolean {
  const code = resultCode(error);
  if (code !== null) return ofDocuments.has(code);
  const name = errnoName(error);
  if (name !== null) return ofValues.has(name);
  // While a row is made of a document that has not the fields of one, or is too large or nested too deep.
  return (error instanceof TypeError || error instanceof RangeError) && !isOutOfMemory(error);
}
