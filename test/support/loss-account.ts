/** What a load made, what of it is stored, and what is stated as lost. */

import type { LossDocument, StoreTarget } from '@godo/evidence';
import type { Witnessed } from './audit-witness.ts';
import { type Amount, type EventSums, eventSums } from './event-sums.ts';
import { type Batch, findEvidence, type LoadResult, type MissingInBatch } from './fault-load.ts';

type FoundBatch = Batch & MissingInBatch;

export interface Account {
  /** The most memory that the listener had, MB. */
  readonly mostMb: number;
  /** Audit records and events that the load made, and that godo received (without those of changed rules). */
  readonly generated: Amount;
  readonly received: Amount;
  readonly missingCalls: number;
  readonly missingSpawns: number;
  readonly untrue: number;
  readonly misclosed: number;
  /** Sums of the losses with a count, by their unit. */
  readonly stated: Readonly<Record<string, number>>;
  /** Batches of which something is missing, and no loss says so by its times, without a number or of a run that was cut off. */
  readonly outside: readonly FoundBatch[];
  /** Those, unless losses with a number are as many. */
  readonly unstated: readonly FoundBatch[];
  /** null: nobody else has looked. */
  readonly sums: EventSums | null;
  readonly losses: readonly LossDocument[];
  readonly counters: Readonly<Record<string, number>>;
  readonly batches: readonly FoundBatch[];
}

/** How far times of losses, which are looked at once a second, may be from those of the load. */
const slackMs = 1_500;

export async function account(
  target: StoreTarget,
  load: LoadResult,
  mostMb: number,
  witnessed?: Witnessed,
): Promise<Account> {
  const { missing, untrue, misclosed, losses, counters } = await findEvidence(target, load);
  const stated: Record<string, number> = { records: 0, events: 0, messages: 0, documents: 0 };
  for (const { severity, unit, count } of losses) {
    if (severity === 'loss' && unit !== undefined) stated[unit] = (stated[unit] ?? 0) + (count ?? 0);
  }
  const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);
  const batches = load.batches.map((batch, index) => ({ ...batch, ...(missing[index] as MissingInBatch) }));
  const ranges = losses
    .filter(
      ({ severity, source, count }) =>
        source === 'listener' || ((severity === 'loss' || source === 'audit-socket') && count === null),
    )
    .map(({ from, to }) => [Date.parse(from ?? ''), Date.parse(to ?? '')] as const);
  const isStated = ({ beganMs, endedMs }: Batch) =>
    ranges.some(([from, to]) => endedMs >= from - slackMs && beganMs <= to + slackMs);
  const lacking = batches.filter(({ calls, spawns }) => calls + spawns > 0).filter((batch) => !isStated(batch));
  // Each call that is missing has lost one record at least.
  const lost = sum(lacking.map(({ calls, spawns }) => calls + spawns));
  const counted = (stated.records ?? 0) + (stated.events ?? 0) + (stated.documents ?? 0);
  const generated = { records: load.records, events: load.events };
  const received = {
    records: (counters.auditRecords ?? 0) - (counters.configChanges ?? 0),
    events: (counters.auditEvents ?? 0) - (counters.configChanges ?? 0),
  };
  const { records = 0, events = 0 } = stated;
  return {
    mostMb,
    generated,
    received,
    missingCalls: sum(missing.map(({ calls }) => calls)),
    missingSpawns: sum(missing.map(({ spawns }) => spawns)),
    untrue,
    misclosed,
    stated,
    outside: lacking,
    unstated: lost <= counted ? [] : lacking,
    sums: witnessed === undefined ? null : eventSums(generated, received, { records, events }, witnessed),
    losses,
    counters,
    batches,
  };
}

/** `pace`: how long its batches took, in words. */
export function tell(name: string, found: Account, pace: string): void {
  const { losses, counters, batches, unstated, outside, sums, stated, ...others } = found;
  const { mostMb, missingCalls, missingSpawns, untrue, misclosed } = others;
  const figures = { mostMb, missingCalls, missingSpawns, untrue, misclosed, stated };
  process.stderr.write(`${name}: ${pace}; ${sums === null ? '' : told(sums)}; ${JSON.stringify(figures)}\n`);
  if (process.env.FAULTS_VERBOSE !== '1') return;
  for (const { severity, source, from, to, count, reason } of losses.slice(0, 40)) {
    process.stderr.write(`  ${severity} ${source} ${from} ${to} ${count} ${reason}\n`);
  }
  process.stderr.write(`  ${JSON.stringify(counters)}\n`);
  const lacking = batches.filter(({ calls, spawns }) => calls + spawns > 0);
  process.stderr.write(`  ${batches.length} batches, lacking ${JSON.stringify(lacking)}\n`);
}

function told({ generated, received, serials, neverMade, difference, ...records }: EventSums): string {
  const { others, lost, leftOut, dropped, uncounted } = records;
  return (
    `events: ${generated} generated - ${received} received - ${serials} stated by serial - ${neverMade} never made = ${difference} (${others.events} of others), ` +
    `records: ${neverMade} first ones + ${leftOut} left out + ${dropped} dropped - ${lost} stated = ${uncounted}`
  );
}
