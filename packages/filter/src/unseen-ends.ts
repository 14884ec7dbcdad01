import type { Unended } from './process-grouping.ts';
import type { ProcessTable } from './process-table.ts';
import type { Runs } from './runs.ts';

export const goneAtNextRun = 'its end was not seen: it was gone when the listener was started again';

/**
 * Ends the processes that ended while no listener ran: a later run of the same boot looked through /proc and did not find
 * them, so they were gone by then, and that is the end that they get.
 *
 * @param unended - By key.
 * @param lookOf - When a run looked through /proc at its start; null: what it found is not all there.
 */
export function endUnseen(
  table: ProcessTable,
  runs: Runs,
  unended: ReadonlyMap<string, Unended>,
  lookOf: (sessionId: string) => bigint | null,
): void {
  for (const [key, { seenBy, lastNs }] of unended) {
    const row = table.find(key);
    for (const { _id } of runs.after(table.originOf(row).bootId, [...seenBy])) {
      const lookNs = lookOf(_id);
      // What was told of it later than that, it cannot have ended before.
      if (lookNs === null || lookNs < lastNs) continue;
      table.exitNs.set(row, lookNs);
      table.warn(row, goneAtNextRun);
      break;
    }
  }
}
