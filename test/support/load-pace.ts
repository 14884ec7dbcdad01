/**
 * How long a load's batches take while a fault lasts, and before and after it, in one run. Each is measured by what the same
 * machine takes just before it for calls that nothing records: what else runs there makes both slower.
 */

import type { Batch } from './fault-load.ts';

/** ms of CLOCK_MONOTONIC. */
export interface FaultTime {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Batches {
  readonly count: number;
  /** Median of what one takes, ms, without what it waits for a processor. */
  readonly ms: number;
  /** Median of that by what the calls beside it take. */
  readonly factor: number;
  /** What the longest takes. */
  readonly worstMs: number;
}

export interface Pace {
  readonly during: Batches;
  readonly otherwise: Batches;
}

export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export function paceOf(batches: readonly Batch[], times: readonly FaultTime[]): Pace {
  const isDuring = ({ atMs, tookMs }: Batch) =>
    times.some(({ fromMs, toMs }) => atMs <= toMs && atMs + tookMs >= fromMs);
  return {
    during: batchesOf(batches.filter(isDuring)),
    otherwise: batchesOf(batches.filter((batch) => !isDuring(batch))),
  };
}

function batchesOf(batches: readonly Batch[]): Batches {
  const own = batches.map(({ tookMs, waitedMs }) => tookMs - waitedMs);
  return {
    count: batches.length,
    ms: median(own),
    factor: median(batches.map(({ besideMs }, index) => (own[index] ?? 0) / besideMs)),
    worstMs: Math.max(0, ...own),
  };
}

/** No batch stands still for so long, ms, whatever the others take. */
const mostMs = 3_000;

/**
 * Whether the load was held up: at most twice the time that it takes `otherwise` is allowed. A neighbour who comes or goes
 * meanwhile changes what a batch takes, or what the calls beside it take; what waits for the queue takes longer by both.
 */
export function isHeldUp({ during }: Pace, otherwise: Batches): boolean {
  if (during.count === 0 || otherwise.count === 0) throw new Error('There is no batch to compare with.');
  const isSlower = during.ms >= 2 * otherwise.ms && during.factor >= 2 * otherwise.factor;
  return isSlower || during.worstMs >= mostMs;
}

export function inWords({ during, otherwise }: Pace): string {
  const [one, other] = [during, otherwise].map(
    ({ count, ms, factor, worstMs }) =>
      `${ms.toFixed(1)} ms a batch (${count}, at most ${worstMs.toFixed(0)} ms, ${factor.toFixed(1)} times what is not recorded)`,
  );
  return during.count === 0 ? `${other}` : `${one} during it, ${other} otherwise`;
}

/** NaN of none. */
function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
