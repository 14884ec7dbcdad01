/**
 * Looks at a file that a recorded call named, where it is still there: its times and size. It goes along the path itself, for
 * at no step it may come to a file system that could make it wait; and it takes nothing for the file but what has its device
 * and inode.
 */

import { lstat, readFile, readlink } from 'node:fs/promises';
import type { BinaryString, SeenFile } from '../events.ts';
import { auditDeviceOfMount } from '../proc/device.ts';
import type { Mount } from '../proc/root-file-system.ts';
import type { FileQuestion } from '../recorder/mapped-sessions.ts';
import { isLocal, mountOf, mountsIn, tellsStores } from './local-mounts.ts';

/** As lstat gives it, with bigint. */
export interface FileStatus {
  isSymbolicLink(): boolean;
  isFile(): boolean;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthtimeNs: bigint;
}

/** Throw where there is no such thing. */
export interface LookFiles {
  mountinfo(process: number | 'self'): Promise<BinaryString>;
  lstat(path: BinaryString): Promise<FileStatus>;
  readlink(path: BinaryString): Promise<BinaryString>;
}

const bytes = (path: BinaryString) => Buffer.from(path, 'latin1');

export const hostFiles: LookFiles = {
  mountinfo: (process) => readFile(`/proc/${process}/mountinfo`, 'latin1'),
  lstat: (path) => lstat(bytes(path), { bigint: true }),
  readlink: async (path) => (await readlink(bytes(path), { encoding: 'buffer' })).toString('latin1'),
};

export type LookAnswer =
  | { readonly found: SeenFile; readonly reason: null }
  | { readonly found: null; readonly reason: string };

/** Where a path begins, and the mounts that are seen from there. */
interface Place {
  /** In front of every path that is looked at. */
  readonly root: BinaryString;
  /** In front of those that are looked for among the mounts. */
  readonly seenAs: BinaryString;
  readonly mounts: readonly Mount[];
}

/** As many as the kernel follows (MAXSYMLINKS). */
const mostLinks = 40;
const mostParts = 512;
const gone = 'the file is not at its path any more, or cannot be reached there';

export async function lookAtFile(question: FileQuestion, files: LookFiles): Promise<LookAnswer> {
  const { path, dev, inode, tgids, roots } = question;
  const hostMounts = mountsIn(await files.mountinfo('self'));
  let reason = gone;
  for (const place of [...tgids, ...roots]) {
    const from = await placeOf(place, hostMounts, files);
    if (from === null) continue;
    const seen = await follow(path, from, hostMounts, files).catch(() => null);
    if (seen === null) continue;
    if (typeof seen === 'string') {
      reason = seen;
      continue;
    }
    const { status, mount } = seen;
    if (!status.isFile() || String(status.ino) !== inode || auditDeviceOfMount(mount.device) !== dev) continue;
    const { size, mtimeNs, ctimeNs, birthtimeNs } = status;
    const birthNs = birthtimeNs > 0n ? birthtimeNs : null;
    const facts = { fileSystem: mount.type, tellsStores: tellsStores(mount, hostMounts) };
    return { found: { size: Number(size), mtimeNs, ctimeNs, birthNs, ...facts }, reason: null };
  }
  return { found: null, reason };
}

async function placeOf(
  place: number | BinaryString,
  hostMounts: readonly Mount[],
  files: LookFiles,
): Promise<Place | null> {
  if (typeof place !== 'number') {
    const root = place === '/' ? '' : place;
    return { root, seenAs: root, mounts: hostMounts };
  }
  const mountinfo = await files.mountinfo(place).catch(() => null);
  return mountinfo === null ? null : { root: `/proc/${place}/root`, seenAs: '', mounts: mountsIn(mountinfo) };
}

/** null: nothing is there. A text: why it was not looked. */
async function follow(
  path: BinaryString,
  { root, seenAs, mounts }: Place,
  hostMounts: readonly Mount[],
  files: LookFiles,
): Promise<{ status: FileStatus; mount: Mount } | string | null> {
  const left = partsOf(path).reverse();
  let at: BinaryString[] = [];
  let links = 0;
  let seen: { status: FileStatus; mount: Mount } | null = null;
  while (left.length > 0) {
    const part = left.pop() as BinaryString;
    if (part === '..') {
      at.pop();
      continue;
    }
    at.push(part);
    if (at.length > mostParts) return null;
    const below = `/${at.join('/')}`;
    const mount = mountOf(mounts, seenAs + below);
    if (mount === undefined) return null;
    if (!isLocal(mount, hostMounts)) return `it may have to be waited for (${mount.type}), so it was not looked at`;
    const status = await files.lstat(root + below);
    seen = { status, mount };
    if (!status.isSymbolicLink()) continue;
    links += 1;
    if (links > mostLinks) return null;
    const target = await files.readlink(root + below);
    if (target.startsWith('/')) at = [];
    else at.pop();
    left.push(...partsOf(target).reverse());
    if (left.length > mostParts) return null;
  }
  return seen;
}

function partsOf(path: BinaryString): BinaryString[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
