/** How the two streams of a host may reach the merge. */

import fc from 'fast-check';
import type { PipelineEvent } from '../../src/events.ts';
import { type AuditBatch, type ConnectorBatch, exitGraceUs, Merge } from '../../src/merge.ts';
import { interleaving } from './interleaving.ts';
import type { HostStory, Told } from './simulated-host.ts';

export type Arrival =
  | { readonly stream: 'audit'; readonly batch: AuditBatch }
  | { readonly stream: 'connector'; readonly batch: ConnectorBatch };

interface Reading {
  /** µs since the reading before. */
  readonly waitUs: number;
  /** The socket was found empty after it. */
  readonly drained: boolean;
}

/** A busy stage reads every few milliseconds, one that is held up much later. */
const waitUs = fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 400_000 }));
const readings = fc.array(fc.record({ waitUs, drained: fc.boolean() }), {
  minLength: 1,
  maxLength: 12,
});
/** How long kauditd may hold a record. */
const lags = fc.array(fc.nat({ max: exitGraceUs - 1 }), { minLength: 1, maxLength: 12 });

/**
 * Each stream is read in order, at any moments; connector messages are there at once, audit records some time later but
 * in their order. The batches of one stream reach the merge in order, those of the two in any.
 */
export function arrivalsOf(story: HostStory): fc.Arbitrary<Arrival[]> {
  return fc.tuple(readings, readings, lags).chain(([connectorReadings, auditReadings, lag]) => {
    let drainedUs = Number.NEGATIVE_INFINITY;
    const connector = read(story.connector, connectorReadings).map(({ atUs, drained, events }): Arrival => {
      if (drained) drainedUs = atUs;
      return { stream: 'connector', batch: { arrivalUs: atUs, drainedUs, events } };
    });
    const audit = read(late(story.audit, lag), auditReadings).map(
      ({ atUs, drained, events }): Arrival => ({
        stream: 'audit',
        batch: { arrivalUs: atUs, drainedUs: drained ? atUs : null, events },
      }),
    );
    return interleaving<Arrival>([connector, audit]);
  });
}

/** What the merge makes of them. */
export function merged(arrivals: readonly Arrival[]): PipelineEvent[] {
  const events: PipelineEvent[] = [];
  const merge = new Merge((event) => events.push(event));
  for (const arrival of arrivals) {
    if (arrival.stream === 'audit') merge.audit(arrival.batch);
    else merge.connector(arrival.batch);
  }
  merge.finish();
  return events;
}

function late<E>(told: readonly Told<E>[], lag: readonly number[]): Told<E>[] {
  let last = 0;
  return told.map(({ atUs, event }, index) => {
    last = Math.max(last, atUs + (lag[index % lag.length] ?? 0));
    return { atUs: last, event };
  });
}

/** A reading that brings nothing is like the one before: of many between two messages so many are enough. */
const mostIdle = 3;

function read<E>(told: readonly Told<E>[], pattern: readonly Reading[]) {
  const batches: { atUs: number; drained: boolean; events: E[] }[] = [];
  let atUs = 0;
  let idle = 0;
  for (let taken = 0; taken < told.length; ) {
    // The next one brings a message then, however soon it is.
    if (idle === mostIdle) atUs = Math.max(atUs, (told[taken]?.atUs ?? 0) - 1);
    const { waitUs, drained } = pattern[batches.length % pattern.length] ?? { waitUs: 1_000, drained: true };
    atUs += waitUs;
    const events: E[] = [];
    for (let next = told[taken]; next !== undefined && next.atUs <= atUs; next = told[taken]) {
      events.push(next.event);
      taken += 1;
    }
    idle = events.length === 0 && idle < mostIdle ? idle + 1 : 0;
    batches.push({ atUs, drained, events });
  }
  return batches;
}
