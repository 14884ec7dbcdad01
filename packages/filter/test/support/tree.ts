import type { TaskDocument } from '@godo/evidence';
import { cutCycles, linkParents } from '../../src/parent-links.ts';
import { ProcessGrouping } from '../../src/process-grouping.ts';
import { ProcessTable } from '../../src/process-table.ts';
import { markTree, walkTree } from '../../src/process-tree.ts';

/** The table of processes from observations in any order. */
export function tableOf(observations: readonly TaskDocument[]): ProcessTable {
  const table = new ProcessTable();
  const grouping = new ProcessGrouping();
  const order = (a: string | bigint, b: string | bigint) => (a < b ? -1 : a > b ? 1 : 0);
  const sorted = [...observations].sort(
    (a, b) => order(a.key, b.key) || order(a.timeNs, b.timeNs) || order(a._id, b._id),
  );
  for (const process of [...grouping.add(sorted), ...grouping.finish()]) table.add(process);
  return table;
}

/** The same with parents, without cycles and with everyone marked. */
export function linkedTableOf(observations: readonly TaskDocument[]): ProcessTable {
  const table = tableOf(observations);
  linkParents(table);
  cutCycles(table);
  markTree(table);
  return table;
}

/** The key of a process's parent; undefined: it has none. */
export function parentKeyOf(table: ProcessTable, key: string): string | undefined {
  const parent = table.places.parentOf(table.find(key));
  return table.has(parent) ? table.keyOf(parent) : undefined;
}

/** A tree as lines: depth in spaces, process id. */
export function drawn(table: ProcessTable): string[] {
  const order = walkTree(table);
  const lines: string[] = [];
  const draw = (row: number): void => {
    lines.push(`${' '.repeat(table.places.depthOf(row))}${table.tgidOf(row)}`);
    table.places.childrenOf(row).forEach(draw);
  };
  for (const row of order) if (table.places.depthOf(row) === 0) draw(row);
  return lines;
}
