/**
 * What can be wrong with a store, as a stable code:
 *
 * - `BAD_TARGET`: the options do not name a database.
 * - `DATABASE_NOT_FOUND`: there is no such evidence yet.
 * - `DATABASE_UNREACHABLE`: no server answers, or the connection broke. Temporary.
 * - `DATABASE_BUSY`: another program holds it for longer than we wait. Temporary.
 * - `DATABASE_FULL`: no room on its disk. Temporary.
 * - `DATABASE_CHANGED`: it was written to, or replaced, while it was read. Temporary.
 * - `DATABASE_INCOMPLETE`: a filter is replacing the cooked evidence, or was stopped while it did. Temporary.
 * - `DATABASE_REFUSED`: permission, password, or a request that the database does not take.
 * - `DOCUMENT_REFUSED`: some of the documents can never be inserted; others of the same batch may be.
 *   Its message is what the database or its driver says of them.
 * - `DATABASE_CORRUPT`: not a database, damaged, or not godo's.
 * - `DATABASE_TOO_NEW`: written by a later godo.
 * - `DATABASE_TOO_OLD`: written by an earlier godo, in a layout that is not read any more.
 * - `DATABASE_FAILED`: anything else that the database reports.
 */
export type StoreErrorCode =
  | 'BAD_TARGET'
  | 'DATABASE_NOT_FOUND'
  | 'DATABASE_UNREACHABLE'
  | 'DATABASE_BUSY'
  | 'DATABASE_FULL'
  | 'DATABASE_CHANGED'
  | 'DATABASE_INCOMPLETE'
  | 'DATABASE_REFUSED'
  | 'DOCUMENT_REFUSED'
  | 'DATABASE_CORRUPT'
  | 'DATABASE_TOO_NEW'
  | 'DATABASE_TOO_OLD'
  | 'DATABASE_FAILED';

const temporaryCodes: ReadonlySet<StoreErrorCode> = new Set([
  'DATABASE_UNREACHABLE',
  'DATABASE_BUSY',
  'DATABASE_FULL',
  'DATABASE_CHANGED',
  'DATABASE_INCOMPLETE',
]);

/**
 * The one error that a store throws. Its message is a sentence for the person at the terminal: what is wrong and what
 * to do. It holds no password, and no cause that could hold one.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** True: the same call may succeed later without anything being changed in godo or its options. */
  readonly temporary: boolean;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
    this.temporary = temporaryCodes.has(code);
  }
}

/** The text of any thrown value. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
