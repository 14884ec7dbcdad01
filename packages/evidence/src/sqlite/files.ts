/** Files and directories of the SQLite stores: private to their owner, and never reached through a symbolic link. */

import { chmodSync, closeSync, constants, existsSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StoreError } from '../store-error.ts';
import { errnoName } from './errors.ts';

/** What tells that a file was not changed in between. */
export interface FileStamp {
  readonly inode: bigint;
  readonly size: bigint;
  readonly changedNs: bigint;
}

/** null when there is no such file. @throws StoreError DATABASE_REFUSED for a symbolic link and what is not a file. */
export function stampOf(file: string): FileStamp | null {
  const stat = statOf(file);
  return stat === null ? null : { inode: stat.ino, size: stat.size, changedNs: stat.mtimeNs };
}

export function sameStamp(left: FileStamp | null, right: FileStamp | null): boolean {
  return left?.inode === right?.inode && left?.size === right?.size && left?.changedNs === right?.changedNs;
}

/** Makes the directory (0700) with its parents where it is missing; leaves one that is there as it is. */
export function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  // Not mkdir's own `recursive`: below /proc, where nothing can be made, it never ends.
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  mkdirSync(directory, { mode: 0o700 });
  // A umask such as 0177 would make it useless.
  chmodSync(directory, 0o700);
}

/**
 * Makes an empty file (0600) for SQLite to open, which would make it with the umask; -wal and -shm take their mode
 * from it. `exclusive`: it must not be there yet.
 */
export function makeFile(file: string, options: { readonly exclusive: boolean }): void {
  stampOf(file);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  closeSync(openSync(file, options.exclusive ? flags | constants.O_EXCL : flags, 0o600));
}

/** https://sqlite.org/uri.html. `immutable`: no locks are taken and no -wal or -shm file is looked for or made. */
export function readOnlyUri(file: string, options: { readonly immutable: boolean }): string {
  const url = pathToFileURL(file);
  url.searchParams.set('mode', 'ro');
  if (options.immutable) url.searchParams.set('immutable', '1');
  return url.href;
}

function statOf(file: string) {
  let stat: ReturnType<typeof lstat>;
  try {
    stat = lstat(file);
  } catch (error) {
    if (errnoName(error) === 'ENOENT') return null;
    throw error;
  }
  if (!stat.isFile()) {
    const what = stat.isSymbolicLink() ? 'a symbolic link' : 'not a file';
    throw new StoreError('DATABASE_REFUSED', `${file} is ${what}: remove it, or name another directory with --db.`);
  }
  return stat;
}

function lstat(file: string) {
  return lstatSync(file, { bigint: true });
}
