/** What a listener that was cut off has left out, as far as its note and the kernel tell. Pure. */

import { isoTime } from '@godo/evidence';
import type { RunState } from '../kernel/run-file.ts';
import type { LossFacts } from '../loss-event.ts';
import { kernelLoss } from './kernel-loss.ts';

const circle = 2 ** 32;
const nanosecondsPerMs = 1_000_000n;

/** `untilNs`: from when on all is recorded again. */
export function cutOffLosses({ pid, sessionId, started, ...run }: RunState, untilNs: bigint): LossFacts[] {
  const { counters, endOfRules, lostBefore = 0 } = run;
  const { storedUntilMs = 0, firstSerial = 0, storedSerial = 0, storedLost = 0 } = counters;
  const sinceNs = BigInt(storedUntilMs > 0 ? storedUntilMs : Date.parse(started)) * nanosecondsPerMs;
  const [from, to] = [isoTime(sinceNs), isoTime(untilNs)];
  const reason = `The listener before this one (pid ${pid}, session ${sessionId}) was cut off: what happened between ${from} and ${to} is not in the database or only in part.`;
  const gap: LossFacts = { source: 'listener', from, to, reason };
  const serial = endOfRules?.serial ?? null;
  const first = storedSerial === 0 ? firstSerial : (storedSerial + 1) % circle;
  const losses = [(storedSerial === 0 && firstSerial === 0) || serial === null ? gap : counted(gap, first, serial)];
  const known = Math.max(lostBefore, storedLost);
  const lost = endOfRules?.lost ?? known;
  return lost > known ? [...losses, kernelLoss(known, lost, { sinceNs, untilNs })] : losses;
}

/** `last`: by when no rule of ours was there any more. Serials are given on a circle. */
function counted(gap: LossFacts, first: number, last: number): LossFacts {
  const count = (last - first + 1 + circle) % circle;
  const range = `serials ${first} to ${last}`;
  const events = `Of audit these are ${count} event(s) at most (${range}, with those of changes to audit and of others' rules), until its rules were gone; then there are none.`;
  return { ...gap, count, unit: 'events', reason: `${gap.reason} ${events}` };
}
