/** Making loss events: what is not said of one is not known. */

import type { LossEvent } from './events.ts';

export type LossFacts = Pick<LossEvent, 'source' | 'reason'> & Partial<LossEvent>;

/** A loss, unless `facts` says that it is a warning; `from`, `to` and `count` are null where `facts` has none. */
export function lossEvent(timeNs: bigint, facts: LossFacts): LossEvent {
  return { from: null, to: null, count: null, severity: 'loss', ...facts, kind: 'loss', timeNs };
}
