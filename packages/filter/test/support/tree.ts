import type { TaskDocument } from '@godo/evidence';
import { cutCycles, linkParents } from '../../src/parent-links.ts';
import type { ProcessNode, ProcessTable } from '../../src/process-node.ts';
import { createProcessTable } from '../../src/process-table.ts';
import { markTree, walkTree } from '../../src/process-tree.ts';

/** The table of processes from observations in any order. */
export function tableOf(observations: readonly TaskDocument[]): ProcessTable {
  const builder = createProcessTable();
  const order = (a: string | bigint, b: string | bigint) => (a < b ? -1 : a > b ? 1 : 0);
  for (const one of [...observations].sort(
    (a, b) => order(a.key, b.key) || order(a.timeNs, b.timeNs) || order(a._id, b._id),
  )) {
    builder.observe(one);
  }
  return builder.finish();
}

/** The same with parents, without cycles and with everyone marked. */
export function linkedTableOf(observations: readonly TaskDocument[]): ProcessTable {
  const table = tableOf(observations);
  linkParents(table);
  cutCycles(table.values());
  markTree(table);
  return table;
}

/** A tree as lines: depth in spaces, process id. */
export function drawn(table: ProcessTable): string[] {
  const order = walkTree(table);
  const lines: string[] = [];
  const draw = (node: ProcessNode): void => {
    lines.push(`${' '.repeat(node.depth)}${node.tgid}`);
    node.children?.forEach(draw);
  };
  for (const node of order) if (node.depth === 0) draw(node);
  return lines;
}
