/**
 * Between the recorder and the store: collects documents and writes them in batches, one batch at a time, in order.
 * When the store is away the batch is tried again until it is taken; `full` then tells the stages before to wait. Documents
 * that it refuses for good are left out, and told of.
 */

import { type InsertResult, type RawEntry, type RawStore, StoreError } from '@godo/evidence';
import { insertAllBut, type RefusedDocument } from './refused-documents.ts';

export interface DocumentQueueOptions {
  /** Documents a batch. */
  readonly batch: number;
  /** Documents that may wait before `full` is true. */
  readonly bound: number;
  /** ms to the next try after a failure: doubles up to the second figure. */
  readonly retryMs: readonly [number, number];
  readonly sleep: (ms: number) => Promise<void>;
  /** ms of a clock that never goes back. */
  readonly now: () => number;
}

export interface DocumentQueueWatch {
  /** A batch of so many documents is dealt with: taken, but for those that are told of as refused. */
  written(result: InsertResult, documents: number): void;
  /** The store refuses these of a batch for good. */
  refused(documents: readonly RefusedDocument[]): void;
  /** A batch was not taken and will be tried again. */
  retrying(error: Error): void;
}

export class DocumentQueue {
  readonly #store: Pick<RawStore, 'insert'>;
  readonly #options: DocumentQueueOptions;
  readonly #watch: DocumentQueueWatch;
  #waiting: RawEntry[] = [];
  #writing: Promise<void> | null = null;
  /** Whether what waits is to be written although it is less than a batch. */
  #flushing = false;
  #inFlight = 0;
  /** Of what waits and is under way. */
  #weight = 0;
  #givenUp = false;
  #dropped = 0;
  #patienceMs = Number.POSITIVE_INFINITY;
  #endMs = Number.POSITIVE_INFINITY;
  #lastTakenMs = 0;

  constructor(store: Pick<RawStore, 'insert'>, options: DocumentQueueOptions, watch: DocumentQueueWatch) {
    this.#store = store;
    this.#options = options;
    this.#watch = watch;
  }

  /** Documents not in the store: those that wait, and those that were given up. */
  get length(): number {
    return this.#waiting.length + this.#inFlight + this.#dropped;
  }

  /** The end has begun: from now on the store is given up when it takes nothing for `patienceMs`, and after `mostMs`. */
  expectEnd(patienceMs: number, mostMs = Number.POSITIVE_INFINITY): void {
    if (this.#patienceMs !== Number.POSITIVE_INFINITY) return;
    this.#patienceMs = patienceMs;
    this.#lastTakenMs = this.#options.now();
    this.#endMs = this.#lastTakenMs + mostMs;
  }

  #isGivenUp(): boolean {
    const nowMs = this.#options.now();
    this.#givenUp ||= nowMs - this.#lastTakenMs > this.#patienceMs || nowMs > this.#endMs;
    return this.#givenUp;
  }

  get full(): boolean {
    return this.length >= this.#options.bound || this.#weight >= this.#options.bound;
  }

  push(entry: RawEntry): void {
    if (this.#givenUp) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(entry);
    this.#weight += weightOf(entry);
    if (this.#waiting.length >= this.#options.batch) this.#start();
  }

  /** Writes what waits, be it less than a batch. */
  flush(): void {
    this.#flushing = this.#waiting.length > 0;
    if (this.#flushing) this.#start();
  }

  /** A batch that is under way goes on with what waits when it is done. */
  #start(): void {
    if (this.#writing !== null) return;
    this.#writing = this.#drain().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when there is room again. */
  async room(): Promise<void> {
    while (this.full && !this.#isGivenUp()) {
      this.flush();
      await this.#options.sleep(5);
    }
  }

  /** Resolves when everything is in the store, or it was given up; with the number of documents that are not in it. */
  async finish(patienceMs: number, mostMs = Number.POSITIVE_INFINITY): Promise<number> {
    this.expectEnd(patienceMs, mostMs);
    while (this.length > 0 && !this.#isGivenUp()) {
      this.flush();
      await Promise.race([this.#writing, this.#options.sleep(20)]);
    }
    return this.length;
  }

  async #drain(): Promise<void> {
    while (this.#hasBatch() && !this.#isGivenUp()) {
      const batch = this.#waiting.splice(0, this.#options.batch);
      this.#inFlight = batch.length;
      // A batch that was given up stays counted: it is not in the store.
      if (!(await this.#write(batch))) continue;
      this.#inFlight = 0;
      for (const entry of batch) this.#weight -= weightOf(entry);
    }
  }

  #hasBatch(): boolean {
    if (this.#waiting.length >= this.#options.batch) return true;
    const left = this.#flushing && this.#waiting.length > 0;
    this.#flushing = false;
    return left;
  }

  /** Tries until the batch is taken; false when it was given up. */
  async #write(batch: readonly RawEntry[]): Promise<boolean> {
    let [pause, longest] = this.#options.retryMs as [number, number];
    while (!this.#isGivenUp()) {
      try {
        const { refused, ...result } = await insertAllBut((entries) => this.#store.insert(entries), batch);
        this.#lastTakenMs = this.#options.now();
        if (refused.length > 0) this.#watch.refused(refused);
        this.#watch.written(result, batch.length);
        return true;
      } catch (error) {
        // Ids are derived from the evidence, so a batch that was half taken can be sent again.
        this.#watch.retrying(error instanceof Error ? error : new StoreError('DATABASE_REFUSED', String(error)));
        await this.#options.sleep(pause);
        pause = Math.min(pause * 2, longest);
      }
    }
    return false;
  }
}

const textOfOne = 4_096;

/** In documents of the usual size: a command line may be as long as two megabytes, and some thousand of those would be all memory. */
function weightOf(entry: RawEntry): number {
  if (!('observation' in entry)) return 1;
  let length = 0;
  for (const argument of entry.observation.argv ?? []) length += argument.length;
  return 1 + Math.floor(length / textOfOne);
}
