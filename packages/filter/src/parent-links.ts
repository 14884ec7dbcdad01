import { none, ReferenceColumn } from './columns.ts';
import { compareNs } from './order.ts';
import type { ProcessTable } from './process-table.ts';
import { coarseNs } from './values.ts';

/** Finds the process that had a process id at a moment. Built when the first parent must be found this way. */
function createPidIndex(table: ProcessTable): (bootId: string, tgid: number, atNs: bigint) => number {
  let index: Map<string, number[]> | undefined;
  return (bootId, tgid, atNs) => {
    if (index === undefined) {
      index = new Map();
      for (const row of table.rows()) {
        const name = `${table.originOf(row).bootId}:${table.tgidOf(row)}`;
        const list = index.get(name);
        if (list === undefined) index.set(name, [row]);
        else list.push(row);
      }
      for (const list of index.values()) {
        list.sort((a, b) => compareNs(table.birthNsOf(a), table.birthNsOf(b)) || table.compareStart(a, b));
      }
    }
    const list = index.get(`${bootId}:${tgid}`) ?? [];
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (table.birthNsOf(list[middle] ?? none) <= atNs + coarseNs) low = middle + 1;
      else high = middle;
    }
    const found = list[low - 1];
    if (found === undefined) return none;
    const exitNs = table.exitNs.at(found);
    return exitNs === null || exitNs + coarseNs >= atNs ? found : none;
  };
}

/**
 * Sets the parent of every process from the best claim about it. A key is taken at its word; where there is none, or
 * one of a process whose start was never seen, the process that had the parent's id at that time is taken.
 */
export function linkParents(table: ProcessTable): void {
  const byPid = createPidIndex(table);
  for (const row of table.rows()) {
    const source = table.claimSourceOf(row);
    if (source === null) continue;
    const claimed = table.claimedParent.at(row);
    let parent = table.has(claimed) ? claimed : none;
    if (parent !== none && !table.areOfOneBoot(parent, row)) {
      table.warn(row, 'its parent was said to be of another boot; the edge is left out');
      continue;
    }
    const tgid = table.claimedTgidOf(row) ?? 0;
    if (parent === none && tgid > 0 && (claimed === none || table.hasProvisionalKey(claimed))) {
      parent = byPid(table.originOf(row).bootId, tgid, table.birthNsOf(row));
    }
    if (parent === none) continue;
    if (parent === row) {
      table.warn(row, 'it was said to be its own parent; the edge is left out');
      continue;
    }
    table.places.setParent(row, parent, source);
  }
}

function cut(table: ProcessTable, cycle: readonly number[]): void {
  const stars = cycle.filter((row) => table.isStar(row));
  const [first] = (stars.length > 0 ? stars : [...cycle]).sort((a, b) => table.compareStart(a, b));
  if (first === undefined) return;
  table.places.setParent(first, none, null);
  table.warn(
    first,
    `${cycle.length} processes were said to be ancestors of each other; the edge above this one is left out`,
  );
}

/** Makes a forest of the parent edges: every cycle loses the edge above its first star, else its first process. */
export function cutCycles(table: ProcessTable): void {
  /** The walk that came by a process first. */
  const walks = new ReferenceColumn();
  let walk = 0;
  for (const start of table.rows()) {
    if (walks.at(start) !== none) continue;
    walk += 1;
    let row = start;
    while (row !== none && walks.at(row) === none) {
      walks.set(row, walk);
      row = table.places.parentOf(row);
    }
    if (row === none || walks.at(row) !== walk) continue;
    const cycle: number[] = [];
    const entry = row;
    do {
      cycle.push(row);
      row = table.places.parentOf(row);
    } while (row !== entry && row !== none);
    cut(table, cycle);
  }
}
