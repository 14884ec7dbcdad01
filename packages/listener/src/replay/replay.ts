/** What both kinds of replay have in common. */

import type { LossFacts } from '../loss-event.ts';

export interface ReplayCounters {
  lines: number;
  badLines: number;
  events: number;
  /** Where the first line stood that could not be read, and why. */
  firstBad: string | null;
}

/** What became of a piece of text. */
export interface Taken {
  /** Bytes of whole lines that were taken; the rest is to be given again, with what follows. */
  readonly used: number;
  /** There is more to do in what was given: call again before more is read. */
  readonly again: boolean;
}

export interface Replay {
  readonly counters: ReplayCounters;
  /** Events that wait for their end: they are not counted yet. */
  readonly open: number;
  /** The text is over, and its last line has no end: nothing tells whether all of it is there. */
  readonly endsWithinLine: boolean;
  /** Takes lines of `text` from `from` up to `to`, as many as make a bounded number of documents. `last`: the text ends there. */
  take(text: Uint8Array, from: number, to: number, last: boolean): Taken;
  /** The text is over. False: there is more to do, call again. */
  finish(): boolean;
  /** Behind all documents, after the end: states what of them is lost. It must be the same whenever the text is the same. */
  lost(facts: LossFacts): void;
}
