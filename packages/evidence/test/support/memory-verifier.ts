import { readSecond } from '../../src/chain/told.ts';
import { type RawCollection, type RawEntry, type RawVerifier, rawDocumentOf } from '../../src/index.ts';

/** Raw evidence in memory, as a store gives it back: of documents with one `_id` the first. */
export function memoryVerifier(entries: readonly RawEntry[]): RawVerifier {
  const kept = new Map<string, RawEntry>();
  for (const entry of entries) {
    const name = `${entry.collection} ${rawDocumentOf(entry)._id}`;
    if (!kept.has(name)) kept.set(name, entry);
  }
  const of = (collection: RawCollection) => [...kept.values()].filter((entry) => entry.collection === collection);
  return {
    location: 'memory',
    faults: async () => [],
    stored: async function* (collection) {
      const all = of(collection).sort((left, right) => (readSecond(left) ?? 0) - (readSecond(right) ?? 0));
      for (let at = 0; at < all.length; at += 3) yield { entries: all.slice(at, at + 3), changed: [] };
    },
    close: async () => undefined,
  };
}
