/** A moment: whole ms since the Unix epoch, and the ns (0…999,999) within that ms. Audit stamps have 0. */
export interface Instant {
  readonly ms: number;
  readonly ns: number;
}

const nanosecondsPerMs = 1_000_000n;

export function nsOfInstant({ ms, ns }: Instant): bigint {
  return ns === 0 ? BigInt(ms) * nanosecondsPerMs : BigInt(ms) * nanosecondsPerMs + BigInt(ns);
}

/** `timeNs` must not be negative. */
export function instantOfNs(timeNs: bigint): Instant {
  const ms = timeNs / nanosecondsPerMs;
  return { ms: Number(ms), ns: Number(timeNs - ms * nanosecondsPerMs) };
}

/** Negative, zero or positive as `a` is before, at or after `b`. */
export function compareInstants(a: Instant, b: Instant): number {
  return a.ms - b.ms || a.ns - b.ns;
}
