import type { ProcessDocument } from '@godo/evidence';
import { ByteColumn, none, ReferenceColumn } from './columns.ts';

export type ParentSource = ProcessDocument['parentSource'];
const parentSources: readonly ParentSource[] = [null, 'kernel', 'proc', 'inferred', 'engine'];

export type Membership = 'unknown' | 'inside' | 'outside';
const memberships: readonly Membership[] = ['unknown', 'inside', 'outside'];

/** Where processes (by their row) stand in the tree; the later steps fill it in. */
export class TreePlaces {
  readonly #parent = new ReferenceColumn();
  readonly #parentSource = new ByteColumn();
  readonly #membership = new ByteColumn();
  readonly #depth = new ReferenceColumn();
  #children = new Int32Array(0);
  readonly #childStart = new ReferenceColumn();
  readonly #childEnd = new ReferenceColumn();

  /** {@link none}: it has none. */
  parentOf(row: number): number {
    return this.#parent.at(row);
  }

  parentSourceOf(row: number): ParentSource {
    return parentSources[this.#parentSource.at(row)] ?? null;
  }

  setParent(row: number, parent: number, source: ParentSource): void {
    this.#parent.set(row, parent);
    this.#parentSource.set(row, parentSources.indexOf(source));
  }

  membershipOf(row: number): Membership {
    return memberships[this.#membership.at(row)] ?? 'unknown';
  }

  setMembership(row: number, membership: Membership): void {
    this.#membership.set(row, memberships.indexOf(membership));
  }

  /** Whether a process is of the tree; false for {@link none}. */
  isInside(row: number): boolean {
    return row !== none && this.membershipOf(row) === 'inside';
  }

  /** Distance from the root; {@link none} outside the tree. */
  depthOf(row: number): number {
    return this.#depth.at(row);
  }

  setDepth(row: number, depth: number): void {
    this.#depth.set(row, depth);
  }

  /** Rows of its children, in a part of the array of all: sorting it sorts them. */
  childrenOf(row: number): Int32Array {
    const start = this.#childStart.at(row);
    return start === none ? this.#children.subarray(0, 0) : this.#children.subarray(start, this.#childEnd.at(row));
  }

  /**
   * Gathers, for those of the tree, the children of each.
   *
   * @param rows - Gives all rows, at each call anew.
   */
  gatherChildren(rows: () => Iterable<number>): void {
    let size = 0;
    for (const row of rows()) {
      const parent = this.#parentInside(row);
      if (parent === none) continue;
      size += 1;
      // For now an end says how many there are.
      this.#childEnd.set(parent, Math.max(this.#childEnd.at(parent), 0) + 1);
    }
    this.#children = new Int32Array(size);
    let places = 0;
    for (const row of rows()) {
      const parent = this.#parentInside(row);
      if (parent === none) continue;
      if (this.#childStart.at(parent) === none) {
        this.#childStart.set(parent, places);
        places += this.#childEnd.at(parent);
        this.#childEnd.set(parent, this.#childStart.at(parent));
      }
      const end = this.#childEnd.at(parent);
      this.#children[end] = row;
      this.#childEnd.set(parent, end + 1);
    }
  }

  /** The parent of a process, if both are of the tree. */
  #parentInside(row: number): number {
    const parent = this.parentOf(row);
    return this.isInside(row) && this.isInside(parent) ? parent : none;
  }
}
