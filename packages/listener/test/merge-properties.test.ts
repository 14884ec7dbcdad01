import { isDeepStrictEqual } from 'node:util';
import { type RawCollection, type RawDocuments, rawDocumentOf } from '@godo/evidence';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../src/events.ts';
import { arrivalsOf, merged } from './support/arrival.ts';
import { sessionStart } from './support/events.ts';
import { recordFrom } from './support/recording.ts';
import { type HostStory, hostStory } from './support/simulated-host.ts';

interface Stored {
  readonly collection: RawCollection;
  readonly document: RawDocuments[RawCollection];
}

const documentsOf = (events: readonly PipelineEvent[]): Stored[] =>
  recordFrom(sessionStart(), events)
    .map((entry) => ({ collection: entry.collection, document: rawDocumentOf(entry) }))
    .sort((a, b) => idOf(a).localeCompare(idOf(b)));

const idOf = ({ collection, document }: Stored) => `${collection} ${document._id}`;

/** Everything as it happened. */
const inTrueOrder = ({ connector, audit }: HostStory): PipelineEvent[] =>
  [...connector, ...audit].sort((a, b) => a.atUs - b.atUs).map(({ event }) => event);

/** The first documents that are not the same, so that a failure is told in a few lines. */
function firstDifference(left: readonly Stored[], right: readonly Stored[]): unknown {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    if (!isDeepStrictEqual(left[index], right[index])) return [left[index], right[index]];
  }
  return null;
}

/** A failing story is made shorter for no longer than this. */
const limits = { numRuns: 300, interruptAfterTimeLimit: 30_000 } as const;

describe('what a host did', () => {
  it('makes the same documents however the two streams reach the merge', () => {
    const told = hostStory.chain((story) => fc.tuple(fc.constant(story), arrivalsOf(story)));
    fc.assert(
      fc.property(told, ([story, arrivals]) => {
        expect(firstDifference(documentsOf(merged(arrivals)), documentsOf(inTrueOrder(story)))).toBeNull();
      }),
      limits,
    );
  });

  it('is told to the recorder once, whole, and each stream in its order', () => {
    const told = hostStory.chain((story) => fc.tuple(fc.constant(story), arrivalsOf(story)));
    fc.assert(
      fc.property(told, ([story, arrivals]) => {
        const events = merged(arrivals);
        const [calls, forks, exits] = [
          events.filter((event) => 'serial' in event),
          events.filter((event) => event.kind === 'fork' || event.kind === 'became'),
          events.filter((event) => event.kind === 'exit'),
        ];
        const connector = story.connector.map(({ event }) => event);

        expect(calls).toEqual(story.audit.map(({ event }) => event));
        expect(forks).toEqual(connector.filter(({ kind }) => kind !== 'exit'));
        expect(exits).toEqual(connector.filter(({ kind }) => kind === 'exit'));
        expect(events).toHaveLength(calls.length + connector.length);
      }),
    );
  });

  it('makes the same documents again, and every document has an id of its own', () => {
    fc.assert(
      fc.property(hostStory, (story) => {
        const once = documentsOf(inTrueOrder(story));

        expect(firstDifference(documentsOf(inTrueOrder(story)), once)).toBeNull();
        expect(new Set(once.map(idOf)).size).toBe(once.length);
      }),
    );
  });
});
