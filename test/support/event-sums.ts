/**
 * Generated = received + stated, in audit events: each call of the load makes one.
 *
 * What the kernel does with one that has no room (kernel/audit.c): where the first record finds the queue full
 * (`audit_log_start`), no record is made and no serial given, and `lost` goes up by one; a later record that finds it full is
 * left out, and counted as one. What is in the queue and a daemon does not take goes into a second one (`kauditd_retry_skb`),
 * and is counted, record by record, where that is full too. Where the daemon takes nothing in five attempts of 100 ms each, all
 * of the second queue is dropped (`kauditd_hold_skb`), uncounted unless the kernel was booted with audit=1; of these events the
 * serials never come. A second reader, who was given every record before the daemon, tells how many they are.
 */

import type { Witnessed } from './audit-witness.ts';

export interface Amount {
  readonly records: number;
  readonly events: number;
}

export interface EventSums {
  readonly generated: number;
  /** Of the load's, what godo received something of. */
  readonly received: number;
  /** Serials that never came, as stated. */
  readonly serials: number;
  /** No serial was given, so the other reader has none of them either: stated within the records that the kernel lost. */
  readonly neverMade: number;
  /** Generated, but neither received nor stated. */
  readonly difference: number;
  /** What the other reader has of others: godo was not there for it where it was before its start, or after its end. */
  readonly others: Amount;
  /** Records that the kernel counts as lost, as stated. */
  readonly lost: number;
  /** Records that it left out of events whose first record was made. */
  readonly leftOut: number;
  /** Records that were queued, and not received. */
  readonly dropped: number;
  /** Records of those that the kernel has not counted: it counts one for each event that was never made, and all others. */
  readonly uncounted: number;
}

/** `stated`: the sums of the losses in records and in events. `received` has the others' as well. */
export function eventSums(
  generated: Amount,
  received: Amount,
  stated: { readonly records: number; readonly events: number },
  witnessed: Witnessed,
): EventSums {
  const { others } = witnessed;
  const ours = received.events - others.events;
  const neverMade = generated.events - witnessed.events;
  const leftOut = witnessed.missing;
  const dropped = witnessed.records + others.records - received.records;
  return {
    generated: generated.events,
    received: ours,
    serials: stated.events,
    neverMade,
    difference: generated.events - ours - stated.events - neverMade,
    others,
    lost: stated.records,
    leftOut,
    dropped,
    uncounted: neverMade + leftOut + dropped - stated.records,
  };
}
