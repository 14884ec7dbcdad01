import { type ContainerDocument, isoTime, type ProcessKey } from '@godo/evidence';
import { none } from './columns.ts';
import type { LearntFacts } from './container-facts.ts';
import { containerNumberOf, ownRoot } from './inheritance.ts';
import { compareNs, compareText } from './order.ts';
import type { ProcessTable } from './process-table.ts';
import { starAbove } from './process-tree.ts';
import { type Root, type RootChange, rootOnly } from './root-changes.ts';
import { coarseNs } from './values.ts';

/** What is gathered of one container while its processes and files pass. */
export interface Container {
  readonly id: string;
  readonly containerId: string;
  readonly host: string;
  readonly machineId: string | null;
  readonly bootId: string;
  readonly engineKey: ProcessKey | null;
  readonly sessionIds: readonly string[];
  readonly rootKeys: ProcessKey[];
  /** The one root of all its processes. */
  readonly root: Root;
  readonly processes: number;
  filesChanged: number;
  readonly firstNs: bigint | null;
  /** null: one of its processes still runs. */
  readonly lastNs: bigint | null;
}

/** Containers of different boots are different, even with one id. */
export class Containers {
  readonly #byBoot = new Map<string, Map<string, Container>>();
  readonly #ids = new Set<string>();

  get size(): number {
    return this.#ids.size;
  }

  get(bootId: string, containerId: string): Container | undefined {
    return this.#byBoot.get(bootId)?.get(containerId);
  }

  /** So many more of the files of its processes were changed. */
  changedFiles(bootId: string, containerId: string, count: number): void {
    const container = this.get(bootId, containerId);
    if (container !== undefined) container.filesChanged += count;
  }

  /** @param id - `<bootId>:<container id>`. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(container: Container): void {
    const ofBoot = this.#byBoot.get(container.bootId) ?? new Map<string, Container>();
    ofBoot.set(container.containerId, container);
    this.#byBoot.set(container.bootId, ofBoot);
    this.#ids.add(container.id);
  }

  /** By first moment, then id. */
  sorted(): Container[] {
    const all = [...this.#byBoot.values()].flatMap((ofBoot) => [...ofBoot.values()]);
    return all.sort((a, b) => compareNs(a.firstNs, b.firstNs) || compareText(a.id, b.id));
  }
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
export function containerRoot(table: ProcessTable, members: readonly number[]): Root {
  let best: RootChange | undefined;
  for (const member of members) {
    for (const change of table.rootChanges.of(member)) {
      if (change.rootfs === null || change.rootfs === '/') continue;
      if (best === undefined || evidenceNs(change) < evidenceNs(best)) best = change;
    }
  }
  if (best !== undefined) return rootOnly(best);
  for (const member of members) {
    const parent = table.places.parentOf(member);
    // runc's child gets its root from a process that was never seen in the container itself.
    const given = ownRoot(table, member) ?? (parent === none ? undefined : ownRoot(table, parent));
    if (given !== undefined && given.rootfs !== null && given.rootfs !== '/') return given;
  }
  return { rootfs: null };
}

/**
 * The containers that have a process in the tree.
 *
 * @param order - The processes of the tree, each after its parent.
 */
export function gatherContainers(table: ProcessTable, order: Iterable<number>): Containers {
  /** By boot and number of the container id; the first of a list is the earliest in the tree. */
  const members = new Map<string, Map<number, number[]>>();
  const nowhere = table.containerIds.numberOf(null);
  for (const row of order) {
    const container = containerNumberOf(table, row);
    if (container === nowhere) continue;
    const { bootId } = table.originOf(row);
    let ofBoot = members.get(bootId);
    if (ofBoot === undefined) {
      ofBoot = new Map();
      members.set(bootId, ofBoot);
    }
    const list = ofBoot.get(container);
    if (list === undefined) ofBoot.set(container, [row]);
    else list.push(row);
  }
  const containers = new Containers();
  for (const ofBoot of members.values()) {
    for (const [number, list] of ofBoot) containers.add(gather(table, number, list));
  }
  return containers;
}

function gather(table: ProcessTable, number: number, members: readonly number[]): Container {
  const first = members[0] ?? none;
  const { host, machineId, bootId } = table.originOf(first);
  const containerId = table.containerIds.get(number) ?? '';
  const star = starAbove(table, first);
  const sessionIds: string[] = [];
  const rootKeys: ProcessKey[] = [];
  let firstNs: bigint | null = null;
  let lastNs = table.exitNs.at(first);
  for (const row of members) {
    for (const session of table.sessionIdsOf(row)) if (!sessionIds.includes(session)) sessionIds.push(session);
    const parent = table.places.depthOf(row) > 0 ? table.places.parentOf(row) : none;
    if (parent === none || containerNumberOf(table, parent) !== number) rootKeys.push(table.keyOf(row));
    const startNs = table.startNs.at(row);
    if (compareNs(startNs, firstNs) < 0) firstNs = startNs;
    if (lastNs === null) continue;
    const exitNs = table.exitNs.at(row);
    if (exitNs === null || exitNs > lastNs) lastNs = exitNs;
  }
  return {
    id: `${bootId}:${containerId}`,
    containerId,
    host,
    machineId,
    bootId,
    engineKey: star === none ? null : table.keyOf(star),
    sessionIds,
    rootKeys,
    root: containerRoot(table, members),
    processes: members.length,
    filesChanged: 0,
    firstNs,
    lastNs,
  };
}

const noRoot: Root = { rootfs: null };

/** The root of a process as it is shown: that of its container, or its own where it is in none. */
export function rootOf(table: ProcessTable, row: number, containers: Containers): Root {
  const containerId = table.containerIds.get(containerNumberOf(table, row));
  const container = containerId === null ? undefined : containers.get(table.originOf(row).bootId, containerId);
  return container?.root ?? ownRoot(table, row) ?? noRoot;
}

export function containerDocument(
  container: Container,
  rootDev: string | null,
  learnt: LearntFacts,
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
    rootDev,
    ...learnt,
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
