/** The mark that the kernel puts behind the path of a file that has no name any more (d_path in fs/d_path.c). */

import type { BinaryString } from './events.ts';

const mark = ' (deleted)';

/** The path before the mark; null where there is none. A file may really be called like that: the mark alone proves nothing. */
export function beforeDeletedMark(path: BinaryString): BinaryString | null {
  return path.endsWith(mark) ? path.slice(0, -mark.length) : null;
}

/** What is known of a program of which there is only the path: null where it has the mark, undefined where it has none. */
export function deletedByPath(path: BinaryString | null): null | undefined {
  return path === null || beforeDeletedMark(path) === null ? undefined : null;
}
