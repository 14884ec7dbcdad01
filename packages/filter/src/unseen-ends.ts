import type { ProcessTable } from './process-table.ts';
import type { Runs } from './runs.ts';

export const goneAtNextRun = 'its end was not seen: it was gone when the listener was started again';

/**
 * Ends the processes that ended while no listener ran: a later run of the same boot looked through /proc and did not find
 * them, so they were gone by its start, which is the end that they get.
 *
 * @param isUnderWay - Whether all that a run found in /proc is among the evidence.
 */
export function endUnseen(table: ProcessTable, runs: Runs, isUnderWay: (sessionId: string) => boolean): void {
  for (const row of table.rows()) {
    if (table.exitNs.at(row) !== null) continue;
    const { bootId } = table.originOf(row);
    if (!runs.isResumed(bootId)) continue;
    const next = runs.after(bootId, table.sessionIdsOf(row)).find(({ _id }) => isUnderWay(_id));
    if (next === undefined) continue;
    table.exitNs.set(row, next.startNs);
    table.warn(row, goneAtNextRun);
  }
}
