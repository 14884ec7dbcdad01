import type { ProcessKey } from '@godo/evidence';
import { ByteColumn, none, ReferenceColumn, type TimeColumn } from './columns.ts';
import { containerNumberOf } from './inheritance.ts';
import type { ProcessKeys } from './process-keys.ts';
import type { ProcessTable } from './process-table.ts';
import type { SharedValues } from './shared-values.ts';

/** Keys that were asked for lately: a process opens many files in a short time. */
const mostRemembered = 4096;

const outside = 1;
const inside = 2;

/**
 * What files and events need of the processes that they belong to. The rest of the table can go when the processes are
 * written: it is most of it.
 */
export class KnownProcesses {
  readonly #keys: ProcessKeys;
  /** 0: there is no process of this key. */
  readonly #places = new ByteColumn();
  readonly #exitNs: TimeColumn;
  readonly #container = new ReferenceColumn();
  readonly #containerIds: SharedValues<string | null>;
  readonly #rows = new Map<ProcessKey, number>();

  /** @param table - Complete, and the tree is made. */
  constructor(table: ProcessTable) {
    this.#keys = table.keys;
    this.#exitNs = table.exitNs;
    this.#containerIds = table.containerIds;
    for (const row of table.rows()) {
      this.#places.set(row, table.places.isInside(row) ? inside : outside);
      this.#container.set(row, containerNumberOf(table, row));
    }
  }

  /** Row of the process with a key, or {@link none} where the database has no observation of it. */
  find(key: ProcessKey): number {
    const before = this.#rows.get(key);
    if (before !== undefined) return before;
    const named = this.#keys.find(key);
    const row = named !== none && this.#places.at(named) !== 0 ? named : none;
    if (this.#rows.size >= mostRemembered) this.#rows.clear();
    this.#rows.set(key, row);
    return row;
  }

  /** Whether some keys stand for others. */
  get hasAliases(): boolean {
    return this.#keys.hasAliases;
  }

  /** The key of the process that a key stands for: mostly the same. */
  keyFor(key: ProcessKey): ProcessKey {
    return this.#keys.keyFor(key);
  }

  /** Whether a process is of the tree; false for {@link none}. */
  isInside(row: number): boolean {
    return row !== none && this.#places.at(row) === inside;
  }

  /** null: it still runs, as far as is known. */
  exitNsOf(row: number): bigint | null {
    return this.#exitNs.at(row);
  }

  /** null: in none. */
  containerOf(row: number): string | null {
    return this.#containerIds.get(this.#container.at(row));
  }
}
