import {
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import { reasonOf, StoreError } from '../store-error.ts';
import { connectionTrouble } from './tls-errors.ts';

const authenticationFailed: ReadonlySet<number> = new Set([18, 8000]);
const unauthorized = 13;
/** What the driver specification retries (host unreachable, not primary, shut down, interrupted …), and lost cursors. */
const passing: ReadonlySet<number> = new Set([
  6, 7, 43, 89, 91, 134, 175, 189, 237, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);
const outOfDiskSpace = 14031;
export const duplicateKey = 11000;
export const notImplemented = 238;

/** Whatever the driver threw, as a StoreError. `location` is the redacted URI. */
export function mongoError(error: unknown, location: string): StoreError {
  if (error instanceof StoreError) return error;
  const reason = withoutPassword(reasonOf(error));
  const trouble = connectionTrouble(error);
  if (trouble?.whose === 'server') {
    return new StoreError('DATABASE_UNREACHABLE', `${location} cannot be connected to: ${trouble.reason}.`);
  }
  if (error instanceof MongoServerSelectionError || error instanceof MongoNetworkError || lostConnection(error)) {
    return new StoreError(
      'DATABASE_UNREACHABLE',
      `No MongoDB server answers at ${location} (${reason}): start it, or name another with --db or --mongo.`,
    );
  }
  const code = codeOf(error);
  if (code !== null && authenticationFailed.has(code)) {
    return new StoreError(
      'DATABASE_REFUSED',
      `${location} does not accept the user and password of the URI (${reason}): see what they are, and where the user is kept (authSource).`,
    );
  }
  if (code === unauthorized) {
    const who = location.includes('@') ? 'this user' : 'somebody without user and password';
    return new StoreError('DATABASE_REFUSED', `${location} does not let ${who} do what is needed: ${reason}`);
  }
  if (code === outOfDiskSpace) {
    return new StoreError('DATABASE_FULL', `${location} has no room left: make room on its disk.`);
  }
  if ((code !== null && passing.has(code)) || retryable(error)) {
    return new StoreError('DATABASE_UNREACHABLE', `${location} cannot serve just now (${reason}): try again.`);
  }
  if (error instanceof MongoServerError) {
    return new StoreError('DATABASE_REFUSED', `${location} refused a request (${code ?? 'no code'}): ${reason}`);
  }
  return new StoreError('DATABASE_FAILED', `The database at ${location} failed: ${reason}`);
}

function codeOf(error: unknown): number | null {
  return error instanceof MongoError && typeof error.code === 'number' ? error.code : null;
}

/**
 * A bulk write wraps what broke its connection into an error that has neither a code nor errors of documents; what the
 * server or the encoding of a document has to say comes with a code, or unwrapped.
 */
function lostConnection(error: unknown): boolean {
  return (
    error instanceof MongoBulkWriteError &&
    codeOf(error) === null &&
    Array.isArray(error.writeErrors) &&
    error.writeErrors.length === 0 &&
    !error.result?.getWriteConcernError()
  );
}

function retryable(error: unknown): boolean {
  return (
    error instanceof MongoError &&
    (error.hasErrorLabel('RetryableWriteError') || error.hasErrorLabel('TransientTransactionError'))
  );
}

const mostReason = 2_000;

/** The driver quotes the URI in some of its messages, and what it takes for a host: a password, where its @ is missing. */
export function withoutPassword(text: string): string {
  // What a server says may be long, and made to be slow.
  const cut = text.length > mostReason ? `${text.slice(0, mostReason)}…` : text;
  return cut.replace(/\/\/.*@/gs, '//***@').replace(/\bparse .* with URL/s, 'parse a host of it');
}
