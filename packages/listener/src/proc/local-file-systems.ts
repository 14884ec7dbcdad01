/** Which file systems are of this machine: no server lets one wait for them. */

import { readFileSync } from 'node:fs';
import { parseMount } from './root-file-system.ts';

const local: ReadonlySet<string> = new Set([
  ...['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'bcachefs', 'f2fs', 'jfs', 'reiserfs', 'zfs', 'nilfs2'],
  ...['tmpfs', 'ramfs', 'overlay', 'aufs', 'vfat', 'msdos', 'exfat', 'ntfs3', 'hfsplus', 'udf', 'minix'],
  ...['squashfs', 'erofs', 'iso9660', 'rootfs'],
]);

export function isLocal(type: string): boolean {
  return local.has(type);
}

/**
 * The type of the file system that an absolute path without links leads to, told without asking it. null: not known.
 *
 * @param mountinfo - The text of /proc/PID/mountinfo.
 */
export function typeAt(path: string, mountinfo: string): string | null {
  let found: { readonly mountPoint: string; readonly type: string } | null = null;
  for (const line of mountinfo.split('\n')) {
    const mount = parseMount(line);
    if (mount === null || !isBelow(path, mount.mountPoint)) continue;
    // Of two at one place the later one covers the other.
    if (found === null || mount.mountPoint.length >= found.mountPoint.length) found = mount;
  }
  return found?.type ?? null;
}

/** Whether nobody else is asked for what is at a path of ours. */
export function isLocalPath(path: string): boolean {
  const type = typeAt(Buffer.from(path, 'utf8').toString('latin1'), readFileSync('/proc/self/mountinfo', 'latin1'));
  return type === null || isLocal(type);
}

function isBelow(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}
