import type { CookedEntry, CookedWriter } from '@godo/evidence';

/** Collects cooked documents and writes them in batches. */
export interface Batch {
  /** @returns A promise to await where the batch was full, so that most documents cost none. */
  add(entry: CookedEntry): Promise<void> | undefined;
  flush(): Promise<void>;
}

export function createBatch(writer: Pick<CookedWriter, 'insert'>, size = 100): Batch {
  let entries: CookedEntry[] = [];
  async function flush(): Promise<void> {
    if (entries.length === 0) return;
    const full = entries;
    entries = [];
    await writer.insert(full);
  }
  return {
    add(entry) {
      entries.push(entry);
      return entries.length >= size ? flush() : undefined;
    },
    flush,
  };
}
