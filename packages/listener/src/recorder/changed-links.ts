/**
 * Symbolic links that were removed, renamed or replaced. What was opened through one before is still what it was, but not
 * under that path any more. Asked when a path is used, so that a change costs nothing where many directories are known.
 */

import type { BinaryString } from '../events.ts';
import type { KnownFile, PathView } from './directory-descriptors.ts';

/** Links remembered; of more, the one that changed first goes, and with it all paths from before. */
const mostLinks = 16_384;

export class ChangedLinks {
  readonly #most: number;
  /** By view and path: which change it was, counted from 1. */
  readonly #changed = new Map<string, number>();
  #changes = 0;
  /** Changes up to this one are not remembered. */
  #forgotten = 0;

  constructor(most = mostLinks) {
    this.#most = most;
  }

  /** How many changes there were: for what is learnt now. */
  get changes(): number {
    return this.#changes;
  }

  note(view: PathView, path: BinaryString): void {
    const key = keyOf(view, path);
    this.#changes += 1;
    this.#changed.delete(key);
    this.#changed.set(key, this.#changes);
    if (this.#changed.size <= this.#most) return;
    const [first] = this.#changed;
    if (first === undefined) return;
    this.#changed.delete(first[0]);
    this.#forgotten = first[1];
  }

  /** Makes its path unknown where that leads through a link that has changed since it was learnt. */
  check(file: KnownFile): void {
    const { path, changes, isPhysical } = file;
    if (path === null || isPhysical || changes === this.#changes) return;
    if (changes < this.#forgotten || this.#leadsThrough(file.view, path, changes)) file.path = null;
  }

  #leadsThrough(view: PathView, path: BinaryString, since: number): boolean {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const changed = this.#changed.get(keyOf(view, path.slice(0, end)));
      if (changed !== undefined && changed > since) return true;
    }
    return false;
  }
}

function keyOf({ containerId, mounts, chroot }: PathView, path: BinaryString): string {
  return `${containerId ?? ''} ${mounts} ${chroot ?? '?'}${path}`;
}
