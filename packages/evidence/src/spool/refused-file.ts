/**
 * What the database refuses for good, as a file beside the segments of the spool and in their form: whoever has mended the
 * reason may give it the name of a segment, and it is offered once more at the next start.
 */

import {
  close,
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { RawEntry } from '../raw-documents.ts';
import { makeDirectory } from '../sqlite/files.ts';
import { spoolRecord } from './spool-record.ts';

const name = 'refused.spool';
/** What is refused may be large, and come again and again. */
const mostBytes = 64 * 1024 * 1024;

export interface RefusedFileOptions {
  /** That of the spool. */
  readonly directory: string;
  /** Bytes that the spool may have: it has no more than that either. */
  readonly mostBytes: number;
}

export class RefusedFile {
  readonly path: string;
  readonly #directory: string;
  readonly #mostBytes: number;

  constructor({ directory, mostBytes: ofSpool }: RefusedFileOptions) {
    this.path = join(directory, name);
    this.#directory = directory;
    this.#mostBytes = Math.min(mostBytes, ofSpool);
  }

  /** How many of the documents are in the file now; the others had no room, or it cannot be written. Throws nothing. */
  keep(entries: readonly RawEntry[]): number {
    let fd: number;
    try {
      fd = this.#open();
    } catch {
      return 0;
    }
    let kept = 0;
    for (const entry of entries) if (this.#append(fd, entry)) kept += 1;
    // Not waited for: a disk that hangs must not hold who writes.
    fdatasync(fd, () => close(fd, () => undefined));
    return kept;
  }

  #open(): number {
    makeDirectory(this.#directory);
    const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    // Not opened before that is known: a device may do anything.
    const found = lstatSync(this.path, { throwIfNoEntry: false });
    if (found !== undefined && !found.isFile()) throw new Error('it is no file');
    const fd = openSync(this.path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    const opened = fstatSync(fd);
    const { nlink, uid, mode } = opened;
    // Where others may write to the folder it may be a file of theirs, or another one by a second name.
    if (opened.isFile() && nlink === 1 && uid === process.getuid?.() && (mode & 0o077) === 0) return fd;
    closeSync(fd);
    throw new Error('it is not ours alone');
  }

  #append(fd: number, entry: RawEntry): boolean {
    try {
      const record = spoolRecord([entry]);
      const { size } = fstatSync(fd);
      if (size + record.length > this.#mostBytes) return false;
      try {
        for (let written = 0; written < record.length; ) {
          written += writeSync(fd, record, written, record.length - written, size + written);
        }
        return true;
      } catch (error) {
        // Half a record is none: what comes next must not stand behind it.
        ftruncateSync(fd, size);
        throw error;
      }
    } catch {
      return false;
    }
  }
}
