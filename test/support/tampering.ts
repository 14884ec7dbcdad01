import { openRawVerifier, type StoreTarget, verifyEvidence } from '@godo/evidence';

/** What a check of raw evidence finds wrong: nothing, for whatever was only recorded. */
export async function tamperingIn(target: StoreTarget): Promise<readonly unknown[]> {
  const source = await openRawVerifier(target);
  try {
    const { runs, problems } = await verifyEvidence(source);
    return [...problems, ...runs.flatMap(({ chain, findings }) => [...chain, ...findings])];
  } finally {
    await source.close();
  }
}
