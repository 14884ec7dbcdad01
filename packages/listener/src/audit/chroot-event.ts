/** Which directory became the root of the caller. */

import type { BinaryString, Caller, ChrootEvent } from '../events.ts';
import { inodeOf, nameOf, openedItem, type Texts } from './entry-items.ts';
import { eventAt, itemAt } from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';
import { absolutePath } from './paths.ts';

export function chrootEventOf(memory: EntryMemory, at: number, caller: Caller, texts: Texts): ChrootEvent {
  const item = openedItem(memory, at);
  const name = item === 0 ? null : nameOf(memory, item);
  const isWhole = name !== null && !name.startsWith('/');
  return {
    kind: 'chroot',
    path: isWhole ? wholePath(name, texts[memory.u32(at + eventAt.cwd)] ?? null) : absolutePath(name, null),
    isWhole,
    dev: item === 0 ? null : (texts[memory.u32(item + itemAt.dev)] ?? null),
    inode: item === 0 ? null : inodeOf(memory, item, texts),
    ms: memory.f64(at + eventAt.ms),
    serial: memory.u32(at + eventAt.serial),
    caller,
  };
}

/**
 * The kernel tells the working directory at the end of the call (audit_log_cwd): of one below the new root as seen from
 * that, which does not tell where it lies, else from the root of the mount namespace. A name that leads neither to the working
 * directory nor upwards leads to a directory that the working directory is not below.
 */
function wholePath(name: BinaryString, cwd: BinaryString | null): BinaryString | null {
  const first = name.split('/').find((segment) => segment !== '' && segment !== '.');
  return first === undefined || first === '..' ? null : absolutePath(name, cwd);
}
