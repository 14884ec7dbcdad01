/** What both kinds of replay have in common. */

import type { BinaryString } from '../events.ts';

export interface ReplayCounters {
  lines: number;
  badLines: number;
  events: number;
  /** Where the first line stood that could not be read, and why. */
  firstBad: string | null;
}

export interface Replay {
  readonly counters: ReplayCounters;
  line(line: BinaryString): void;
  finish(): void;
}
