/**
 * Before a store that may be slow or away: what it does not take in time goes into the spool, and from there into the store
 * when that is back. As long as something waits there everything goes through it, so that the order is kept. Documents that
 * the store refuses for good hold up nothing: they are left out, and told of.
 */

import type { InsertResult, RawEntry, RawStore, Spool, SpooledBatch } from '@godo/evidence';
import { type Insertion, insertAllBut, type RefusedDocument } from './refused-documents.ts';

export interface SpoolingOptions {
  /** A batch that the store has not taken after this long goes into the spool. */
  readonly slowMs: number;
  /** ms to the next try after a failure: doubles up to the second figure. */
  readonly retryMs: readonly [number, number];
  readonly sleep: (ms: number) => Promise<void>;
}

export interface SpoolingWatch {
  /** The store took documents out of the spool. */
  delivered(result: InsertResult): void;
  /** The store refuses these of a batch for good. Told once all others are in it, and before the batch leaves the spool. */
  refused(documents: readonly RefusedDocument[]): void;
  /** So many documents of a batch in the spool are no raw evidence. */
  unusable(count: number): void;
  /** The store does not take what it is given. Told once for each time that it is away. */
  away(error: Error): void;
  /** Everything that waited is in the store. */
  back(): void;
}

/** `spooled`: documents that are in the spool. Those that are refused are in none of the numbers. */
export interface SpoolingResult extends InsertResult {
  readonly spooled: number;
}

type Taker = Pick<RawStore, 'insert'>;
type Waiting = Pick<Spool, 'append' | 'oldest' | 'taken' | 'isEmpty'>;

export class SpoolingStore {
  readonly #store: Taker;
  readonly #spool: Waiting;
  readonly #options: SpoolingOptions;
  readonly #watch: SpoolingWatch;
  /** Takes the spool's batches to the store, one after the other; null: nothing waits. */
  #delivery: Promise<void> | null = null;
  /** An insertion that is still under way although it was waited for long enough. */
  #pending: Promise<unknown> | null = null;
  #isAway = false;
  #ended = false;

  constructor(store: Taker, spool: Waiting, options: SpoolingOptions, watch: SpoolingWatch) {
    this.#store = store;
    this.#spool = spool;
    this.#options = options;
    this.#watch = watch;
    if (!spool.isEmpty) this.#deliver();
  }

  /** Rejects with the error of the store, or of the spool, where neither takes it. */
  async insert(entries: readonly RawEntry[]): Promise<SpoolingResult> {
    if (this.#delivery !== null) {
      this.#spool.append(entries);
      return { inserted: 0, duplicates: 0, spooled: entries.length };
    }
    let insertion: Insertion;
    try {
      insertion = await this.#insertAllBut(entries);
    } catch (error) {
      this.#spool.append(entries);
      this.#tellAway(error as Error);
      this.#deliver();
      return { inserted: 0, duplicates: 0, spooled: entries.length };
    }
    const { refused, ...result } = insertion;
    if (refused.length > 0) this.#watch.refused(refused);
    return { ...result, spooled: 0 };
  }

  /**
   * Resolves when everything is in the store, or the store took nothing for `patienceMs`, and at the latest some
   * `patienceMs` after `mostMs`; true: nothing is left.
   */
  async finish(patienceMs: number, mostMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    let left = this.#spool.oldest()?.end;
    const endMs = performance.now() + mostMs;
    while (this.#delivery !== null && performance.now() < endMs) {
      await Promise.race([this.#delivery, this.#options.sleep(patienceMs)]);
      const now = this.#delivery === null ? undefined : this.#spool.oldest()?.end;
      if (now === left) break;
      left = now;
    }
    this.#ended = true;
    return this.#spool.isEmpty;
  }

  #deliver(): void {
    this.#delivery = this.#drain().finally(() => {
      this.#delivery = null;
    });
  }

  async #drain(): Promise<void> {
    let [pause, longest] = this.#options.retryMs as [number, number];
    while (!this.#ended) {
      const batch = this.#spool.oldest();
      if (batch === null) {
        if (this.#isAway) this.#watch.back();
        this.#isAway = false;
        return;
      }
      if (await this.#deliverOne(batch)) {
        pause = this.#options.retryMs[0];
      } else {
        await this.#options.sleep(pause);
        pause = Math.min(pause * 2, longest);
      }
    }
  }

  async #deliverOne(batch: SpooledBatch): Promise<boolean> {
    try {
      const { refused, ...result } = await this.#insertAllBut(batch.entries);
      const { unusable } = batch;
      // Nobody would state it any more: it waits for the next start.
      if (this.#ended && refused.length + unusable > 0) return false;
      if (refused.length > 0) this.#watch.refused(refused);
      if (unusable > 0) this.#watch.unusable(unusable);
      this.#spool.taken(batch);
      this.#watch.delivered(result);
      return true;
    } catch (error) {
      this.#tellAway(error as Error);
      return false;
    }
  }

  /** Each insertion in time; a batch of which much is refused may take many. */
  async #insertAllBut(entries: readonly RawEntry[]): Promise<Insertion> {
    return await insertAllBut((some) => this.#insertInTime(some), entries);
  }

  async #insertInTime(entries: readonly RawEntry[]): Promise<InsertResult> {
    const { slowMs } = this.#options;
    // One that hangs is not followed by others: they would hang as well, and take memory.
    await (this.#pending === null ? null : Promise.race([this.#pending, this.#options.sleep(slowMs)]));
    if (this.#pending !== null) throw new Error(notAnswered(slowMs));
    const insertion = this.#store.insert(entries);
    const settled = insertion.then(
      () => undefined,
      () => undefined,
    );
    this.#pending = settled;
    void settled.then(() => {
      if (this.#pending === settled) this.#pending = null;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(notAnswered(slowMs))), slowMs);
    });
    try {
      return await Promise.race([insertion, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #tellAway(error: Error): void {
    if (!this.#isAway) this.#watch.away(error);
    this.#isAway = true;
  }
}

function notAnswered(ms: number): string {
  return `it has not answered for ${ms / 1000} s`;
}
