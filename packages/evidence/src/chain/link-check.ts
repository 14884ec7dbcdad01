/** Whether the links of a run hang together. Pure. */

import type { KeyObject } from 'node:crypto';
import type { ChainDocument } from '../raw-documents.ts';
import { entryHash, isSignedBy, linkId } from './link.ts';
import type { RunReport } from './report.ts';

export interface CheckedLinks {
  /** In their order. */
  readonly links: readonly ChainDocument[];
  /** Those before the first number that several have. */
  readonly common: readonly ChainDocument[];
  readonly problems: readonly string[];
  readonly signatures: RunReport['signatures'];
  /** A number that is missing in between. */
  readonly hasHole: boolean;
  /** Several links of one number, none of which can be said to be wrong: the run was told more than once. */
  readonly isForked: boolean;
}

export function checkLinks(found: readonly ChainDocument[], key: KeyObject | null): CheckedLinks {
  const links = [...found].sort((left, right) => left.n - right.n || (left.entry_hash < right.entry_hash ? -1 : 1));
  const problems: string[] = [];
  const whole = links.filter((link) => {
    const isWhole = entryHash(link) === link.entry_hash;
    if (!isWhole) problems.push(`Link ${link.n} (${link._id}) was changed: it does not have its entry_hash.`);
    else if (link._id !== linkId(link)) problems.push(`Link ${link.n} (${link._id}) was changed: its _id is another.`);
    return isWhole;
  });
  const hashes = new Set(whole.map(({ entry_hash }) => entry_hash));
  let expected = 1;
  let hasHole = false;
  let forkedAt = Number.POSITIVE_INFINITY;
  for (const { n, prev_entry_hash, _id } of links) {
    if (n > expected) {
      hasHole = true;
      problems.push(n === expected + 1 ? `Link ${expected} is missing.` : `Links ${expected} to ${n - 1} are missing.`);
    } else if (n < expected) {
      forkedAt = Math.min(forkedAt, n);
    }
    const follows = n === 1 ? prev_entry_hash === null : prev_entry_hash !== null && hashes.has(prev_entry_hash);
    if (!follows && n <= expected) problems.push(`Link ${n} (${_id}) does not follow the link before it.`);
    expected = n + 1;
  }
  const signatures = signaturesOf(links, key, problems);
  const common = links.filter(({ n }) => n < forkedAt);
  return { links, common, problems, signatures, hasHole, isForked: common.length < links.length };
}

function signaturesOf(
  links: readonly ChainDocument[],
  key: KeyObject | null,
  problems: string[],
): RunReport['signatures'] {
  const signed = links.filter(({ signature }) => signature !== undefined).length;
  if (key === null) return signed === 0 ? 'none' : 'not checked';
  const wrong = links.filter((link) => !isSignedBy(link, key));
  if (wrong.length === 0) return 'valid';
  const [{ n, signature } = { n: 0, signature: undefined }] = wrong;
  const how = signature === undefined ? 'has no signature' : 'is not signed by this key';
  problems.push(wrong.length === 1 ? `Link ${n} ${how}.` : `Link ${n} ${how}, nor are ${wrong.length - 1} others.`);
  return 'invalid';
}
