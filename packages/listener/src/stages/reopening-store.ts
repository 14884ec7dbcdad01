/** A store that is opened when it is there: until then it takes nothing. */

import {
  type InsertResult,
  openRawStore,
  type RawEntry,
  type RawStore,
  redactUri,
  type StoreTarget,
} from '@godo/evidence';

export class ReopeningStore implements RawStore {
  readonly location: string;
  readonly #target: StoreTarget;
  #store: RawStore | null = null;

  constructor(target: StoreTarget) {
    this.location = target.kind === 'sqlite' ? target.directory : redactUri(target.uri);
    this.#target = target;
  }

  async insert(entries: readonly RawEntry[]): Promise<InsertResult> {
    this.#store ??= await openRawStore(this.#target);
    return await this.#store.insert(entries);
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }
}
