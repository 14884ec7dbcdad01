/** Runs whose end is not recorded, and until when it is known what was done through the file sessions that they left open. */

import { type FileSession, nsOfInstant, type RunDocument, unendedRunWarning } from '@godo/evidence';
import { laterOf } from './order.ts';

/** Times in ns since the epoch. */
interface Checkpoints {
  readonly last: bigint;
  /** The latest one before that. */
  readonly before: bigint | null;
}

/**
 * At a checkpoint those open sessions are written down that have changed since the one before. So each is known as of the last
 * checkpoint of its run of which all is stored: one that another has come after, for documents are stored in their order. By
 * then the listener had been told of all that was before it, too: it is seconds behind at most, unless it cannot keep up.
 */
export class UnendedRuns {
  /** By run; null: none is known yet. A log that is replayed is known to its end, whatever became of the replay. */
  readonly #checkpoints: Map<string, Checkpoints | null>;

  constructor(runs: readonly RunDocument[]) {
    const unended = runs.filter(({ mode, endNs }) => mode === 'live' && endNs === null);
    this.#checkpoints = new Map(unended.map(({ _id }) => [_id, null]));
  }

  get isEmpty(): boolean {
    return this.#checkpoints.size === 0;
  }

  /** To be told the last state of each open session before it is asked about any. */
  learn({ origin: { sessionId }, checkpoint }: FileSession): void {
    const known = this.#checkpoints.get(sessionId);
    if (known === undefined || checkpoint === null) return;
    const ns = nsOfInstant(checkpoint);
    if (known === null || ns > known.last) this.#checkpoints.set(sessionId, { last: ns, before: known?.last ?? null });
    else if (ns < known.last) this.#checkpoints.set(sessionId, { ...known, before: laterOf(known.before ?? ns, ns) });
  }

  /** What is to be said of a session; null: nothing, its run has ended or so has the session itself. */
  warningOf({ origin, checkpoint }: FileSession): string | null {
    const known = checkpoint === null ? undefined : this.#checkpoints.get(origin.sessionId);
    if (known === undefined || checkpoint === null) return null;
    const ns = nsOfInstant(checkpoint);
    return unendedRunWarning(laterOf(ns, known?.before ?? ns));
  }
}
