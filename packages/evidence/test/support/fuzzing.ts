/** How long properties are tried: some runs in CI, and `GODO_FUZZ_SECONDS` seconds each where that is set. */

const seconds = Number(process.env.GODO_FUZZ_SECONDS ?? '0');

/** Parameters for fast-check. */
export function fuzzing(numRuns: number) {
  if (!(seconds > 0)) return { numRuns };
  return { numRuns: 1e9, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false };
}

/** For the test around them, ms. */
export const fuzzTimeoutMs = 60_000 + seconds * 1000;
