/** What a process has used, from what the kernel tells of each of its tasks at that one's end. */

import type { ExitEvent } from '../events.ts';
import type { ProcessState } from './process-table.ts';

/** Tasks of a process that ran before us may have ended before us. */
export function addUsage(process: ProcessState, { usage, monotonicNs }: ExitEvent): void {
  if (usage === undefined) {
    missUsage(process);
    return;
  }
  const ranBefore = process.provisional || process.snapshotMs !== null;
  process.usage ??= { cpuUs: 0, maxRssKb: 0, partial: ranBefore };
  process.usage.cpuUs += usage.cpuUs;
  // A thread that an exec ended had the memory of the program before.
  if (monotonicNs >= process.lastExecNs) process.usage.maxRssKb = Math.max(process.usage.maxRssKb, usage.maxRssKb);
}

/** What some task used is not told, and may be told of others. */
export function missUsage(process: ProcessState): void {
  process.usage ??= { cpuUs: 0, maxRssKb: 0, partial: true };
  process.usage.partial = true;
}
