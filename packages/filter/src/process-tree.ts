import { none } from './columns.ts';
import type { ProcessTable } from './process-table.ts';

/**
 * Marks who is in the tree: every star, and whoever descends from one. The parent edges must be free of cycles.
 * Marks of an earlier call are made anew.
 */
export function markTree(table: ProcessTable): void {
  const { places } = table;
  for (const row of table.rows()) places.setMembership(row, 'unknown');
  const path: number[] = [];
  for (const start of table.rows()) {
    let row = start;
    while (row !== none && places.membershipOf(row) === 'unknown' && !table.isStar(row)) {
      path.push(row);
      row = places.parentOf(row);
    }
    if (row !== none && places.membershipOf(row) === 'unknown') places.setMembership(row, 'inside');
    const membership = row === none ? 'outside' : places.membershipOf(row);
    for (const visited of path) places.setMembership(visited, membership);
    path.length = 0;
  }
}

/**
 * Step 3: the tree, breadth-first from the topmost stars; roots and children in order of start, then key. Sets
 * children and depth; a star below another star stands under its parent, so each process comes once.
 *
 * @returns The rows of the processes of the tree, each after its parent.
 */
export function walkTree(table: ProcessTable): Int32Array {
  const { places } = table;
  const compare = (a: number, b: number): number => table.compareStart(a, b);
  places.gatherChildren(() => table.rows());
  const roots: number[] = [];
  let inside = 0;
  for (const row of table.rows()) {
    if (!places.isInside(row)) continue;
    inside += 1;
    // Whatever made the topmost star is no part of the tree.
    if (!places.isInside(places.parentOf(row))) roots.push(row);
  }
  const order = new Int32Array(inside);
  order.set(roots.sort(compare));
  for (const root of roots) places.setDepth(root, 0);
  let known = roots.length;
  for (const row of order) {
    const children = places.childrenOf(row);
    if (children.length > 1) children.sort(compare);
    for (const child of children) places.setDepth(child, places.depthOf(row) + 1);
    order.set(children, known);
    known += children.length;
  }
  return order;
}

/** The nearest star at or above a process of the tree. */
export function starAbove(table: ProcessTable, start: number): number {
  let row = start;
  while (row !== none && !table.isStar(row)) row = table.places.parentOf(row);
  return row;
}
