import type { OperationName } from '@godo/evidence';

/** Something that was done to a file, and who did it. */
export interface Deed {
  readonly by: Doer;
  readonly timeNs: bigint;
  readonly action: 'create' | 'truncate' | 'write' | OperationName;
}

/** A process as one of its programs. One object for all that it did as that. */
export interface Doer {
  readonly key: string;
  readonly tgid: number | null;
  /** null: not told, as of those who write to what another opened. */
  readonly exe: string | null;
  readonly comm: string | null;
}

/** The earlier of two; of those at one moment the first. */
export function earlier(one: Deed | null, other: Deed | null): Deed | null {
  if (one === null || other === null) return one ?? other;
  return other.timeNs < one.timeNs ? other : one;
}

/** The later of two; of those at one moment the second. */
export function later(one: Deed | null, other: Deed | null): Deed | null {
  if (one === null || other === null) return one ?? other;
  return other.timeNs >= one.timeNs ? other : one;
}
