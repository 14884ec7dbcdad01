/** Links: what they are made of, and the hash of one. */

import { hash, type KeyObject, sign, verify } from 'node:crypto';
import type { RunOrigin } from '../file-session.ts';
import { moment } from '../moment.ts';
import { type ChainBucket, type ChainDocument, type ChainMember, rawCollections } from '../raw-documents.ts';
import { canonicalDocument } from './canonical-document.ts';

/** Gives the signature of an entry_hash, in base64. */
export type Sign = (entryHash: string) => string;

export type LinkContent = Pick<ChainDocument, 'n' | 'through' | 'buckets' | 'members' | 'prev_entry_hash'> & {
  readonly isEnd: boolean;
};

export function linkOf(origin: RunOrigin, { isEnd, ...content }: LinkContent, signer: Sign | null): ChainDocument {
  const { n, through, buckets, members, prev_entry_hash } = content;
  const count = buckets.reduce((sum, bucket) => sum + bucket.count, members.length);
  const facts = {
    ...origin,
    ...moment(BigInt(Math.max(0, through)) * 1_000_000_000n),
    ...{ n, through, buckets, members, count },
    ...(isEnd && { end: true as const }),
    prev_entry_hash,
  };
  const entry_hash = entryHash(facts);
  const _id = linkId({ ...facts, entry_hash });
  return { _id, ...facts, entry_hash, ...(signer !== null && { signature: signer(entry_hash) }) };
}

/** A log that has grown since it was read first gives other links of the same number. */
export function linkId({ sessionId, n, entry_hash }: Pick<ChainDocument, 'sessionId' | 'n' | 'entry_hash'>): string {
  return `${sessionId}:chain:${n}:${entry_hash.slice(0, 16)}`;
}

/** Of everything but `_id`, `entry_hash` and `signature`. */
export function entryHash(link: object): string {
  const { _id, entry_hash, signature, ...facts } = link as Partial<ChainDocument>;
  return hash('sha256', canonicalDocument(facts), 'hex');
}

/** What is signed says what it is, so that the key's signatures of other things do not fit. */
function signedText(entryHash: string): Buffer {
  return Buffer.from(`godo chain ${entryHash}`, 'latin1');
}

export function signer(key: KeyObject): Sign {
  return (entryHash) => sign(null, signedText(entryHash), key).toString('base64');
}

export function isSignedBy({ entry_hash, signature = '' }: ChainDocument, key: KeyObject): boolean {
  return verify(null, signedText(entry_hash), key, Buffer.from(signature, 'base64'));
}

/** Whether a document of `chain` has the fields of a link. The content of a database is not trusted. */
export function isLink(document: unknown): document is ChainDocument {
  if (!isFields(document)) return false;
  const { n, through, buckets, members, prev_entry_hash, entry_hash, signature, end } = document;
  return (
    ['_id', 'host', 'bootId', 'sessionId'].every((name) => typeof document[name] === 'string') &&
    isWhole(n) &&
    isWhole(through) &&
    Array.isArray(buckets) &&
    buckets.every(isBucket) &&
    Array.isArray(members) &&
    members.every(isMember) &&
    (prev_entry_hash === null || typeof prev_entry_hash === 'string') &&
    typeof entry_hash === 'string' &&
    (signature === undefined || typeof signature === 'string') &&
    (end === undefined || end === true)
  );
}

function isBucket(value: unknown): value is ChainBucket {
  if (!isFields(value)) return false;
  const { collection, from, to, count, hash } = value;
  return isCollection(collection) && isWhole(from) && isWhole(to) && isWhole(count) && typeof hash === 'string';
}

function isMember(value: unknown): value is ChainMember {
  return (
    isFields(value) && isCollection(value.collection) && typeof value.id === 'string' && typeof value.hash === 'string'
  );
}

const collections: ReadonlySet<unknown> = new Set(rawCollections);

function isCollection(value: unknown): boolean {
  return collections.has(value);
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value);
}
