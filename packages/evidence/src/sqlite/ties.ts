/**
 * The order of rows of the same moment. Readers give documents by moment and then by `_id` as text, as MongoDB sorts
 * them; the tables keep numbers instead of such texts, so the few rows of one moment are put in order when they are read.
 */

import { type FileSession, fileSessionId } from '../file-session.ts';
import { nsOfInstant } from '../instant.ts';

/** Of the order that databases give texts: by the bytes of their UTF-8. */
export function compareTexts(left: string, right: string): number {
  // JavaScript compares UTF-16 units, which differs from U+D800 on only.
  if (highUnit.test(left) || highUnit.test(right)) return Buffer.compare(Buffer.from(left), Buffer.from(right));
  return left < right ? -1 : left === right ? 0 : 1;
}

const highUnit = /[\ud800-\uffff]/;

/** Of sessions by their opening and the `_id` of their documents. */
export function compareSessions(left: FileSession, right: FileSession): number {
  const moment = left.opened.ms - right.opened.ms || left.opened.ns - right.opened.ns;
  if (moment !== 0) return moment;
  if (typeof left.id === 'number' && typeof right.id === 'number') {
    const [boot, other] = [left.origin.bootId, right.origin.bootId];
    // Of one boot most ids of a millisecond differ in a serial of as many digits.
    if (boot === other) {
      if (left.id !== right.id && sameDigits(left.id, right.id)) return left.id - right.id;
    } else if (boot.length === other.length) {
      return compareTexts(boot, other);
    }
  }
  return compareTexts(documentId(left), documentId(right));
}

function documentId(session: FileSession): string {
  const { checkpoint } = session;
  return checkpoint === null ? fileSessionId(session) : `${fileSessionId(session)}@${nsOfInstant(checkpoint)}`;
}

function sameDigits(left: number, right: number): boolean {
  for (let limit = 10; ; limit *= 10) {
    if (left < limit || right < limit) return left < limit && right < limit;
  }
}

/**
 * The items in order, for input that is in order but for those of one moment. They are held back until the next moment
 * comes, across batches too.
 */
export async function* inOrder<T>(
  batches: AsyncIterable<readonly T[]>,
  sameMoment: (left: T, right: T) => boolean,
  compare: (left: T, right: T) => number,
): AsyncGenerator<T[]> {
  let last: T | undefined;
  /** Those of its moment that came before it; mostly none. */
  let held: T[] = [];
  const release = (ordered: T[]): void => {
    if (last === undefined) return;
    if (held.length === 0) {
      ordered.push(last);
      return;
    }
    held.push(last);
    for (const item of held.sort(compare)) ordered.push(item);
    held = [];
  };
  for await (const batch of batches) {
    const ordered: T[] = [];
    for (const item of batch) {
      if (last !== undefined && sameMoment(last, item)) held.push(last);
      else release(ordered);
      last = item;
    }
    yield ordered;
  }
  const ordered: T[] = [];
  release(ordered);
  yield ordered;
}
