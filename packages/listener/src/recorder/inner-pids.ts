/**
 * The numbers of processes in pid namespaces of their own, from what a fork returns there: the pid of the child as its
 * parent sees it. /proc tells them too, where it is read; this costs no reading. What is not sure is not said.
 */

import type { ProcFacts } from '../events.ts';

/** CLONE_NEW* of linux/sched.h. */
export const newNamespace = {
  time: 0x80,
  mnt: 0x2_0000,
  cgroup: 0x200_0000,
  uts: 0x400_0000,
  ipc: 0x800_0000,
  user: 0x1000_0000,
  pid: 0x2000_0000,
  net: 0x4000_0000,
} as const;

/** What is known of the pid namespace of a process, and of that which its children begin in. */
export interface InnerPid {
  /** null: it is in another namespace than the host's (or may be), with a number that is not known. */
  readonly number: number | null;
  /** new: it made one for its children, and has none in it yet. unknown: it is another one than its own. */
  readonly children: 'own' | 'new' | 'unknown';
}

/** In the host's. What most processes are is not kept for each. */
export const onHost: InnerPid | null = null;

/** After unshare (`makes`) or setns with these flags. */
export function afterMove(before: InnerPid | null, flags: number, makes: boolean): InnerPid | null {
  if (makes) return (flags & newNamespace.pid) === 0 ? before : { number: before?.number ?? null, children: 'new' };
  if (flags !== 0 && (flags & newNamespace.pid) === 0) return before;
  return { number: before?.number ?? null, children: 'unknown' };
}

export interface Birth {
  /** What the call returned. */
  readonly childPid: number;
  /** CLONE_*; null: not to be seen. */
  readonly flags: number | null;
  /** Whether the call is surely the one that made this child. */
  readonly isSure: boolean;
  /** Number of the child on the host. */
  readonly tgid: number;
}

/** Of a child whose fork was told, and the call that made it not yet. */
export function beforeBirth(parent: InnerPid | null): InnerPid | null {
  return parent === null ? onHost : { number: null, children: 'own' };
}

/** Of a child by the call that made it, where its parent is `parent`. */
export function ofChild(parent: InnerPid | null, { childPid, flags, isSure, tgid }: Birth): InnerPid | null {
  const isFirst = (flags !== null && (flags & newNamespace.pid) !== 0) || parent?.children === 'new';
  if (isFirst) return { number: isSure ? 1 : null, children: 'own' };
  if (parent === null) return onHost;
  if (parent.children === 'unknown' || flags === null || !isSure) return { number: null, children: 'own' };
  // A container may have the pid namespace of the host.
  return { number: childPid === tgid ? null : childPid, children: 'own' };
}

/** After its first child there were others, of which it is not told which numbers they have there. */
export function afterBirth(parent: InnerPid | null): InnerPid | null {
  return parent?.children === 'new' ? { ...parent, children: 'unknown' } : parent;
}

/** What /proc said is sure. */
export function asRead(before: InnerPid | null, { pids }: ProcFacts): InnerPid | null {
  const number = pids?.at(-1);
  return number === undefined ? before : { number, children: before?.children ?? 'own' };
}
