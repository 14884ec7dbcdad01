/** Documents that the store refuses for good: found among those of a batch, so that all others are taken, and stated. */

import { type InsertResult, idOf, type RawEntry, reasonOf, StoreError, visibleSentence } from '@godo/evidence';
import type { LossFacts } from '../loss-event.ts';

export interface RefusedDocument {
  readonly entry: RawEntry;
  /** What the store says of it; others may have chosen part of that. */
  readonly reason: string;
}

export interface Insertion extends InsertResult {
  readonly refused: readonly RefusedDocument[];
}

/**
 * Inserts all that the store does take, in order: where it refuses documents, by halves. What was taken before a half
 * fails otherwise is there already when it is all given again.
 *
 * @throws whatever else the store does.
 */
export async function insertAllBut(
  insert: (entries: readonly RawEntry[]) => Promise<InsertResult>,
  entries: readonly RawEntry[],
): Promise<Insertion> {
  try {
    return { ...(await insert(entries)), refused: [] };
  } catch (error) {
    const [entry] = entries;
    if (!(error instanceof StoreError && error.code === 'DOCUMENT_REFUSED') || entry === undefined) throw error;
    if (entries.length === 1) return { inserted: 0, duplicates: 0, refused: [{ entry, reason: reasonOf(error) }] };
  }
  const middle = entries.length >> 1;
  const first = await insertAllBut(insert, entries.slice(0, middle));
  const second = await insertAllBut(insert, entries.slice(middle));
  return {
    inserted: first.inserted + second.inserted,
    duplicates: first.duplicates + second.duplicates,
    refused: [...first.refused, ...second.refused],
  };
}

/** Where they are now. */
export interface SetAside {
  readonly path: string;
  readonly kept: number;
}

/** Documents that are named; of others there is the number. */
const named = 3;
const most = { id: 100, reason: 300 } as const;

/**
 * The loss that states them; null where all of them state such losses themselves: it would be refused as well, for ever.
 *
 * @param aside null: there is no spool, so they are dropped.
 */
export function refusalLoss(refused: readonly RefusedDocument[], aside: SetAside | null): LossFacts | null {
  const told = refused.filter(({ entry }) => !statesRefusal(entry));
  const [first, last] = [told[0], told.at(-1)];
  if (first === undefined || last === undefined) return null;
  const names = told.slice(0, named).map((one) => `${titleOf(one)} (${cut(one.reason, most.reason)})`);
  const more = told.length > named ? `, and ${told.length - named} more` : '';
  const reason = `The database refuses ${told.length} document(s) for good: ${names.join(', ')}${more}. ${fate(refused.length, aside)}`;
  const range = { from: titleOf(first), to: titleOf(last) };
  return { source: 'store', ...range, count: told.length, unit: 'documents', reason };
}

function titleOf({ entry }: RefusedDocument): string {
  return `${entry.collection} ${cut(nameOf(entry), most.id)}`;
}

function statesRefusal(entry: RawEntry): boolean {
  return (
    entry.collection === 'losses' && 'document' in entry && (entry.document as { source?: unknown }).source === 'store'
  );
}

function fate(count: number, aside: SetAside | null): string {
  if (aside === null) return 'They are dropped, for there is no spool.';
  if (aside.kept === count) return `They are set aside in ${aside.path}.`;
  return `${aside.kept} are set aside in ${aside.path}, the others are not: it has no room, or cannot be written.`;
}

function nameOf(entry: RawEntry): string {
  try {
    return String(idOf(entry));
  } catch {
    // It may be refused for that.
    return 'of unknown _id';
  }
}

/** What others chose, on one line and no longer than that. */
function cut(text: string, length: number): string {
  const shown = visibleSentence(text.slice(0, length));
  return text.length > length ? `${shown}…` : shown;
}

/** The loss that states those of many batches. */
export class RefusalSum {
  #first: LossFacts | null = null;
  #later = 0;

  /** Of a batch. They are dropped. */
  add(refused: readonly RefusedDocument[]): void {
    const loss = refusalLoss(refused, null);
    if (this.#first === null) this.#first = loss;
    else this.#later += loss?.count ?? 0;
  }

  /** null: there are none. */
  loss(): LossFacts | null {
    if (this.#first === null || this.#later === 0) return this.#first;
    const { reason, count } = this.#first;
    return {
      ...this.#first,
      count: (count ?? 0) + this.#later,
      reason: `${reason} Later it refused ${this.#later} more.`,
    };
  }
}
