/** File sessions and operations in the order in which they happened, as far as the evidence tells it. */

import type { CookedFileDocument, CookedOperationDocument, CookedQuery, CookedReader } from '@godo/evidence';
import { ns, text } from '../render/lenient.ts';

export type Entry =
  | { readonly collection: 'files'; readonly document: CookedFileDocument }
  | { readonly collection: 'operations'; readonly document: CookedOperationDocument };

/** When a file was opened, or something was done to it. */
export function timeOf(entry: Entry): bigint {
  const time: unknown = entry.collection === 'files' ? entry.document.openedNs : entry.document.timeNs;
  return ns(time) ?? 0n;
}

/** Audit's stamps are in ms; within one the serials have the order. What was open before comes first. */
export function serialOf({ document }: Entry): number {
  return Number(/:audit:\d+\.(\d+)$/.exec(text(document._id) ?? '')?.[1] ?? -1);
}

/** Both collections come sorted by time; in memory are those of one moment. */
export async function* inOrder(reader: CookedReader, query: CookedQuery): AsyncGenerator<Entry> {
  const files = new Ahead(reader.find('files', query), (document): Entry => ({ collection: 'files', document }));
  const operations = new Ahead(
    reader.find('operations', query),
    (document): Entry => ({ collection: 'operations', document }),
  );
  for (;;) {
    const times = [await files.time(), await operations.time()].filter((time) => time !== null);
    const [one, other] = times;
    if (one === undefined) return;
    const time = other !== undefined && other < one ? other : one;
    const together = [...(await files.takeUntil(time)), ...(await operations.takeUntil(time))];
    if (together.length > 1) together.sort((a, b) => serialOf(a) - serialOf(b));
    yield* together;
  }
}

class Ahead<T> {
  readonly #documents: AsyncIterator<T>;
  readonly #entryOf: (document: T) => Entry;
  #next: Promise<Entry | null> | null = null;

  constructor(documents: AsyncIterable<T>, entryOf: (document: T) => Entry) {
    this.#documents = documents[Symbol.asyncIterator]();
    this.#entryOf = entryOf;
  }

  /** Of the next entry; null: there is none. */
  async time(): Promise<bigint | null> {
    const next = await this.#peek();
    return next === null ? null : timeOf(next);
  }

  async takeUntil(time: bigint): Promise<Entry[]> {
    const taken: Entry[] = [];
    for (let next = await this.#peek(); next !== null && timeOf(next) <= time; next = await this.#peek()) {
      taken.push(next);
      this.#next = null;
    }
    return taken;
  }

  #peek(): Promise<Entry | null> {
    this.#next ??= this.#read();
    return this.#next;
  }

  async #read(): Promise<Entry | null> {
    const { done, value } = await this.#documents.next();
    return done === true ? null : this.#entryOf(value);
  }
}
