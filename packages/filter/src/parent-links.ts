import { none, ReferenceColumn } from './columns.ts';
import { compareNs } from './order.ts';
import type { ProcessTable } from './process-table.ts';
import { coarseNs } from './values.ts';

/** Processes by boot and process id, in the order in which they had it. */
type PidIndex = Map<string, number[]>;

function nameOf(table: ProcessTable, row: number, tgid: number): string {
  return `${table.originOf(row).bootId}:${tgid}`;
}

/** Of all processes those whose process id the claims of these rows name; there may be very many others. */
function indexFor(table: ProcessTable, rows: readonly number[]): PidIndex {
  const index: PidIndex = new Map(rows.map((row) => [nameOf(table, row, table.claimedTgidOf(row) ?? 0), []]));
  for (const row of table.rows()) index.get(nameOf(table, row, table.tgidOf(row)))?.push(row);
  for (const list of index.values()) {
    list.sort((a, b) => compareNs(table.birthNsOf(a), table.birthNsOf(b)) || table.compareStart(a, b));
  }
  return index;
}

/** The process that had the process id which the claim of a process names, when that process was made. */
function claimedByPid(table: ProcessTable, row: number, index: PidIndex): number {
  const list = index.get(nameOf(table, row, table.claimedTgidOf(row) ?? 0)) ?? [];
  const atNs = table.birthNsOf(row);
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
}

/**
 * Sets the parent of every process from the best claim about it. A key is taken at its word; where there is none, or
 * one of a process whose start was never seen, the process that had the parent's id at that time is taken.
 */
export function linkParents(table: ProcessTable): void {
  const byPid: number[] = [];
  for (const row of table.rows()) {
    if (table.claimSourceOf(row) === null) continue;
    const claimed = table.keys.meantBy(table.claimedParent.at(row));
    if (table.has(claimed)) link(table, row, claimed);
    else if (claimed === none || table.hasProvisionalKey(claimed)) {
      if ((table.claimedTgidOf(row) ?? 0) > 0) byPid.push(row);
    }
  }
  if (byPid.length === 0) return;
  const index = indexFor(table, byPid);
  for (const row of byPid) link(table, row, claimedByPid(table, row, index));
}

function link(table: ProcessTable, row: number, parent: number): void {
  if (parent === none) return;
  if (!table.areOfOneBoot(parent, row)) {
    table.warn(row, 'its parent was said to be of another boot; the edge is left out');
  } else if (parent === row) {
    table.warn(row, 'it was said to be its own parent; the edge is left out');
  } else {
    table.places.setParent(row, parent, table.claimSourceOf(row));
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
