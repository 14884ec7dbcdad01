import { type ContainerDocument, isoTime, type ProcessKey } from '@godo/evidence';
import { containerOf, ownRoot } from './inheritance.ts';
import { compareNs, compareText } from './order.ts';
import type { ProcessNode } from './process-node.ts';
import { starAbove } from './process-tree.ts';
import type { Root, RootChange } from './root-changes.ts';
import { coarseNs } from './values.ts';

/** What is gathered of one container while its processes and files pass. */
export interface Container {
  readonly id: string;
  readonly containerId: string;
  readonly host: string;
  readonly machineId: string | null;
  readonly bootId: string;
  readonly engineKey: ProcessKey | null;
  readonly sessionIds: Set<string>;
  readonly rootKeys: ProcessKey[];
  /** The one root of all its processes. */
  root: Root;
  processes: number;
  filesChanged: number;
  firstNs: bigint | null;
  /** null: one of its processes still runs. */
  lastNs: bigint | null;
}

export type Containers = ReadonlyMap<string, Container>;

/** Containers of different boots are different, even with one id. */
export function containerKey(bootId: string, containerId: string): string {
  return `${bootId}:${containerId}`;
}

/** A moment by which evidence of one container's root is compared; what pivot_root said comes before /proc. */
function evidenceNs(change: RootChange): bigint {
  return change.kernel ? change.timeNs - coarseNs : change.timeNs;
}

/**
 * Step 4: the root file system of a container. Only one of its processes calls pivot_root, and before that each still
 * has the root of the host, so `/` says nothing. The earliest evidence counts: later calls of pivot_root are those of
 * sandboxes within the container. Without any, what its processes inherited.
 *
 * @param members - Its processes in the order of the tree.
 */
export function containerRoot(members: readonly ProcessNode[]): Root {
  let best: RootChange | undefined;
  for (const member of members) {
    for (const change of member.roots) {
      if (change.rootfs === null || change.rootfs === '/') continue;
      if (best === undefined || evidenceNs(change) < evidenceNs(best)) best = change;
    }
  }
  if (best !== undefined) return rootOnly(best);
  for (const member of members) {
    // runc's child gets its root from a process that was never seen in the container itself.
    const given = ownRoot(member) ?? (member.parent === null ? undefined : ownRoot(member.parent));
    if (given !== undefined && given.rootfs !== null && given.rootfs !== '/') return rootOnly(given);
  }
  return { rootfs: null };
}

function rootOnly({ rootfs, rootfsHex }: Root): Root {
  return rootfsHex === undefined ? { rootfs } : { rootfs, rootfsHex };
}

/**
 * The containers that have a process in the tree.
 *
 * @param order - The processes of the tree, each after its parent.
 */
export function gatherContainers(order: readonly ProcessNode[]): Containers {
  const members = new Map<string, ProcessNode[]>();
  for (const node of order) {
    const containerId = containerOf(node);
    if (containerId === null) continue;
    const id = containerKey(node.bootId, containerId);
    const list = members.get(id);
    if (list === undefined) members.set(id, [node]);
    else list.push(node);
  }
  const containers = new Map<string, Container>();
  for (const [id, list] of members) {
    const [first] = list;
    if (first === undefined) continue;
    const container: Container = {
      id,
      containerId: containerOf(first) ?? '',
      host: first.host,
      machineId: first.machineId,
      bootId: first.bootId,
      engineKey: starAbove(first)?.key ?? null,
      sessionIds: new Set(),
      rootKeys: [],
      root: containerRoot(list),
      processes: list.length,
      filesChanged: 0,
      firstNs: null,
      lastNs: first.exitNs,
    };
    for (const node of list) {
      for (const session of node.sessionIds) container.sessionIds.add(session);
      const parent = node.depth > 0 ? node.parent : null;
      if (parent === null || containerOf(parent) !== container.containerId) container.rootKeys.push(node.key);
      if (compareNs(node.startNs, container.firstNs) < 0) container.firstNs = node.startNs;
      if (container.lastNs !== null && (node.exitNs === null || node.exitNs > container.lastNs)) {
        container.lastNs = node.exitNs;
      }
    }
    containers.set(id, container);
  }
  return containers;
}

/**
 * The root of a process as it is shown: that of its container, or its own where it is in none.
 */
export function rootOf(node: ProcessNode, containers: Containers): Root {
  const containerId = containerOf(node);
  const container = containerId === null ? undefined : containers.get(containerKey(node.bootId, containerId));
  if (container !== undefined) return container.root;
  const own = ownRoot(node);
  return own === undefined ? { rootfs: null } : rootOnly(own);
}

export function containerDocument(
  container: Container,
  compareSessions: (a: string, b: string) => number,
): ContainerDocument {
  const { firstNs, lastNs } = container;
  return {
    _id: container.id,
    containerId: container.containerId,
    host: container.host,
    machineId: container.machineId,
    bootId: container.bootId,
    sessionIds: [...container.sessionIds].sort(compareSessions),
    ...container.root,
    engineKey: container.engineKey,
    rootKeys: container.rootKeys,
    processes: container.processes,
    filesChanged: container.filesChanged,
    firstNs,
    first: firstNs === null ? null : isoTime(firstNs),
    lastNs,
    last: lastNs === null ? null : isoTime(lastNs),
  };
}

export function compareContainers(a: Container, b: Container): number {
  return compareNs(a.firstNs, b.firstNs) || compareText(a.id, b.id);
}
