/** What a listener that was cut off has left out, as far as its note and the kernel tell. Pure. */

import { isoTime } from '@godo/evidence';
import type { RunState } from '../kernel/run-file.ts';
import type { LossFacts } from '../loss-event.ts';
import { nanosecondsPerMs } from '../recorder/documents.ts';
import { kernelLoss } from './kernel-loss.ts';

/** Of such a loss, and of those of an end that was cut short. */
export const cutOffSource = 'listener';

const circle = 2 ** 32;

/** `untilNs`: from when on all is recorded again. */
export function cutOffLosses({ pid, sessionId, started, ...run }: RunState, untilNs: bigint): LossFacts[] {
  const { counters, endOfRules } = run;
  const { storedUntilMs = 0 } = counters;
  const storedNs = BigInt(storedUntilMs > 0 ? storedUntilMs : Date.parse(started)) * nanosecondsPerMs;
  // The clock may have been set back meanwhile.
  const missed = storedNs <= untilNs ? { sinceNs: storedNs, untilNs } : { sinceNs: untilNs, untilNs: storedNs };
  const [from, to] = [isoTime(missed.sinceNs), isoTime(missed.untilNs)];
  const reason = `The listener before this one (pid ${pid}, session ${sessionId}) was cut off: what happened between ${from} and ${to} is not in the database or only in part.`;
  const gap = counted({ source: cutOffSource, from, to, reason }, run);
  const known = knownLost(run);
  const lost = endOfRules?.lost ?? 0;
  // The gap last: it tells that all is stated.
  return known !== null && lost > known ? [kernelLoss(known, lost, missed), gap] : [gap];
}

/** The kernel's count of lost records, as far as it was stated; null: that is not known. */
function knownLost({
  counters,
  endOfRules,
  lostBefore,
}: Pick<RunState, 'counters' | 'endOfRules' | 'lostBefore'>): number | null {
  const { storedLost = 0 } = counters;
  if (lostBefore === undefined || endOfRules === undefined) return null;
  if (endOfRules.lost >= lostBefore) return Math.max(lostBefore, storedLost);
  // Somebody has made the kernel count anew.
  return storedLost === 0 ? null : storedLost;
}

/** By the serials, where both ends are known. They are given on a circle. */
function counted(gap: LossFacts, { counters, endOfRules }: Pick<RunState, 'counters' | 'endOfRules'>): LossFacts {
  const { firstSerial = 0, storedSerial = 0 } = counters;
  const last = endOfRules?.serial ?? null;
  if (last === null || (firstSerial === 0 && storedSerial === 0)) return gap;
  const first = storedSerial === 0 ? firstSerial : (storedSerial + 1) % circle;
  const count = (last - first + 1 + circle) % circle;
  // What lies behind is no later one.
  if (count >= circle / 2) return gap;
  const range = count === 0 ? 'none' : `${count} event(s) at most, serials ${first} to ${last}`;
  const events = `Until its rules were gone audit has made these: ${range}; those of changes to audit and of others' rules are among them.`;
  return { ...gap, count, unit: 'events', reason: `${gap.reason} ${events}` };
}
