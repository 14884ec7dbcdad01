/** The parts of an event entry: PATH items, and what stands before it. */

import type { BinaryString, FileIdentity, OpenEvent } from '../events.ts';
import { eventAt, itemAt, itemFlag, nameState, nametype } from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';
import { fileType } from './opened-file.ts';

/** Texts by their id; null for 0, which is what the kernel did not know. */
export type Texts = readonly (BinaryString | null)[];

/** A record's body that stands before the event it belongs to. */
export interface RecordBody {
  readonly type: number;
  readonly body: BinaryString;
}

/** The number of an item is what a record says: it must not make us allocate. */
const mostItems = 64;

/** Where the first PATH record of number 0 stands; 0: there is none. */
export function firstItem(memory: EntryMemory, event: number): number {
  let item = event + eventAt.items;
  for (let left = memory.u16(event + eventAt.itemCount); left > 0; left -= 1) {
    if (memory.u32(item + itemAt.item) === 0) return item;
    item += memory.u32(item + itemAt.bytes);
  }
  return 0;
}

/**
 * Where the last item stands that is not the PARENT; logs of old kernels have no nametype, there the last item is the
 * file. 0: there is none.
 */
export function openedItem(memory: EntryMemory, event: number): number {
  let item = event + eventAt.items;
  let opened = 0;
  for (let left = memory.u16(event + eventAt.itemCount); left > 0; left -= 1) {
    const type = memory.u8(item + itemAt.nametype);
    const isNull = memory.u8(item + itemAt.nameState) === nameState.null;
    if (type !== nametype.parent && type !== nametype.unknown && !isNull) opened = item;
    item += memory.u32(item + itemAt.bytes);
  }
  return opened;
}

/** The directories that the event's names lie in, as far as they are told; undefined: not at all. */
export function parentsOf(memory: EntryMemory, event: number, texts: Texts): FileIdentity[] | undefined {
  let parents: FileIdentity[] | undefined;
  let item = event + eventAt.items;
  for (let left = memory.u16(event + eventAt.itemCount); left > 0; left -= 1) {
    if (memory.u8(item + itemAt.nametype) === nametype.parent) {
      parents ??= [];
      parents.push({ dev: texts[memory.u32(item + itemAt.dev)] ?? null, inode: inodeOf(memory, item, texts) });
    }
    item += memory.u32(item + itemAt.bytes);
  }
  return parents;
}

/** null where the record has no name, or none that can be read. */
export function nameOf(memory: EntryMemory, item: number): BinaryString | null {
  if (memory.u8(item + itemAt.nameState) !== nameState.text) return null;
  return memory.text(item + itemAt.name, memory.u32(item + itemAt.nameBytes));
}

/** The names of an event's PATH items by their numbers; null where there is none, or none that can be read. */
export function itemNames(memory: EntryMemory, event: number): (BinaryString | null)[] {
  const names: (BinaryString | null)[] = [];
  let item = event + eventAt.items;
  for (let left = memory.u16(event + eventAt.itemCount); left > 0; left -= 1) {
    const number = memory.u32(item + itemAt.item);
    while (number < mostItems && names.length <= number) names.push(null);
    if (number < mostItems) names[number] = nameOf(memory, item);
    item += memory.u32(item + itemAt.bytes);
  }
  return names;
}

/** As the record writes it. */
export function inodeOf(memory: EntryMemory, item: number, texts: Texts): string | null {
  const low = memory.u32(item + itemAt.inodeLow);
  const flags = memory.u8(item + itemAt.flags);
  if ((flags & itemFlag.inodeNumber) === 0) return (flags & itemFlag.inodeText) === 0 ? null : (texts[low] ?? null);
  const high = memory.u32(item + itemAt.inodeHigh);
  if (high === 0) return String(low);
  if (high < 0x20_0000) return String(high * 0x1_0000_0000 + low);
  return String((BigInt(high) << 32n) | BigInt(low));
}

export function typeOf(memory: EntryMemory, item: number): OpenEvent['fileType'] {
  if ((memory.u8(item + itemAt.flags) & itemFlag.modeKnown) === 0) return 'unknown';
  return fileType(memory.u32(item + itemAt.mode));
}
