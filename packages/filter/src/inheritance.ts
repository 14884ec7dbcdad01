import type { Credentials } from '@godo/evidence';
import { applyExecution, type Facts, noFacts, overlay } from './facts.ts';
import type { ProcessNode } from './process-node.ts';
import { type Root, rootAt } from './root-changes.ts';
import { coarseNs } from './values.ts';

/**
 * Whether a process got its first state from its parent. One that was only ever read as running has been adopted
 * perhaps, and a shim hung under its engine was not made by it.
 */
function parentGiving(node: ProcessNode): ProcessNode | null {
  if (node.parentSource === 'engine' || (node.snapshot && !node.forked)) return null;
  return node.parent;
}

/** Until when the parent's doings count for a child: its birth, with room where that is a coarse stamp. */
function inheritedAt(child: ProcessNode): bigint {
  return child.birthCoarse ? child.birthNs + coarseNs : child.birthNs;
}

/** Walks up to the first ancestor that has a value, then gives everyone on the way theirs, parents first. */
function settle(node: ProcessNode, isSettled: (node: ProcessNode) => boolean, give: (node: ProcessNode) => void): void {
  const path: ProcessNode[] = [];
  for (let at: ProcessNode | null = node; at !== null && !isSettled(at); at = parentGiving(at)) path.push(at);
  for (let at = path.pop(); at !== undefined; at = path.pop()) give(at);
}

/** What a process was when it was made: its parent's state at that moment, with what was read of itself. */
function baseOf(node: ProcessNode): Facts {
  settle(
    node,
    (at) => at.base !== null,
    (at) => {
      const parent = parentGiving(at);
      const given = parent === null ? noFacts : stateAt(parent, parent.base ?? noFacts, inheritedAt(at));
      // Where another program was read than the parent ran, an exec was missed: then nothing of the parent's program holds.
      const changed = at.initial.exe !== null && at.initial.exe !== given.exe;
      at.base = changed ? applyExecution(given, at.initial) : overlay(given, at.initial);
    },
  );
  return node.base ?? noFacts;
}

/** The state after the last successful execution at or before a moment. */
function stateAt(node: ProcessNode, base: Facts, timeNs: bigint): Facts {
  const executions = node.executions;
  let low = 0;
  let high = executions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((executions[middle]?.sinceNs ?? timeNs) <= timeNs) low = middle + 1;
    else high = middle;
  }
  return stateAfter(node, base, low);
}

/** The state after the first `count` executions. Goes back only as far as there is something to learn. */
function stateAfter(node: ProcessNode, base: Facts, count: number): Facts {
  let state: Facts | null = null;
  for (let index = count - 1; index >= 0; index -= 1) {
    const execution = node.executions[index];
    if (execution === undefined || !execution.success) continue;
    state = state === null ? execution.facts : applyExecution(execution.facts, state);
    if (state.cwd !== null) return state;
  }
  return state === null ? base : applyExecution(base, state);
}

/** What a process was at last. Its own observations, and where it never executed anything, its parent's state at its fork. */
export function finalFacts(node: ProcessNode): Facts {
  return overlay(stateAfter(node, baseOf(node), node.executions.length), node.latest);
}

/**
 * The container of a process: the one last read of it, else that of its parent. runc moves the process into the
 * container between fork and exec, so the id appears during its life.
 */
export function containerOf(node: ProcessNode): string | null {
  settle(
    node,
    (at) => at.container !== undefined,
    (at) => {
      at.container = at.containerId === undefined ? (parentGiving(at)?.container ?? null) : at.containerId;
    },
  );
  return node.container ?? null;
}

/**
 * The root file system of a process by what it and its ancestors did. A process of the host gets none from a parent in
 * a container, nor one container's from another. undefined: not known.
 */
export function ownRoot(node: ProcessNode): Root | undefined {
  settle(
    node,
    (at) => at.baseRoot !== undefined,
    (at) => {
      const parent = parentGiving(at);
      at.baseRoot =
        parent === null || containerOf(parent) !== containerOf(at)
          ? null
          : (rootAt(parent.roots, inheritedAt(at)) ?? parent.baseRoot ?? null);
    },
  );
  return rootAt(node.roots, null) ?? node.baseRoot ?? undefined;
}

/** Who a process was to the kernel; from its parent where nothing was read and the parent's never changed. */
export function credentialsOf(node: ProcessNode): Credentials {
  settle(
    node,
    (at) => at.handedDown !== null,
    (at) => {
      if (Object.keys(at.credentials).length === 0) at.handedDown = parentGiving(at)?.handedDown ?? {};
      else at.handedDown = at.credentialsConstant ? at.credentials : {};
    },
  );
  return Object.keys(node.credentials).length === 0 ? (node.handedDown ?? {}) : node.credentials;
}

/** Fixes what a process got from its maker, before it is given another parent in the tree. */
export function settleInheritance(node: ProcessNode): void {
  finalFacts(node);
  containerOf(node);
  ownRoot(node);
  credentialsOf(node);
}
