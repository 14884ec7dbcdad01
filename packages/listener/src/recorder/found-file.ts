/** What is made of a file that /proc showed behind a descriptor. Pure. */

import { textOf } from '@godo/evidence';
import { openFlag } from '../audit/syscalls.ts';
import type { FoundFile, MadeEvent } from '../events.ts';
import type { Elsewhere } from './descriptor-table.ts';
import type { DescribedFile } from './operation-document.ts';

/** Of what is known of a descriptor by inheritance no call can be too old. */
export const inherited = Number.NEGATIVE_INFINITY;

const memoryFile = '/memfd:';

export const foundWarning =
  'found in /proc at its first write: received over a socket, or opened in a way audit does not tell';
export const missedOpenWarning =
  'found in /proc at a write behind a descriptor of another file: calls were missed, and its open was among them';
export const unidentified = 'which file it was could not be looked up before it was closed';
export const madeWarnings: Readonly<Record<MadeEvent['by'], readonly string[]>> = {
  pidfd_getfd: [],
  memfd_create: [],
  open_by_handle_at: ['opened by handle: its path was found in /proc'],
};

export const unknownFile: DescribedFile = {
  path: null,
  pathHex: null,
  pathResolved: false,
  dirfd: null,
  dev: null,
  inode: null,
  fileType: 'unknown',
};

export function lostDescriptor(): Elsewhere {
  return { closeOnExec: false, lost: true, foundMs: inherited, file: null, writes: 0, bytes: 0 };
}

export function knownFile({ path, dev, inode, fileType }: FoundFile): DescribedFile {
  const { text, hex } = textOf(path);
  return { path: text, pathHex: hex ?? null, pathResolved: true, dirfd: null, dev, inode, fileType };
}

export function isForWriting({ access, flags }: FoundFile): boolean {
  return (access === 'write' || access === 'readwrite') && ((flags ?? 0) & openFlag.path) === 0;
}

/** Whether it is a file that an open would have begun a session of. Sockets, pipes and the like have no path. */
export function isRecorded(file: FoundFile): boolean {
  return file.path.startsWith('/') && isForWriting(file) && file.terminal !== true;
}

/** Opened with O_TMPFILE. */
export function isUnnamed(flags: number | null): boolean {
  return flags !== null && (flags & openFlag.unnamed) !== 0;
}

/** Files in memory never have a name. */
export function deletedWarnings({ path, deleted }: FoundFile): string[] {
  if (deleted === undefined || path.startsWith(memoryFile)) return [];
  if (deleted) return ['the file had no name any more when it was found'];
  return ['whether its name was removed, or ends like that, is not known'];
}

/** Whether it can be what that call gave: the number may have been given out again since. */
export function isMadeBy({ by, flags }: MadeEvent, file: FoundFile): boolean {
  if (by === 'memfd_create') return file.path.startsWith(memoryFile);
  if (by === 'pidfd_getfd' || flags === null || file.flags === null) return true;
  return file.path.startsWith('/') && (flags & openFlag.accessMode) === (file.flags & openFlag.accessMode);
}
