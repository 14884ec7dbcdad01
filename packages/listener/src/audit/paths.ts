/** Path arithmetic on binary strings, without touching a file system. */

import type { BinaryString } from '../events.ts';

/**
 * The absolute form of a name given to a system call. null when there is no name, or a relative one without an
 * absolute working directory. Empty and `.` segments go. `..` is taken away only where it leads out of the working
 * directory, which the kernel states free of symbolic links; elsewhere it stays, for the segment before it may be one.
 */
export function absolutePath(name: BinaryString | null, cwd: BinaryString | null): BinaryString | null {
  if (name === null || name === '') return null;
  if (name.startsWith('/')) return `/${segments(name).join('/')}`;
  if (cwd === null || !cwd.startsWith('/')) return null;
  const base = segments(cwd);
  const rest = segments(name);
  while (rest[0] === '..') {
    rest.shift();
    base.pop();
  }
  return `/${[...base, ...rest].join('/')}`;
}

/**
 * The absolute form of a name that hangs on a directory descriptor. `isPhysical`: the directory's path is as the kernel
 * states it, free of symbolic links. `isRoot`: the directory is the root of the look-up (RESOLVE_IN_ROOT), also for
 * absolute names; nothing leads out of it. null: where it leads is not to be told from the name.
 */
export function pathBelow(
  directory: BinaryString,
  name: BinaryString,
  { isPhysical, isRoot }: { readonly isPhysical: boolean; readonly isRoot: boolean },
): BinaryString | null {
  const base = segments(directory);
  const rest = segments(name);
  while ((isPhysical || isRoot) && rest[0] === '..') {
    rest.shift();
    if (!isRoot) base.pop();
  }
  // Behind a symbolic link it may meet the root, above which it does not lead.
  if (isRoot && rest.includes('..')) return null;
  return `/${[...base, ...rest].join('/')}`;
}

/** The directory part of a name, as the kernel counts it for its PARENT record, slash included; empty: there is none. */
export function directoryPart(name: BinaryString): BinaryString {
  let end = name.length;
  while (end > 0 && name[end - 1] === '/') end -= 1;
  return name.slice(0, name.lastIndexOf('/', end - 1) + 1);
}

/** The last part of a name, where that is the name of an entry of its directory. */
export function entryName(name: BinaryString): BinaryString | null {
  const last = segments(name).at(-1);
  return last === undefined || last === '..' || /(?:^|\/)\.\/*$/.test(name) ? null : last;
}

function segments(path: BinaryString): BinaryString[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}
