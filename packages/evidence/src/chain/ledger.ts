/**
 * Keeps the digests of a run's documents until a link tells them. Pure: what it is given decides what the links hold, so
 * that a --diag file makes the same ones.
 *
 * A document belongs to the second that it was told in; those of a second are told together once no more are expected
 * of it, which is some seconds later by the clock of the documents themselves. One that comes after that is told alone.
 */

import { fileSessionId, type RunOrigin } from '../file-session.ts';
import type { ChainBucket, ChainDocument, ChainMember, RawCollection, RawEntry } from '../raw-documents.ts';
import { digestOf, hexOf } from './canonical.ts';
import { DigestSet } from './digest-set.ts';
import { linkOf, type Sign } from './link.ts';
import { isToldAlone, toldSecond } from './told.ts';

/** How far the two streams, and what waits in them, may be apart. */
const settlingSeconds = 5;
/** Documents after which it is looked whether there is enough for a link. */
const documentsALink = 2_000;
/** Documents told alone that are enough for one. */
const membersALink = 256;
/** Seconds with few documents make one bucket together: its place in the link is as large as such a document. */
const leastInBucket = 32;

export interface LedgerOptions {
  /** null: links are not signed. */
  readonly sign: Sign | null;
  /** Ids may come twice, as from a log that holds records twice; the first document is the one that stays. */
  readonly repeats: boolean;
}

export class Ledger {
  readonly #origin: RunOrigin;
  readonly #options: LedgerOptions;
  /** Ids of what waits, where they may come twice: of the time since the last link, and of the time before. */
  #recent = { now: new Set<string | number>(), before: new Set<string | number>() };
  readonly #waiting = new Map<RawCollection, Map<number, DigestSet>>();
  #members: ChainMember[] = [];
  #since = 0;
  /** The latest second that audit told of since the last checkpoint, and that others told of. */
  #audit = Number.NEGATIVE_INFINITY;
  #others = Number.NEGATIVE_INFINITY;
  /** The latest second of all that there was at the last checkpoint. */
  #before = -1;
  #through = -1;
  #n = 0;
  #entryHash: string | null = null;
  #ended = false;
  /** The set that the last document went into: mostly the next one does, too. */
  #last: { collection: RawCollection | null; second: number; set: DigestSet } = {
    collection: null,
    second: 0,
    set: new DigestSet(),
  };

  constructor(origin: RunOrigin, options: LedgerOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  /** Of the last link; null: there is none yet. */
  get entryHash(): string | null {
    return this.#entryHash;
  }

  /** {@link link} is to be called. */
  get isDue(): boolean {
    return this.#since >= documentsALink || this.#members.length >= membersALink || (this.#ended && this.#since > 0);
  }

  add(entry: RawEntry): void {
    const { collection } = entry;
    const digest = digestOf(entry);
    const second = toldSecond(entry);
    this.#since += 1;
    if (!(second > this.#through) || isToldAlone(entry)) {
      this.#members.push({ collection, id: idOf(entry), hash: hexOf(digest) });
      return;
    }
    if (this.#options.repeats && this.#isRepeated(entry)) return;
    const last = this.#last;
    if (last.collection !== collection || last.second !== second) {
      this.#last = { collection, second, set: this.#setOf(collection, second) };
    }
    this.#last.set.add(digest);
    if (collection === 'files' || collection === 'operations') this.#audit = Math.max(this.#audit, second);
    else if (collection === 'pids') this.#others = Math.max(this.#others, second);
  }

  /** The link of what is settled; null: there is nothing. */
  link(): ChainDocument | null {
    this.#since = 0;
    if (this.#ended) return this.#make(this.#latest(), true);
    const through = this.#settled();
    const isEnough = this.#members.length >= membersALink || this.#waits(through);
    return isEnough ? this.#make(through, false) : null;
  }

  /** As {@link link}; where nothing was told since the last checkpoint, what was told before it is settled. */
  checkpoint(): ChainDocument | null {
    const through = Number.isFinite(this.#settled()) ? this.#settled() : this.#before;
    this.#since = 0;
    this.#audit = this.#others = Number.NEGATIVE_INFINITY;
    this.#before = this.#latest();
    return this.#members.length > 0 || this.#waits(through) ? this.#make(through, false) : null;
  }

  /** The link of everything. Before the first one nothing need be there. */
  all(): ChainDocument | null {
    const through = this.#latest();
    return this.#members.length > 0 || this.#waits(through) || this.#n === 0 ? this.#make(through, false) : null;
  }

  /** The last link, which is made in any case. What is added later makes further ones. */
  end(): ChainDocument {
    this.#ended = true;
    this.#since = 0;
    return this.#make(this.#latest(), true);
  }

  /** Audit may be behind the connector, and behind what is made here: where it tells something, it decides. */
  #settled(): number {
    return (Number.isFinite(this.#audit) ? this.#audit : this.#others) - settlingSeconds;
  }

  #latest(): number {
    let latest = this.#through;
    for (const sets of this.#waiting.values()) for (const second of sets.keys()) latest = Math.max(latest, second);
    return latest;
  }

  #waits(through: number): boolean {
    for (const sets of this.#waiting.values()) for (const second of sets.keys()) if (second <= through) return true;
    return false;
  }

  #isRepeated(entry: RawEntry): boolean {
    // Of a boot a serial is that of one call, as long as no four thousand million follow.
    const isNumbered = entry.collection === 'files' && 'session' in entry && typeof entry.session.id === 'number';
    const name = isNumbered ? (entry.session.id as number) : `${entry.collection} ${idOf(entry)}`;
    const { now, before } = this.#recent;
    if (now.has(name) || before.has(name)) return true;
    now.add(name);
    return false;
  }

  #setOf(collection: RawCollection, second: number): DigestSet {
    let sets = this.#waiting.get(collection);
    if (sets === undefined) {
      sets = new Map();
      this.#waiting.set(collection, sets);
    }
    let set = sets.get(second);
    if (set === undefined) {
      set = new DigestSet();
      sets.set(second, set);
    }
    return set;
  }

  #make(settled: number, isEnd: boolean): ChainDocument {
    const through = Math.max(this.#through, settled);
    const buckets = [...this.#waiting].flatMap(([collection, sets]) => bucketsOf(collection, sets, through));
    const content = { n: this.#n + 1, through, buckets, members: this.#members, isEnd };
    const link = linkOf(this.#origin, { ...content, prev_entry_hash: this.#entryHash }, this.#options.sign);
    this.#n += 1;
    this.#through = through;
    this.#members = [];
    this.#recent = { now: new Set(), before: this.#recent.now };
    this.#entryHash = link.entry_hash;
    this.#last = { collection: null, second: 0, set: new DigestSet() };
    return link;
  }
}

/** Takes the sets of these seconds out. */
function bucketsOf(collection: RawCollection, sets: Map<number, DigestSet>, through: number): ChainBucket[] {
  const buckets: ChainBucket[] = [];
  let open: { from: number; to: number; set: DigestSet } | null = null;
  const close = () => {
    if (open !== null) buckets.push({ collection, from: open.from, to: open.to, ...open.set.summary() });
    open = null;
  };
  for (const second of [...sets.keys()].filter((one) => one <= through).sort((left, right) => left - right)) {
    const set = sets.get(second) as DigestSet;
    sets.delete(second);
    if (open === null) open = { from: second, to: second, set };
    else {
      open.set.addAll(set);
      open.to = second;
    }
    if (open.set.added >= leastInBucket) close();
  }
  close();
  return buckets;
}

export function idOf(entry: RawEntry): string {
  if ('session' in entry) {
    const { session } = entry;
    const { checkpoint } = session;
    const id = fileSessionId(session);
    return checkpoint === null ? id : `${id}@${BigInt(checkpoint.ms) * 1_000_000n + BigInt(checkpoint.ns)}`;
  }
  return 'observation' in entry ? entry.observation._id : entry.document._id;
}
