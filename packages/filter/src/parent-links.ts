import { compareNs, compareStart } from './order.ts';
import { type ProcessNode, type ProcessTable, warn } from './process-node.ts';
import { coarseNs } from './values.ts';

/** A start that was never seen: the key names the process only by when it was first noticed. */
function isProvisional(key: string): boolean {
  return key.includes(':?');
}

/** Finds the process that had a process id at a moment. Built when the first parent must be found this way. */
function createPidIndex(table: ProcessTable): (bootId: string, tgid: number, atNs: bigint) => ProcessNode | undefined {
  let index: Map<string, ProcessNode[]> | undefined;
  return (bootId, tgid, atNs) => {
    if (index === undefined) {
      index = new Map();
      for (const node of table.values()) {
        const name = `${node.bootId}:${node.tgid}`;
        const list = index.get(name);
        if (list === undefined) index.set(name, [node]);
        else list.push(node);
      }
      for (const list of index.values()) list.sort((a, b) => compareNs(a.birthNs, b.birthNs) || compareStart(a, b));
    }
    const list = index.get(`${bootId}:${tgid}`) ?? [];
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((list[middle]?.birthNs ?? atNs) <= atNs + coarseNs) low = middle + 1;
      else high = middle;
    }
    const found = list[low - 1];
    return found !== undefined && (found.exitNs === null || found.exitNs + coarseNs >= atNs) ? found : undefined;
  };
}

/**
 * Sets the parent of every process from the best claim about it. A key is taken at its word; where there is none, or
 * one of a process whose start was never seen, the process that had the parent's id at that time is taken.
 */
export function linkParents(table: ProcessTable): void {
  const byPid = createPidIndex(table);
  for (const node of table.values()) {
    const claim = node.claim;
    if (claim === null) continue;
    let parent = claim.parentKey === null ? undefined : table.get(claim.parentKey);
    if (parent !== undefined && parent.bootId !== node.bootId) {
      warn(node, 'its parent was said to be of another boot; the edge is left out');
      continue;
    }
    const tgid = claim.parentTgid ?? 0;
    if (parent === undefined && tgid > 0 && (claim.parentKey === null || isProvisional(claim.parentKey))) {
      parent = byPid(node.bootId, tgid, node.birthNs);
    }
    if (parent === undefined) continue;
    if (parent === node) {
      warn(node, 'it was said to be its own parent; the edge is left out');
      continue;
    }
    node.parent = parent;
    node.parentSource = claim.source;
  }
}

function cut(cycle: readonly ProcessNode[]): void {
  const stars = cycle.filter((node) => node.star);
  const [first] = (stars.length > 0 ? stars : [...cycle]).sort(compareStart);
  if (first === undefined) return;
  first.parent = null;
  first.parentSource = null;
  warn(first, `${cycle.length} processes were said to be ancestors of each other; the edge above this one is left out`);
}

/** Makes a forest of the parent edges: every cycle loses the edge above its first star, else its first process. */
export function cutCycles(nodes: Iterable<ProcessNode>): void {
  const walks = new Map<ProcessNode, number>();
  let walk = 0;
  for (const start of nodes) {
    if (walks.has(start)) continue;
    walk += 1;
    let node: ProcessNode | null = start;
    while (node !== null && !walks.has(node)) {
      walks.set(node, walk);
      node = node.parent;
    }
    if (node === null || walks.get(node) !== walk) continue;
    const cycle: ProcessNode[] = [];
    const entry = node;
    do {
      cycle.push(node);
      node = node.parent ?? entry;
    } while (node !== entry);
    cut(cycle);
  }
}
