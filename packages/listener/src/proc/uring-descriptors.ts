/** Finds the descriptors of a process that refer to certain files, by what the kernel itself knows: no file is asked. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { beforeDeletedMark } from '../deleted-suffix.ts';
import type { BinaryString, UringDescriptor, UringFile } from '../events.ts';
import { auditDeviceOfMount } from './device.ts';

/** Of a process that has more open, these are looked at. */
const mostDescriptors = 256;

/** @param directory of the process in /proc. Whatever goes away meanwhile is left out. */
export function descriptorsOf(directory: string, files: readonly UringFile[]): UringDescriptor[] {
  const inodes = new Set(files.map(({ inode }) => inode));
  const found: UringDescriptor[] = [];
  let mounts: string | null = null;
  for (const fd of numbersIn(`${directory}/fd`).slice(-mostDescriptors)) {
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

function linkTarget(path: string): BinaryString | null {
  try {
    return readlinkSync(path, 'buffer').toString('latin1');
  } catch {
    return null;
  }
}

function numbersIn(directory: string): number[] {
  try {
    return readdirSync(directory).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}
