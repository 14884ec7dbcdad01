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

function segments(path: BinaryString): BinaryString[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}
