/** What the rename of a directory does to the paths that are known below it. Costs only then. */

import type { BinaryString, FileIdentity } from '../events.ts';
import type { KnownFile, PathView } from './directory-descriptors.ts';
import { isSameView } from './known-directories.ts';

export interface Move {
  /** Absolute; null: not known. */
  readonly from: BinaryString | null;
  readonly to: BinaryString | null;
  readonly moved: FileIdentity;
  /** RENAME_EXCHANGE: what was at the new name is at the old one now. */
  readonly exchange: boolean;
}

/**
 * Paths follow in the mover's own view, and in those in which the directory has the same path. Where it is not known what
 * became of a path it is not known any more.
 */
export function follow(files: Iterable<KnownFile>, view: PathView, move: Move): void {
  const all = [...new Set(files)];
  const { moved } = move;
  const isMoved = ({ dev, inode }: KnownFile) => inode !== null && inode === moved.inode && dev === moved.dev;
  const places = all.filter(isMoved).map((file) => ({ view: file.view, path: file.path }));
  for (const file of all) {
    if (file.path === null) continue;
    const place = places.find((one) => isSameView(one.view, file.view))?.path ?? null;
    file.path = isSameView(file.view, view) ? seenByMover(file.path, place, move) : seenByOther(file.path, place, move);
  }
}

function seenByMover(
  path: BinaryString,
  place: BinaryString | null,
  { from, to, exchange }: Move,
): BinaryString | null {
  const old = from ?? place;
  // Any directory may be below one whose name is not known.
  if (old === null) return null;
  if (to === null) return isBelow(path, old) ? null : path;
  return movedPath(path, old, to, exchange);
}

function seenByOther(path: BinaryString, place: BinaryString | null, move: Move): BinaryString | null {
  const { from, to, exchange } = move;
  if (place === null) return from !== null && isBelow(path, from) ? null : path;
  if (place === from && to !== null) return movedPath(path, from, to, exchange);
  return isBelow(path, place) ? null : path;
}

function movedPath(path: BinaryString, from: BinaryString, to: BinaryString, exchange: boolean): BinaryString {
  if (isBelow(path, from)) return to + path.slice(from.length);
  return exchange && isBelow(path, to) ? from + path.slice(to.length) : path;
}

export function isBelow(path: BinaryString, directory: BinaryString): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}
