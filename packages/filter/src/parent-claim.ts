import type { TaskObservation } from '@godo/evidence';
import { countOf, textOf } from './values.ts';

/** What an observation says of the parent of a process. */
export interface ParentClaim {
  readonly source: 'kernel' | 'proc' | 'inferred';
  /** Said of the process itself, not of one of its later threads. */
  readonly own: boolean;
  /** Parent task and parent process. */
  readonly ppid: number | null;
  readonly parentTgid: number | null;
  readonly parentKey: string | null;
}

/** The claim an observation makes, or null where it says nothing of a parent. */
export function claimOf(task: TaskObservation): ParentClaim | null {
  const ppid = countOf(task.ppid);
  const parentTgid = countOf(task.parentTgid);
  const parentKey = textOf(task.parentKey);
  if (ppid === null && parentTgid === null && parentKey === null) return null;
  const own = task.pid === task.tgid;
  let source: ParentClaim['source'] = 'inferred';
  if (task.inferred !== true) {
    if (task.observation === 'fork' && own) source = 'kernel';
    else if (own && task.observation !== 'exit' && (task.source === 'proc' || task.source === 'connector')) {
      source = 'proc';
    }
  }
  return { source, own, ppid, parentTgid, parentKey };
}

const rank = { kernel: 0, proc: 1, inferred: 2 } as const;

/**
 * Which of two claims holds: the process's own fork is the truth; a thread that was made after the parent died names
 * whoever adopted the process. Among equals the earlier one, for a parent can only be replaced by an adopter.
 */
export function betterClaim(earlier: ParentClaim | null, later: ParentClaim | null): ParentClaim | null {
  if (earlier === null || later === null) return earlier ?? later;
  if (earlier.own !== later.own) return earlier.own ? earlier : later;
  return rank[later.source] < rank[earlier.source] ? later : earlier;
}
