/** Which numbers processes have in pid namespaces of their own, as the calls that made them tell. */

import type { CloneEvent, SetnsEvent, UnshareEvent } from '../events.ts';
import { nanosecondsPerMs } from './documents.ts';
import { maxUncloned } from './fork-inheritance.ts';
import { afterBirth, afterMove, beforeBirth, type InnerPid, newNamespace, ofChild } from './inner-pids.ts';
import type { ProcessState } from './process-table.ts';
import type { Processes } from './processes.ts';

/** CLONE_PARENT of linux/sched.h. */
const cloneParent = 0x8000;
/** ms from the stamp of a clone, which may lag a tick, to the fork that it makes. */
const longestCloneMs = 100;

/** All but the pid namespace, which a process does not leave itself. */
const otherNamespaces = Object.entries(newNamespace).reduce(
  (all, [kind, bit]) => (kind === 'pid' ? all : all | bit),
  0,
);

export class ProcessNumbers {
  readonly #processes: Processes;

  constructor(processes: Processes) {
    this.#processes = processes;
  }

  /** The call that makes a process in a namespace of its own tells its number there. */
  await(parent: ProcessState, child: ProcessState): void {
    const inside = insideOf(parent);
    child.inner = beforeBirth(inside);
    child.doubtful = parent.threaded;
    if (inside === null) return;
    parent.unnumbered.push(child);
    if (parent.unnumbered.length > maxUncloned) parent.unnumbered.shift();
  }

  /**
   * What the call that made a process tells of its number and namespaces. It goes by the times that the kernel gave and by
   * the order of the records, not by how far the connector is ahead of them.
   */
  cloned(parent: ProcessState, event: CloneEvent): void {
    const { childPid, flags, ms } = event;
    if (flags === null) {
      parent.hiddenCloneMs = ms;
      return;
    }
    const inside = insideOf(parent);
    const isElsewhere = (flags & otherNamespaces) !== 0;
    // Most calls: on the host the numbers are the host's. With CLONE_PARENT the child is none of the caller's.
    if ((inside === null && (flags & newNamespace.pid) === 0 && !isElsewhere) || (flags & cloneParent) !== 0) return;
    const { table, observations } = this.#processes;
    const named = table.latest(childPid);
    const isNamed = named !== undefined && named.parentKey === parent.key && isChildOf(named, ms);
    // Those that were forked before audit told that the parent is in a namespace still wait for their clone records.
    const child = isNamed ? named : (takeChild(parent.unnumbered, ms) ?? findChild(parent.uncloned, ms));
    if (child === undefined) return;
    const isInOrder = !child.doubtful && isChildOf(child, ms) && ms - parent.hiddenCloneMs > longestCloneMs;
    // The number that the host's namespace has says which child is meant, but not which of them was the first.
    const isSure = isInOrder || (isNamed && inside?.children !== 'new');
    const known = child.inner?.number ?? null;
    if (known === null) child.inner = ofChild(inside, { childPid, flags, isSure, tgid: child.tgid });
    parent.inner = afterBirth(parent.inner);
    const number = known === null ? (child.inner?.number ?? null) : null;
    if (number === null && !isElsewhere) return;
    const draft = observations.begin(child, { ...observations.fromAudit(event, 'inside', ':child'), pid: child.tgid });
    if (number !== null) draft.innerPid = number;
    if (isElsewhere) draft.namespaces = null;
    observations.tell(draft);
  }

  /** unshare and setns. */
  moved(process: ProcessState, event: UnshareEvent | SetnsEvent): void {
    const { flags } = event;
    process.inner = afterMove(process.inner, flags, event.kind === 'unshare');
    if (event.kind === 'unshare' ? (flags & otherNamespaces) === 0 : flags === newNamespace.pid) return;
    const { observations } = this.#processes;
    const draft = observations.begin(process, observations.fromAudit(event, 'inside'));
    draft.namespaces = null;
    observations.tell(draft);
  }
}

/** A process in a container is taken for one in a pid namespace of its own, whether its number there is known or not. */
function insideOf({ inner, containerId }: ProcessState): InnerPid | null {
  return inner ?? (containerId == null ? null : { number: null, children: 'own' });
}

/** Whether a process can have been made by a call with this stamp, as far as the times tell. */
function isChildOf({ startNs }: ProcessState, ms: number): boolean {
  if (startNs === null) return false;
  const afterMs = Number(startNs / nanosecondsPerMs) - ms;
  return afterMs >= -1 && afterMs <= longestCloneMs;
}

/**
 * One thread makes one child after the other, and the records of its calls come in the same order: the first that is not
 * older than the call. The records of those before it have been lost.
 */
function takeChild(children: ProcessState[], ms: number): ProcessState | undefined {
  const child = findChild(children, ms);
  if (child !== undefined) children.splice(0, children.indexOf(child) + 1);
  return child;
}

function findChild(children: readonly ProcessState[], ms: number): ProcessState | undefined {
  const sinceNs = BigInt(ms - 1) * nanosecondsPerMs;
  return children.find(({ startNs }) => startNs !== null && startNs >= sinceNs);
}
