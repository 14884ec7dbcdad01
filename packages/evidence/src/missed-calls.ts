/** What is said of file sessions of which it is not sure, or not known, what was done through them. */

import { isoTime } from './moment.ts';
import type { MissedMoments } from './raw-documents.ts';

const beginning = 'calls were missed while it was open, since ';
const notKnown = 'it may have been closed then, and what was written from then on may have gone to another file';
const isOther =
  'its descriptor was found to refer to another file, so what was written from then on may have gone there';

/**
 * `sinceNs`: the first moment at which one may have been. `foundOther`: what its descriptor was found to refer to later
 * is another file.
 */
export function missedCallsWarning(sinceNs: bigint, foundOther = false): string {
  return `${beginning}${isoTime(sinceNs)}: ${foundOther ? isOther : notKnown}`;
}

/** The same warning, after its descriptor was found to refer to another file. */
export function foundOtherWarning(warning: string): string {
  return warning.endsWith(notKnown) ? warning.slice(0, -notKnown.length) + isOther : warning;
}

export function isMissedCallsWarning(warning: string): boolean {
  return warning.startsWith(beginning);
}

const noEnd = 'its end was not recorded, the listener was cut off or still runs: ';

/** A call is told of so long after it, unless the listener cannot keep up. */
const tellingNs = 2_000_000_000n;

/** Of a session that a run without an end left open; `untilNs`: by then it was written down. */
export function unendedRunWarning(untilNs: bigint): string {
  return `${noEnd}what was done through it after ${isoTime(untilNs - tellingNs)} is not known, or not all of it`;
}

/** Whether what was written to the file of a session may be more, or less, than the session tells. */
export function makesWritesUnsure(warning: string): boolean {
  return isMissedCallsWarning(warning) || warning.startsWith(noEnd);
}

export function missedMoments({ sinceNs, untilNs }: Pick<MissedMoments, 'sinceNs' | 'untilNs'>): MissedMoments {
  return { sinceNs, since: isoTime(sinceNs), untilNs, until: isoTime(untilNs) };
}
