/** A JSON file at a path that others chose: read with bounds, and never waited for. */

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/**
 * What the file says; undefined where there is none, or none that can be read: it is a link, no regular file, has more than
 * `mostBytes`, or is no JSON.
 */
export function readJsonFile(path: string | Buffer, mostBytes: number): unknown {
  let fd: number;
  try {
    // It may name anything: a pipe must not be waited for, a link not be followed.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(fd);
    return stat.isFile() && stat.size <= mostBytes ? JSON.parse(readFileSync(fd, 'utf8')) : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
