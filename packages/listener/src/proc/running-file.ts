/** The file that a process runs, by its link in /proc. */

import { beforeDeletedMark } from '../deleted-suffix.ts';
import type { BinaryString, ProcFacts } from '../events.ts';
import type { OpenProcess } from './proc-files.ts';

export type RunningFile = Pick<ProcFacts, 'exeDeleted'> & { readonly exe: BinaryString };

/**
 * `exe`: what the link says. Where the mark of a deleted file stands behind it, a file that has no name left was deleted;
 * one that has may be called like that, or have another name still.
 */
export function runningFile(process: OpenProcess, exe: BinaryString): RunningFile {
  const cut = beforeDeletedMark(exe);
  if (cut === null) return { exe };
  return process.exeLinks() === 0 ? { exe: cut, exeDeleted: true } : { exe, exeDeleted: null };
}
