import { none, ReferenceColumn } from './columns.ts';
import { services } from './container-programs.ts';
import { hangShims } from './engines.ts';
import { containerNumberOf } from './inheritance.ts';
import type { ProcessTable } from './process-table.ts';
import { markTree } from './process-tree.ts';
import type { Runs } from './runs.ts';

/**
 * The roots of the tree beside the stars that were declared: the engines that made containers, and where none is known
 * any more, what holds a container, or its first process. So every container stands in the tree, and below one root.
 */
export function settleRoots(table: ProcessTable, runs: Runs): void {
  const isTaken = (row: number): boolean => {
    const program = table.programOf(row);
    if (program === null) return false;
    return runs.engines(table.sessionIdsOf(row)).has(program === 'shim' ? 'containerd-shim' : program);
  };
  hangShims(table, isTaken);
  const firsts = firstOfContainers(table);
  const holdsContainer = containerHolders(table, firsts);
  const engines = new Set<number>();
  for (const row of table.rows()) {
    const program = table.programOf(row);
    if (program === null || program === 'dockerd' || table.isStar(row) || !isTaken(row)) continue;
    if (services.has(program) || holdsContainer(row)) engines.add(row);
  }
  // Judged by all of them, then made: an engine that gives way to one above gives way to the topmost.
  const roots = [...engines].filter((row) => !isBelowRoot(table, row, engines));
  for (const row of roots) table.makeStar(row);
  if (roots.length > 0) markTree(table);
  adoptContainers(table, firsts, runs);
}

/** Whether a root above it is of the same place: of the host, or of the same container. An engine within one is its own. */
function isBelowRoot(table: ProcessTable, row: number, engines: ReadonlySet<number>): boolean {
  const container = containerNumberOf(table, row);
  for (let above = table.places.parentOf(row); above !== none; above = table.places.parentOf(above)) {
    const isRoot = table.isStar(above) || engines.has(above);
    if (isRoot && containerNumberOf(table, above) === container) return true;
  }
  return false;
}

/** Whether a container has its first process below a process. */
function containerHolders(table: ProcessTable, firsts: readonly number[]): (row: number) => boolean {
  const holders = new ReferenceColumn();
  for (const first of firsts) {
    for (let row = table.places.parentOf(first); row !== none && holders.at(row) === none; ) {
      holders.set(row, 1);
      row = table.places.parentOf(row);
    }
  }
  return (row) => holders.at(row) === 1;
}

/** Processes in a container whose parent is not in it. */
function firstOfContainers(table: ProcessTable): number[] {
  const nowhere = table.containerIds.numberOf(null);
  const firsts: number[] = [];
  for (const row of table.rows()) {
    const container = containerNumberOf(table, row);
    if (container === nowhere) continue;
    const parent = table.places.parentOf(row);
    if (parent === none || containerNumberOf(table, parent) !== container) firsts.push(row);
  }
  return firsts;
}

/** The first processes of containers that no root reaches become roots themselves, in runs that look for engines. */
function adoptContainers(table: ProcessTable, firsts: readonly number[], runs: Runs): void {
  const lone = firsts.filter((row) => !table.places.isInside(row) && runs.engines(table.sessionIdsOf(row)).size > 0);
  const all = new Set(lone);
  const roots = lone.filter((row) => !isBelow(table, row, all));
  for (const row of roots) table.makeStar(row);
  if (roots.length > 0) markTree(table);
}

function isBelow(table: ProcessTable, row: number, others: ReadonlySet<number>): boolean {
  for (let above = table.places.parentOf(row); above !== none; above = table.places.parentOf(above)) {
    if (others.has(above)) return true;
  }
  return false;
}
