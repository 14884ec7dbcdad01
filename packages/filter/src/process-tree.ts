import { compareStart } from './order.ts';
import type { ProcessNode, ProcessTable } from './process-node.ts';

/**
 * Marks who is in the tree: every star, and whoever descends from one. The parent edges must be free of cycles.
 * Marks of an earlier call are made anew.
 */
export function markTree(table: ProcessTable): void {
  for (const node of table.values()) node.membership = 'unknown';
  const path: ProcessNode[] = [];
  for (const start of table.values()) {
    let node: ProcessNode | null = start;
    while (node !== null && node.membership === 'unknown' && !node.star) {
      path.push(node);
      node = node.parent;
    }
    if (node?.membership === 'unknown') node.membership = 'inside';
    const membership = node?.membership ?? 'outside';
    for (const visited of path) visited.membership = membership;
    path.length = 0;
  }
}

/**
 * Step 3: the tree, breadth-first from the topmost stars; roots and children in order of start, then key. Sets
 * children and depth; a star below another star stands under its parent, so each process comes once.
 *
 * @returns The processes of the tree, each after its parent.
 */
export function walkTree(table: ProcessTable): ProcessNode[] {
  const order: ProcessNode[] = [];
  for (const node of table.values()) {
    if (node.membership !== 'inside') continue;
    if (node.parent?.membership === 'inside') {
      node.parent.children ??= [];
      node.parent.children.push(node);
    } else {
      // Whatever made the topmost star is no part of the tree.
      node.depth = 0;
      order.push(node);
    }
  }
  order.sort(compareStart);
  for (let index = 0; index < order.length; index += 1) {
    const node = order[index];
    if (node === undefined) break;
    for (const child of node.children?.sort(compareStart) ?? []) {
      child.depth = node.depth + 1;
      order.push(child);
    }
  }
  return order;
}

/** The nearest star at or above a process of the tree. */
export function starAbove(start: ProcessNode): ProcessNode | null {
  for (let node: ProcessNode | null = start; node !== null; node = node.parent) if (node.star) return node;
  return null;
}
