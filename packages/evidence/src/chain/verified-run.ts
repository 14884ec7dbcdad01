/** What the links of one run say, and what of it was found in the database. */

import type { ChainBucket, ChainDocument, ChainMember, RawCollection, RawEntry } from '../raw-documents.ts';
import { hexOf } from './canonical.ts';
import { DigestSet } from './digest-set.ts';
import { idOf } from './ledger.ts';
import type { Finding } from './report.ts';
import type { Digest } from './session-digest.ts';
import { readSecond, toldSecond } from './told.ts';

/** Documents of a bucket that are named where it is not as it was. */
const idsNamed = 5;
/** So many seconds of what is read in order are gone through before it is looked which buckets are over. */
const sweepSeconds = 32;
/** A run that was cut off may have told this long before its last link what no link names. */
const cutOffSeconds = 60;

interface OpenBucket extends ChainBucket {
  /** null: none was found yet, or all were looked at. */
  set: DigestSet | null;
  ids: string[];
  isOver: boolean;
  isIntact: boolean;
}

/** A document told alone, in one link or in several that differ. */
export interface NamedMember extends ChainMember {
  isFound: boolean;
  /** There is a document with this id, of other content. */
  isChanged: boolean;
  /** In which that other one was told. */
  other: OpenBucket | null;
}

export class VerifiedRun {
  readonly sessionId: string;
  readonly hasEnded: boolean;
  readonly through: number;
  readonly members: readonly NamedMember[];
  documents = 0;
  /** Of a run that was cut off: what no link tells of. */
  notCovered = 0;
  readonly findings: Finding[] = [];
  readonly #buckets: ReadonlyMap<RawCollection, readonly OpenBucket[]>;
  #open: OpenBucket[] = [];
  #swept = Number.NEGATIVE_INFINITY;
  readonly #unnamed = new Map<RawCollection, { count: number; from: number; to: number; ids: string[] }>();

  /**
   * @param links those whose buckets are used, in their order.
   * @param all those that tell documents alone.
   */
  constructor(sessionId: string, links: readonly ChainDocument[], all: readonly ChainDocument[] = links) {
    this.sessionId = sessionId;
    this.hasEnded = links.at(-1)?.end === true;
    this.through = links.reduce((latest, { through }) => Math.max(latest, through), -1);
    const buckets = new Map<RawCollection, OpenBucket[]>();
    for (const bucket of links.flatMap((link) => link.buckets)) {
      const list = buckets.get(bucket.collection) ?? [];
      list.push({ ...bucket, set: null, ids: [], isOver: false, isIntact: false });
      buckets.set(bucket.collection, list);
    }
    for (const list of buckets.values()) list.sort((left, right) => left.from - right.from);
    this.#buckets = buckets;
    this.members = all
      .flatMap((link) => link.members)
      .map((member) => ({ ...member, isFound: false, isChanged: false, other: null }));
  }

  /** @param namesakes members with the id of the document, of whatever run. */
  take(entry: RawEntry, digest: Digest, namesakes: readonly NamedMember[]): void {
    this.documents += 1;
    const { collection } = entry;
    if (namesakes.length > 0) {
      const hex = hexOf(digest);
      const same = namesakes.filter((member) => member.hash === hex);
      for (const member of same) member.isFound = true;
      if (same.length > 0) return;
    }
    const second = toldSecond(entry);
    const read = readSecond(entry);
    if (read !== null && read >= this.#swept + sweepSeconds) this.#sweep(collection, read);
    const bucket = this.#bucketOf(collection, second);
    for (const member of namesakes) {
      member.isChanged = true;
      member.other ??= bucket;
    }
    if (bucket !== null) {
      this.#put(bucket, digest, entry);
    } else if (!this.hasEnded && !(second <= this.through - cutOffSeconds)) {
      this.notCovered += 1;
    } else if (namesakes.length === 0) {
      this.#nameless(collection, second, entry);
    }
  }

  /** All documents of a collection have been read. */
  finish(collection: RawCollection): void {
    for (const bucket of this.#buckets.get(collection) ?? []) this.#close(bucket);
    this.#open = [];
    this.#swept = Number.NEGATIVE_INFINITY;
    const unnamed = this.#unnamed.get(collection);
    if (unnamed !== undefined)
      this.findings.push({ kind: 'added', collection, expected: 0, ...unnamed, found: unnamed.count });
  }

  #put(bucket: OpenBucket, digest: Digest, entry: RawEntry): void {
    if (bucket.set === null) {
      bucket.set = new DigestSet();
      this.#open.push(bucket);
    }
    bucket.set.add(digest);
    if (bucket.ids.length < idsNamed) bucket.ids.push(idOf(entry));
    // It came when no more should have: then it is looked at once more.
    bucket.isOver = false;
  }

  #sweep(collection: RawCollection, second: number): void {
    this.#swept = second;
    this.#open = this.#open.filter((bucket) => {
      if (bucket.collection !== collection || bucket.to >= second) return true;
      this.#close(bucket);
      return false;
    });
  }

  #close(bucket: OpenBucket): void {
    if (bucket.isOver) return;
    bucket.isOver = true;
    const { set, ids, collection, from, to, count: expected } = bucket;
    bucket.set = null;
    const { count, hash } = (set ?? new DigestSet()).summary();
    bucket.isIntact = hash === bucket.hash;
    if (bucket.isIntact) {
      bucket.ids = [];
      return;
    }
    // What was told late by a run that was cut off cannot be told from what was added later.
    const isUnclear = !this.hasEnded && count > expected && to > this.through - cutOffSeconds;
    if (isUnclear) this.notCovered += count;
    const kind = isUnclear ? 'unclear' : count < expected ? 'removed' : count > expected ? 'added' : 'changed';
    this.findings.push({ kind, collection, from, to, expected, found: count, ids });
  }

  #nameless(collection: RawCollection, second: number, entry: RawEntry): void {
    let found = this.#unnamed.get(collection);
    if (found === undefined) {
      found = { count: 0, from: second, to: second, ids: [] };
      this.#unnamed.set(collection, found);
    }
    found.count += 1;
    found.from = Math.min(found.from, second);
    found.to = Math.max(found.to, second);
    if (found.ids.length < idsNamed) found.ids.push(idOf(entry));
  }

  #bucketOf(collection: RawCollection, second: number): OpenBucket | null {
    const list = this.#buckets.get(collection);
    if (list === undefined || !(second >= 0)) return null;
    let [low, high] = [0, list.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const bucket = list[middle] as OpenBucket;
      if (second < bucket.from) high = middle - 1;
      else if (second > bucket.to) low = middle + 1;
      else return bucket;
    }
    return null;
  }
}
