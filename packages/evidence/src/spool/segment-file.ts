/** A segment of the spool as a file: what stands under its name may be something else, or of any length. */

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, unlinkSync } from 'node:fs';

/** A full segment and the batch that filled it, whose documents are never so many; what is longer was not written here. */
const mostBytes = 128 * 1024 * 1024;

export interface SegmentContent {
  readonly bytes: Buffer;
  /** Bytes behind those, which no segment has, and nobody read. */
  readonly beyond: number;
}

/** @throws the file system's error, or what says that it is no file. */
export function readSegment(path: string): SegmentContent {
  // Not opened before that is known: to open a FIFO would be to wait for who writes, a device may do anything.
  if (!lstatSync(path).isFile()) throw new Error('it is no file');
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.allocUnsafeSlow(Math.min(size, mostBytes));
    let length = 0;
    for (let read = 1; read > 0 && length < bytes.length; length += read) {
      read = readSync(fd, bytes, length, bytes.length - length, length);
    }
    return { bytes: bytes.subarray(0, length), beyond: size - bytes.length };
  } finally {
    closeSync(fd);
  }
}

/** Where it cannot be removed its documents come once more at the next start, and change nothing. */
export function removeSegment(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}
