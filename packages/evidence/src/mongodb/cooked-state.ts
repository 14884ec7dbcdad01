import type { Db } from 'mongodb';

/**
 * The one document of the collection `state` of the cooked database: whether its collections are one whole set. Its
 * collections cannot be replaced in one step; readers go by this.
 */
export interface CookedState {
  readonly _id: 'cooked';
  /** False while a commit replaces the collections, and after one that was stopped. */
  readonly complete: boolean;
  /** Token of the writer that is at work, or of the last one. */
  readonly writer: string;
  /** Token of the writer whose set it is; empty before the first commit. */
  readonly set: string;
  /** Layout of the collections; a higher one than known is refused. */
  readonly schema: number;
}

export const cookedSchema = 1;

export function states(db: Db) {
  return db.collection<CookedState>('state');
}

export function stateOf(db: Db): Promise<CookedState | null> {
  return states(db).findOne({ _id: 'cooked' });
}
