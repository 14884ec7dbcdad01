import type { Credentials, Namespaces } from '@godo/evidence';
import { none, type ReferenceColumn } from './columns.ts';
import { noCredentials } from './credentials.ts';
import { type Facts, overlay } from './facts.ts';
import { namespacesAt } from './inside.ts';
import type { ProcessTable } from './process-table.ts';
import { type Root, rootAt, rootOnly } from './root-changes.ts';
import { noFactsNumber } from './shared-facts.ts';
import { coarseNs } from './values.ts';

/**
 * Whether a process got its first state from its parent. One that was only ever read as running has been adopted
 * perhaps, and a shim hung under its engine was not made by it.
 */
function parentGiving(table: ProcessTable, row: number): number {
  if (table.isSnapshot(row) && !table.isForked(row)) return none;
  return table.places.parentSourceOf(row) === 'engine' ? none : table.places.parentOf(row);
}

/** Until when the parent's doings count for a child: its birth, with room where that is a coarse stamp. */
function inheritedAt(table: ProcessTable, child: number): bigint {
  const birthNs = table.birthNsOf(child);
  return table.isBirthCoarse(child) ? birthNs + coarseNs : birthNs;
}

/**
 * Walks up to the first ancestor that has a value, then gives everyone on the way theirs, parents first.
 *
 * @param own - Values that need no parent, where there are some.
 */
function settle(
  table: ProcessTable,
  row: number,
  settled: ReferenceColumn,
  value: (row: number) => number,
  own?: ReferenceColumn,
): number {
  const known = (at: number): number => {
    const needless = own === undefined ? none : own.at(at);
    return needless === none ? settled.at(at) : needless;
  };
  const before = known(row);
  if (before !== none) return before;
  const path: number[] = [];
  for (let at = row; at !== none && known(at) === none; at = parentGiving(table, at)) path.push(at);
  for (let at = path.pop(); at !== undefined; at = path.pop()) settled.set(at, value(at));
  return settled.at(row);
}

/** What a process was when it was made: its parent's state at that moment, with what was read of itself. */
function baseOf(table: ProcessTable, row: number): number {
  const { facts, executions, inherited } = table;
  return settle(table, row, inherited.facts, (at) => {
    const parent = parentGiving(table, at);
    const given =
      parent === none ? noFactsNumber : executions.stateAt(parent, inheritedAt(table, at), inherited.facts.at(parent));
    const initial = table.initialFactsOf(at);
    // Where another program was read than the parent ran, an exec was missed: then nothing of the parent's program holds.
    return facts.isOtherProgram(given, initial) ? facts.applyExecution(given, initial) : facts.overlay(given, initial);
  });
}

/** What a process was at last. Its own observations, and where it never executed anything, its parent's state at its fork. */
export function finalFacts(table: ProcessTable, row: number): Facts {
  const state = table.executions.stateAt(row, null, baseOf(table, row));
  const latest = table.latestFactsOf(row);
  const facts = table.facts.get(state);
  return latest === noFactsNumber ? facts : overlay(facts, table.facts.get(latest));
}

/**
 * The container of a process: the one last read of it, else that of its parent. runc moves the process into the
 * container between fork and exec, so the id appears during its life.
 */
export function containerOf(table: ProcessTable, row: number): string | null {
  return table.containerIds.get(containerNumberOf(table, row));
}

/** The number of {@link containerOf} in the table's container ids. */
export function containerNumberOf(table: ProcessTable, row: number): number {
  const { readContainer, inherited } = table;
  const ofParent = (at: number): number => {
    const parent = parentGiving(table, at);
    return parent === none ? table.containerIds.numberOf(null) : containerNumberOf(table, parent);
  };
  return settle(table, row, inherited.container, ofParent, readContainer);
}

/**
 * The root file system of a process by what it and its ancestors did. A process of the host gets none from a parent in
 * a container, nor one container's from another. undefined: not known.
 */
export function ownRoot(table: ProcessTable, row: number): Root | undefined {
  const inherited = settle(table, row, table.inherited.root, (at) => {
    const parent = parentGiving(table, at);
    const apart = parent === none || containerNumberOf(table, parent) !== containerNumberOf(table, at);
    if (apart) return table.rootChanges.roots.numberOf(null);
    const change = rootAt(table.rootChanges.of(parent), inheritedAt(table, at));
    return change === undefined ? table.inherited.root.at(parent) : table.rootChanges.roots.numberOf(rootOnly(change));
  });
  const last = rootAt(table.rootChanges.of(row), null);
  return last === undefined ? (table.rootChanges.roots.get(inherited) ?? undefined) : rootOnly(last);
}

/**
 * The namespaces of a process in a container: as read of it last, or else those of its parent at its birth, and so on up
 * to where the container ends. undefined: nothing is known.
 */
export function namespacesOf(table: ProcessTable, row: number): Namespaces | null | undefined {
  const container = containerNumberOf(table, row);
  let timeNs: bigint | null = null;
  for (let at = row; at !== none; at = parentGiving(table, at)) {
    if (containerNumberOf(table, at) !== container) return undefined;
    const namespaces = namespacesAt(table.insideOf(at), timeNs);
    if (namespaces !== undefined) return namespaces;
    if (table.containerIds.get(container) === null) return undefined;
    timeNs = inheritedAt(table, at);
  }
  return undefined;
}

/** Who a process was to the kernel; from its parent where nothing was read and the parent's never changed. */
export function credentialsOf(table: ProcessTable, row: number): Credentials {
  const { allCredentials, credentials } = table;
  const nothing = allCredentials.numberOf(noCredentials);
  const handedDown = settle(table, row, table.inherited.credentials, (at) => {
    const own = credentials.at(at);
    if (own !== nothing) return table.areCredentialsConstant(at) ? own : nothing;
    const parent = parentGiving(table, at);
    return parent === none ? nothing : table.inherited.credentials.at(parent);
  });
  const own = credentials.at(row);
  return allCredentials.get(own === nothing ? handedDown : own);
}

/** Fixes what a process got from its maker, before it is given another parent in the tree. */
export function settleInheritance(table: ProcessTable, row: number): void {
  baseOf(table, row);
  containerOf(table, row);
  ownRoot(table, row);
  credentialsOf(table, row);
}
