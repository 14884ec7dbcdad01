/** Records that the kernel counts as lost. */

import { isoTime } from '@godo/evidence';
import type { MissedTime } from '../events.ts';
import type { LossFacts } from '../loss-event.ts';

/** `to` of such a loss is the kernel's own count. */
export const kernelLossSource = 'audit-kernel';

/** `from` and `to`: the kernel's own count, before and now. */
export function kernelLoss(from: number, to: number, { sinceNs, untilNs }: MissedTime): LossFacts {
  const count = to - from;
  const between = `between ${isoTime(sinceNs)} and ${isoTime(untilNs)}`;
  const reason = `The kernel dropped ${count} audit record(s) ${between}, for its queue was full: so many calls at most are not recorded, or not wholly. What that makes unsure of files is said of their sessions.`;
  return { source: kernelLossSource, from: String(from), to: String(to), count, unit: 'records', reason };
}
