/**
 * Between the recorder and the store: collects documents and writes them in batches, one batch at a time, in order.
 * When the store is away the batch is tried again until it is taken; `full` then tells the stages before to wait.
 */

import { type InsertResult, type RawEntry, type RawStore, StoreError } from '@godo/evidence';

export interface DocumentQueueOptions {
  /** Documents a batch. */
  readonly batch: number;
  /** Documents that may wait before `full` is true. */
  readonly bound: number;
  /** ms to the next try after a failure: doubles up to the second figure. */
  readonly retryMs: readonly [number, number];
  readonly sleep: (ms: number) => Promise<void>;
}

export interface DocumentQueueWatch {
  written(result: InsertResult): void;
  /** A batch was not taken and will be tried again. */
  retrying(error: Error): void;
}

export class DocumentQueue {
  readonly #store: Pick<RawStore, 'insert'>;
  readonly #options: DocumentQueueOptions;
  readonly #watch: DocumentQueueWatch;
  #waiting: RawEntry[] = [];
  #writing: Promise<void> | null = null;
  #inFlight = 0;
  #givenUp = false;

  constructor(store: Pick<RawStore, 'insert'>, options: DocumentQueueOptions, watch: DocumentQueueWatch) {
    this.#store = store;
    this.#options = options;
    this.#watch = watch;
  }

  /** Documents not yet in the store. */
  get length(): number {
    return this.#waiting.length + this.#inFlight;
  }

  get full(): boolean {
    return this.length >= this.#options.bound;
  }

  push(entry: RawEntry): void {
    this.#waiting.push(entry);
    if (this.#waiting.length >= this.#options.batch) this.flush();
  }

  /** Starts writing what waits, unless a batch is under way: that one goes on with what waits when it is done. */
  flush(): void {
    if (this.#writing !== null || this.#waiting.length === 0) return;
    this.#writing = this.#drain().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when there is room again. */
  async room(): Promise<void> {
    while (this.full && !this.#givenUp) {
      this.flush();
      await this.#options.sleep(5);
    }
  }

  /** Resolves when everything is in the store, or after `limitMs`; with the number of documents that are not. */
  async finish(limitMs: number): Promise<number> {
    const timer = setTimeout(() => {
      this.#givenUp = true;
    }, limitMs);
    while (this.length > 0 && !this.#givenUp) {
      this.flush();
      await Promise.race([this.#writing, this.#options.sleep(20)]);
    }
    clearTimeout(timer);
    return this.length;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#givenUp) {
      const batch = this.#waiting.splice(0, this.#options.batch);
      this.#inFlight = batch.length;
      // A batch that was given up stays counted: it is not in the store.
      if (await this.#write(batch)) this.#inFlight = 0;
    }
  }

  /** Tries until the batch is taken; false when it was given up. */
  async #write(batch: readonly RawEntry[]): Promise<boolean> {
    let [pause, longest] = this.#options.retryMs as [number, number];
    while (!this.#givenUp) {
      try {
        this.#watch.written(await this.#store.insert(batch));
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
