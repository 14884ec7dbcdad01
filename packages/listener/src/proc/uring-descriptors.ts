/**
 * Finds the descriptors of a process that refer to certain files, by what the kernel itself knows: no file is asked. Inode
 * and device are those of fdinfo and mountinfo, as audit has them; what stat tells (`readDescriptor` of the addon) may be
 * another device (btrfs, whose subvolumes have numbers of their own) or inode (an overlay).
 */

import { readFileSync } from 'node:fs';
import { beforeDeletedMark } from '../deleted-suffix.ts';
import type { UringDescriptor, UringFile } from '../events.ts';
import { auditDeviceOfMount } from './device.ts';
import { linkTarget, numericEntries } from './proc-entries.ts';

/** Of a process that has more open, these are looked at. */
const mostDescriptors = 256;

/** @param directory of the process in /proc. Whatever goes away meanwhile is left out. */
export function descriptorsOf(
  directory: string,
  files: readonly Pick<UringFile, 'dev' | 'inode'>[],
): UringDescriptor[] {
  const inodes = new Set(files.map(({ inode }) => inode));
  const found: UringDescriptor[] = [];
  let mounts: string | null = null;
  for (const fd of numericEntries(`${directory}/fd`).slice(-mostDescriptors)) {
    const info = contents(`${directory}/fdinfo/${fd}`);
    const inode = /^ino:\s+(\d+)/m.exec(info)?.[1];
    if (inode === undefined || !inodes.has(inode)) continue;
    const flags = /^flags:\s+([0-7]+)/m.exec(info)?.[1];
    const mount = /^mnt_id:\s+(\d+)/m.exec(info)?.[1];
    mounts ??= contents(`${directory}/mountinfo`);
    const dev = deviceOf(mounts, mount);
    const path = linkTarget(`${directory}/fd/${fd}`);
    if (flags === undefined || dev === null || !path?.startsWith('/')) continue;
    if (!files.some((file) => file.inode === inode && file.dev === dev)) continue;
    found.push({ fd, path: beforeDeletedMark(path) ?? path, flags: Number.parseInt(flags, 8), dev, inode });
  }
  return found;
}

function deviceOf(mounts: string, id: string | undefined): string | null {
  const device = id === undefined ? undefined : new RegExp(`^${id} \\d+ (\\S+) `, 'm').exec(mounts)?.[1];
  return device === undefined ? null : auditDeviceOfMount(device);
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
