/**
 * What an overlay does in its layers while a call goes on is told as if the call had done it: the items of layers stand
 * behind its own, without names, and where a name is the same the kernel (audit_inode_child in kernel/auditsc.c) takes the
 * file of the upper layer for the call's own and writes its device and inode over it.
 */

import { nametype } from './entry-layout.ts';
import type { PathItem } from './path-items.ts';

/** Devices with no number of their own, as overlays have. */
const anonymous = '00:';

/** The items of the call itself. The inode of a file that a layer's was written over is not known. */
export function withoutLayers(items: readonly PathItem[]): readonly PathItem[] {
  // The kernel looks the call's own directories up first.
  const dev = items.find((item) => item.nametype === nametype.parent && item.dev !== null)?.dev ?? null;
  if (!dev?.startsWith(anonymous)) return items;
  const isOfLayer = (item: PathItem) => item.dev !== null && item.dev !== dev && inDirectory.has(item.nametype);
  if (!items.some(isOfLayer)) return items;
  return items.flatMap((item) => {
    if (!isOfLayer(item)) return item.name === null && item.inode === null ? [] : [item];
    return item.name === null ? [] : [{ ...item, dev, inode: null }];
  });
}

/** Items of the directory that is changed and of what is made or taken away in it: they are on one device. */
const inDirectory: ReadonlySet<number> = new Set([nametype.parent, nametype.create, nametype.delete]);
