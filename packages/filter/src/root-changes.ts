import type { TaskObservation } from '@godo/evidence';
import { coarseNs, textOf } from './values.ts';

/** From `timeNs` on, the root file system of a process. */
export interface RootChange {
  readonly timeNs: bigint;
  /** Host path; null: it changed, to where is not known. */
  readonly rootfs: string | null;
  readonly rootfsHex?: string;
  /** Told by pivot_root itself, not read from /proc. */
  readonly kernel: boolean;
}

export type Root = Pick<RootChange, 'rootfs' | 'rootfsHex'>;

/** All that a root says, as a text. The kernel lets no NUL into a path. */
export function nameOfRoot({ rootfs, rootfsHex }: Root): string {
  return rootfsHex === undefined ? (rootfs ?? '') : `${rootfs}\0${rootfsHex}`;
}

/** Without its time and who told it. */
export function rootOnly({ rootfs, rootfsHex }: Root): Root {
  return rootfsHex === undefined ? { rootfs } : { rootfs, rootfsHex };
}

/** The root an observation states, or null where it states none. */
export function rootChangeOf(task: TaskObservation): RootChange | null {
  const kernel = task.observation === 'root' && task.source === 'audit';
  const rootfs = textOf(task.rootfs);
  if (rootfs === null && !kernel) return null;
  const rootfsHex = rootfs === null ? null : textOf(task.rootfsHex);
  const { timeNs } = task;
  return rootfsHex === null ? { timeNs, rootfs, kernel } : { timeNs, rootfs, rootfsHex, kernel };
}

/**
 * The root at a moment: the last change until then. A reading of /proc shortly after the coarse stamp of a pivot_root
 * may still show the old root, and gives way to it.
 *
 * @param changes - In order of time.
 * @param timeNs - null: at the end.
 * @returns undefined where no change was known by then.
 */
export function rootAt(changes: readonly RootChange[], timeNs: bigint | null): RootChange | undefined {
  let current: RootChange | undefined;
  for (const change of changes) {
    if (timeNs !== null && change.timeNs > timeNs) break;
    const early = current?.kernel === true && !change.kernel && change.timeNs < current.timeNs + coarseNs;
    // What pivot_root said stands until another call of it; /proc only helps where it could not say.
    if (current?.kernel === true && !change.kernel && (early || current.rootfs !== null)) continue;
    current = change;
  }
  return current;
}
