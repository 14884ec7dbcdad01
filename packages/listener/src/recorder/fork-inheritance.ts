/** What a child has of its parent: its place and descriptors at the moment of the fork, as audit tells of that. */

import { inheritMappings } from './mapped-sessions.ts';
import type { ProcessState } from './process-table.ts';

/** More children than this without a clone record copy at once: their records must have been lost. */
export const maxUncloned = 256;

/**
 * A fork was told, but the calls that the parent made before it may still be on their way from audit. The copy is made
 * when the parent's clone record comes, or the child's first call, whichever is first.
 */
export function awaitCopy(parent: ProcessState, child: ProcessState): void {
  child.copiesFrom = parent;
  parent.uncloned.push(child);
  if (parent.uncloned.length <= maxUncloned) return;
  const oldest = parent.uncloned.shift();
  if (oldest !== undefined) copyDescriptors(oldest);
}

/** Where the parent was at the fork, now that audit has told what it did before. */
export function inheritPlace(parent: ProcessState, child: ProcessState): void {
  const { inherits } = child;
  if (inherits === null) return;
  child.inherits = null;
  child.mounts = parent.mounts;
  if (inherits === 'mounts') return;
  child.containerId = parent.containerId;
  child.rootfs = parent.rootfs;
  child.rootDev = parent.rootDev;
  child.chroot = parent.chroot;
}

export function copyDescriptors(child: ProcessState): void {
  const parent = child.copiesFrom;
  if (parent === null) return;
  child.copiesFrom = null;
  copyDescriptors(parent);
  inheritPlace(parent, child);
  parent.descriptors.copyTo(child.descriptors);
  inheritMappings(parent, child);
}
