/** On which file system a path lies, by mountinfo alone: asking the file system itself may wait for a network. */

import type { BinaryString } from '../events.ts';
import { type Mount, parseMount } from '../proc/root-file-system.ts';

/** Those that ask nobody but a device of this host, or memory. */
const local: ReadonlySet<string> = new Set([
  ...['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'f2fs', 'zfs', 'bcachefs', 'jfs', 'vfat', 'exfat', 'ntfs3'],
  ...['tmpfs', 'ramfs', 'devtmpfs', 'rootfs'],
]);

/** Those of which it was measured that each mapping that is stored through changes the times (mapped-verdict.ts). */
const telling: ReadonlySet<string> = new Set(['ext4', 'xfs', 'btrfs']);

export function mountsIn(mountinfo: BinaryString): Mount[] {
  return mountinfo
    .split('\n')
    .map(parseMount)
    .filter((mount) => mount !== null);
}

/** `path` is absolute and has neither links nor dots in it. Of mounts at one place the last one covers the others. */
export function mountOf(mounts: readonly Mount[], path: BinaryString): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    const { mountPoint } = mount;
    const isAbove = mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
    if (isAbove && (found === undefined || mountPoint.length >= found.mountPoint.length)) found = mount;
  }
  return found;
}

/** Whether files can be looked at without waiting for another host. An overlay is as its layers are, where it names them. */
export function isLocal(mount: Mount, hostMounts: readonly Mount[]): boolean {
  if (mount.type !== 'overlay') return local.has(mount.type);
  return layersOf(mount).every((layer) => {
    const below = mountOf(hostMounts, layer);
    return below !== undefined && (local.has(below.type) || below.type === 'overlay');
  });
}

/** An overlay has the times of the file in its upper directory. */
export function tellsStores(mount: Mount, hostMounts: readonly Mount[]): boolean {
  if (mount.type !== 'overlay') return telling.has(mount.type);
  const upper = optionOf(mount, 'upperdir');
  const below = upper?.startsWith('/') ? mountOf(hostMounts, upper) : undefined;
  return below !== undefined && telling.has(below.type);
}

/** Absolute ones: an engine may have named others relative to a directory that is not known. */
function layersOf(mount: Mount): BinaryString[] {
  const lower = (optionOf(mount, 'lowerdir') ?? '').split(':');
  return [...lower, optionOf(mount, 'upperdir') ?? ''].filter((layer) => layer.startsWith('/'));
}

function optionOf({ superOptions }: Mount, name: string): BinaryString | undefined {
  return superOptions
    .split(',')
    .find((option) => option.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
