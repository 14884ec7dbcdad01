/** Names in /proc that lead to what a descriptor of the caller refers to (proc_pid_fd(5)), whatever that file is called. */

import type { BinaryString } from '../events.ts';
import type { ProcessState } from './process-table.ts';

const link = /^\/(?:proc\/(?:self|thread-self|(?<pid>\d{1,10}))\/fd|dev\/fd)\/(?<fd>\d{1,10})$/;
const standard: Readonly<Record<string, number>> = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 };

/** The caller's descriptor that a path names; null: it names none. */
export function linkedDescriptor(path: BinaryString | null, process: ProcessState): number | null {
  // Most paths are others.
  if (path === null || !(path.startsWith('/proc/') || path.startsWith('/dev/'))) return null;
  const groups = link.exec(path)?.groups;
  if (groups === undefined) return standard[path] ?? null;
  const { pid, fd } = groups;
  // In a pid namespace of its own the caller has another number.
  const number = process.inner === null ? process.tgid : process.inner.number;
  const isOwn = pid === undefined || Number(pid) === number;
  return isOwn ? Number(fd) : null;
}
