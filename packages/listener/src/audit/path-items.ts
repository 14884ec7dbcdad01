/** The PATH items of an event as values, for calls that are rare enough. */

import type { FileType } from '@godo/evidence';
import type { BinaryString } from '../events.ts';
import { inodeOf, nameOf, type Texts, typeOf } from './entry-items.ts';
import { eventAt, itemAt, itemFlag } from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';

export interface PathItem {
  /** 2^32-1: not told. */
  readonly number: number;
  /** As nametype of the entry's layout; 0: not told. */
  readonly nametype: number;
  /** null: `(null)`, missing, or not readable. */
  readonly name: BinaryString | null;
  readonly dev: string | null;
  /** null where the name led to no file. */
  readonly inode: string | null;
  readonly fileType: FileType;
  /** As in struct stat; null: not told. */
  readonly mode: number | null;
}

/** In the order of the records. */
export function pathItems(memory: EntryMemory, event: number, texts: Texts): PathItem[] {
  const items: PathItem[] = [];
  let item = event + eventAt.items;
  for (let left = memory.u16(event + eventAt.itemCount); left > 0; left -= 1) {
    const modeKnown = (memory.u8(item + itemAt.flags) & itemFlag.modeKnown) !== 0;
    items.push({
      number: memory.u32(item + itemAt.item),
      nametype: memory.u8(item + itemAt.nametype),
      name: nameOf(memory, item),
      dev: texts[memory.u32(item + itemAt.dev)] ?? null,
      inode: inodeOf(memory, item, texts),
      fileType: typeOf(memory, item),
      mode: modeKnown ? memory.u32(item + itemAt.mode) : null,
    });
    item += memory.u32(item + itemAt.bytes);
  }
  return items;
}
