import { reasonOf, StoreError } from '../store-error.ts';

/** Result codes of SQLite (https://sqlite.org/rescode.html); the low byte of an extended one is the primary one. */
const codes = {
  PERM: 3,
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  AUTH: 23,
  NOTADB: 26,
} as const;

/** The primary result code of SQLite, or null for other errors. */
export function resultCode(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : null;
}

export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === codes.BUSY || code === codes.LOCKED;
}

/** Whatever SQLite or the file system threw, as a StoreError that names the file. */
export function sqliteError(error: unknown, file: string): StoreError {
  if (error instanceof StoreError) return error;
  const reason = reasonOf(error);
  switch (resultCode(error)) {
    case codes.BUSY:
    case codes.LOCKED:
      return new StoreError('DATABASE_BUSY', `Another program holds ${file}: try again when it is done.`);
    case codes.FULL:
      return new StoreError('DATABASE_FULL', `There is no room left for ${file}: make room on its disk.`);
    case codes.CORRUPT:
      return new StoreError('DATABASE_CORRUPT', `${file} is damaged (${reason}): restore it from a copy.`);
    case codes.NOTADB:
      return new StoreError('DATABASE_CORRUPT', `${file} is not an SQLite database: name another directory with --db.`);
    case codes.PERM:
    case codes.READONLY:
    case codes.CANTOPEN:
    case codes.AUTH:
      return new StoreError(
        'DATABASE_REFUSED',
        `${file} cannot be opened (${reason}): run as its owner, and see that its directory can be written to.`,
      );
  }
  switch (errnoName(error)) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StoreError('DATABASE_REFUSED', `${file} may not be accessed (${reason}): run as its owner.`);
    case 'ENOSPC':
    case 'EDQUOT':
      return new StoreError('DATABASE_FULL', `There is no room left for ${file}: make room on its disk.`);
    case 'EEXIST':
    case 'ENOTDIR':
      return new StoreError('BAD_TARGET', `${file} cannot be made (${reason}): name a directory with --db.`);
  }
  return new StoreError('DATABASE_FAILED', `${file} failed (${reason}).`);
}

export function errnoName(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
