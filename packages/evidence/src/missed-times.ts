/**
 * In which times calls were missed, as losses tell. The listener marks the file sessions that were open then and still are
 * when it learns of it; those that had ended before are found by this.
 */

import type { FileSession } from './file-session.ts';
import type { LossDocument } from './raw-documents.ts';

/** Times in ms. */
export interface MissedSpan {
  readonly sessionId: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  /** When the listener learnt of it. */
  readonly toldMs: number;
}

type Span = { -readonly [K in keyof MissedSpan]: MissedSpan[K] };

/** Stamps of audit lie so much before the moment. */
const clockMs = 10;
/** What ended so long after the listener learnt of it may have been recorded as ended before. */
const tellingMs = 1_000;
const nanosecondsPerMs = 1_000_000n;
/** Spans of all runs. */
const anyRun = '';

/** null: the loss tells of none, or what it tells is none of ours. */
export function missedSpan({ sessionId, timeNs, missed }: LossDocument): MissedSpan | null {
  const told: unknown = missed;
  if (typeof told !== 'object' || told === null) return null;
  const { sinceNs, untilNs } = told as { readonly sinceNs?: unknown; readonly untilNs?: unknown };
  if (typeof sinceNs !== 'bigint' || typeof untilNs !== 'bigint') return null;
  return {
    sessionId,
    sinceMs: Number(sinceNs / nanosecondsPerMs),
    untilMs: Number(untilNs / nanosecondsPerMs),
    toldMs: Number(timeNs / nanosecondsPerMs),
  };
}

export class MissedTimes {
  readonly spans: readonly MissedSpan[];
  /** By run: in their order, no two of them have a moment in common. */
  readonly #ofRun = new Map<string, Span[]>();

  constructor(spans: readonly MissedSpan[]) {
    this.spans = spans;
    for (const span of [...spans].sort((a, b) => a.sinceMs - b.sinceMs)) {
      for (const run of [span.sessionId, anyRun]) this.#add(run, span);
    }
  }

  get isEmpty(): boolean {
    return this.spans.length === 0;
  }

  /** ms since when calls may have been missed in the time of a session that had ended by the time that was learnt; or null. */
  since({ origin, opened, closed }: Pick<FileSession, 'origin' | 'opened' | 'closed'>): number | null {
    return closed === null ? null : this.#since(origin.sessionId, opened.ms, closed.ms);
  }

  /** Whether there may be such a time, whichever run it is of. */
  mayConcern(openedMs: number, closedMs: number): boolean {
    return this.#since(anyRun, openedMs, closedMs) !== null;
  }

  #since(run: string, openedMs: number, closedMs: number): number | null {
    const spans = this.#ofRun.get(run);
    if (spans === undefined) return null;
    let since: number | null = null;
    for (let at = countUntil(spans, closedMs + clockMs) - 1; at >= 0; at -= 1) {
      const { sinceMs, untilMs, toldMs } = spans[at] as Span;
      if (untilMs < openedMs) break;
      if (toldMs + tellingMs >= closedMs) since = Math.max(sinceMs, openedMs);
    }
    return since;
  }

  #add(run: string, { sessionId, sinceMs, untilMs, toldMs }: MissedSpan): void {
    const spans = this.#ofRun.get(run) ?? [];
    this.#ofRun.set(run, spans);
    const last = spans.at(-1);
    if (last === undefined || last.untilMs < sinceMs) {
      spans.push({ sessionId, sinceMs, untilMs, toldMs });
      return;
    }
    last.untilMs = Math.max(last.untilMs, untilMs);
    last.toldMs = Math.max(last.toldMs, toldMs);
  }
}

/** How many of them begin by `ms`. */
function countUntil(spans: readonly Span[], ms: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle] as Span).sinceMs <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
