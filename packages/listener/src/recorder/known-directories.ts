/**
 * Paths of directories by device and inode, learnt when they were made, opened or named: what a name that hangs on an
 * unknown descriptor can still be resolved by. A directory has one place in a file system, so its path stays true until it
 * is renamed or removed, which is recorded.
 */

import type { FileIdentity } from '../events.ts';
import type { KnownFile, PathView } from './directory-descriptors.ts';

/** Directories remembered; of more, the one that was not used for longest goes. */
const mostDirectories = 16_384;

export class KnownDirectories {
  readonly #most: number;
  /** By identity, least recently used first; then by the view that the path is of. */
  readonly #known = new Map<string, KnownFile[]>();

  constructor(most = mostDirectories) {
    this.#most = most;
  }

  find(view: PathView, identity: FileIdentity): KnownFile | undefined {
    const key = keyOf(identity);
    const known = key === null ? undefined : this.#known.get(key);
    if (key === null || known === undefined) return undefined;
    this.#known.delete(key);
    this.#known.set(key, known);
    return known.find((file) => isSameView(file.view, view));
  }

  /** What was known of it in the same view is not any more. */
  learn(file: KnownFile): void {
    const key = keyOf(file);
    if (key === null) return;
    const others = (this.#known.get(key) ?? []).filter(({ view }) => !isSameView(view, file.view));
    this.#known.delete(key);
    this.#known.set(key, [...others.slice(1 - mostViews), file]);
    if (this.#known.size <= this.#most) return;
    const oldest = this.#known.keys().next().value;
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  /** It was removed: its inode may be another's next. */
  forget(identity: FileIdentity): void {
    const key = keyOf(identity);
    if (key !== null) this.#known.delete(key);
  }

  /** Forgets those that `concerns` holds for. */
  clear(concerns: (file: KnownFile) => boolean): void {
    for (const [key, files] of this.#known) {
      const others = files.filter((file) => !concerns(file));
      if (others.length === 0) this.#known.delete(key);
      else if (others.length < files.length) this.#known.set(key, others);
    }
  }

  *all(): Generator<KnownFile> {
    for (const files of this.#known.values()) yield* files;
  }
}

/** A directory is seen from few roots. */
const mostViews = 8;

/** A root that is not known is nobody else's. */
export function isSameView(one: PathView, other: PathView): boolean {
  return isSameMounts(one, other) && one.chroot !== null && one.chroot === other.chroot;
}

export function isSameMounts(one: PathView, other: PathView): boolean {
  return one.containerId === other.containerId && one.mounts === other.mounts;
}

function keyOf({ dev, inode }: FileIdentity): string | null {
  return dev === null || inode === null ? null : `${dev} ${inode}`;
}
