/** Whether what two sources tell of a process id is one life of it, by the start. */

import type { ForkEvent, ProcFacts, SnapshotEvent } from '../events.ts';
import type { ProcessState } from './process-table.ts';

/** The child shares the clock tick of its fork, or the next one. */
const tickTolerance = 1;

export function isSameStart(one: number, other: number): boolean {
  return Math.abs(one - other) <= tickTolerance;
}

/** Whether the process is the one that /proc shows; one whose start we do not know is, as far as anybody can tell. */
export function isSameLife({ startTicks, exitedNs }: ProcessState, { proc }: SnapshotEvent): boolean {
  if (startTicks === null) return exitedNs === null;
  return isSameStart(startTicks, proc.startTicks);
}

/** /proc may already show another life of the number: its start then is not the fork's. */
export function startOfFork(event: ForkEvent): number {
  const read = event.proc?.startTicks;
  return read !== undefined && isSameStart(read, event.ticks) ? read : event.ticks;
}

/** What /proc said, if it is of this life. */
export function factsOf({ startTicks }: ProcessState, facts: ProcFacts | null): ProcFacts | null {
  if (facts === null || startTicks === null) return facts;
  return isSameStart(facts.startTicks, startTicks) ? facts : null;
}
