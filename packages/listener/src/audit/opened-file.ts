/** How a file was opened and what kind it is, by the numbers of the kernel. */

import type { FileType } from '@godo/evidence';
import type { OpenEvent } from '../events.ts';
import { openFlag } from './syscalls.ts';

export function accessMode(flags: number | null): OpenEvent['access'] {
  if (flags === null) return 'unknown';
  switch (flags & openFlag.accessMode) {
    case 0:
      return 'read';
    case openFlag.writeOnly:
      return 'write';
    case openFlag.readWrite:
      return 'readwrite';
    default:
      // 3 asks for both permissions and gives neither (Linux: for ioctl only).
      return 'unknown';
  }
}

/** S_IF* of stat.h, shifted right by 12. */
const fileTypes = new Map<number, FileType>([
  [0x1, 'fifo'],
  [0x2, 'character'],
  [0x4, 'directory'],
  [0x6, 'block'],
  [0x8, 'regular'],
  [0xa, 'symlink'],
  [0xc, 'socket'],
]);

/** `mode` as in struct stat. */
export function fileType(mode: number): FileType {
  return fileTypes.get(mode >> 12) ?? 'unknown';
}
