/** What is different in each container's file system, and in the host's, when all is done that the evidence tells of. */

import type { ContainerDocument, CookedReader } from '@godo/evidence';
import { type Filters, storeQuery } from '../options/filters.ts';
import { fields, list, ns, number, text } from '../render/lenient.ts';
import { pidOfKey } from '../render/process.ts';
import { type Entry, inOrder } from './evidence-order.ts';
import { Container, FileSystems, locateOnHost } from './file-systems.ts';
import { type Change, FileTree } from './file-tree.ts';
import { partsOf } from './path-parts.ts';
import { Doers, type Locate, mayBeWritten, replayOperation, replaySession } from './replay.ts';

/** The files of one container, or of the host but for its containers. */
export interface ChangedSystem {
  readonly bootId: string;
  readonly host: string;
  readonly machineId: string | null;
  readonly containerId: string | null;
  /** null: nothing tells of it. */
  readonly container: ContainerDocument | null;
  /** Changes of files whose names are not known, or hang on a directory that is not. */
  readonly unplaced: number;
  /** File sessions of which it is not known whether they changed the file: it was mapped into memory. */
  readonly uncertain: number;
  changes(): Iterable<Change>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Gathered extends Mutable<Omit<ChangedSystem, 'changes'>> {
  readonly tree: FileTree;
}

/**
 * Memory grows with the paths that are changed in the end, not with the evidence, which is read once.
 *
 * @param filters `container` says whose files, `untilNs` when to stop; of the others at least one thing that was done to
 *   a path has to meet all, but for `path`, which is the caller's to apply.
 */
export async function finalChanges(reader: CookedReader, filters: Filters): Promise<ChangedSystem[]> {
  const containers: ContainerDocument[] = [];
  for await (const container of reader.find('containers', {})) containers.push(container);
  const systems = new FileSystems(containers);
  const gathered = new Map<string, Gathered>();
  const doers = new Doers();
  const isWanted = wantedBy(filters);
  const { untilNs } = storeQuery(filters);
  const roots = new Roots(reader);
  for await (const entry of inOrder(reader, untilNs === undefined ? {} : { untilNs })) {
    const { document } = entry;
    let owner = systems.containerOf(document);
    let inside = text(document.containerId) !== null;
    // An engine's helper enters the container's root, as for `docker cp`, but is none of its processes.
    if (owner === null && text(document.dev)?.startsWith('00:')) {
      owner = systems.rootedAt(document.bootId, await roots.of(document.key));
      inside = owner !== null;
    }
    const container = owner instanceof Container ? owner : null;
    const containerId = container?.document.containerId ?? text(document.containerId);
    if (filters.container !== undefined && containerId?.startsWith(filters.container) !== true) continue;
    const id = `${document.bootId}:${containerId ?? ''}`;
    let system = gathered.get(id);
    if (system === undefined) {
      system = {
        bootId: text(document.bootId) ?? '?',
        host: text(document.host) ?? '?',
        machineId: text(document.machineId),
        containerId,
        container: container?.document ?? null,
        unplaced: 0,
        uncertain: 0,
        tree: new FileTree(),
      };
      gathered.set(id, system);
    }
    replay(system, entry, { container, inside }, doers, isWanted(entry));
  }
  const place = new Map(containers.map(({ bootId, containerId }, index) => [`${bootId}:${containerId}`, index]));
  return [...gathered]
    .sort(([a], [b]) => (place.get(a) ?? -1) - (place.get(b) ?? -1))
    .map(([, { tree, ...system }]) => ({ ...system, changes: () => tree.changes() }));
}

/** Whose files an entry is about, and whether who did it names them as the container's processes do. */
interface Owner {
  readonly container: Container | null;
  readonly inside: boolean;
}

function replay(system: Gathered, entry: Entry, { container, inside }: Owner, doers: Doers, wanted: boolean): void {
  const dev = text(entry.document.dev);
  // Who is not of the container may see its file system by another mount, on a device of its own.
  const isForeign = text(entry.document.containerId) === null;
  const known = isForeign && dev !== container?.rootDev ? null : dev;
  let elsewhere = false;
  const locate: Locate = (path, hex, resolved) => {
    const parts = resolved === true ? partsOf(path, hex) : null;
    if (parts === null) {
      elsewhere ||= container?.hasOwnDevice === true && known !== null && known !== container.rootDev;
      return null;
    }
    const own = container === null ? locateOnHost(parts) : container.locate(parts, known, inside);
    elsewhere ||= own === null;
    return own;
  };
  const placed =
    entry.collection === 'files'
      ? replaySession(system.tree, entry.document, locate, doers, wanted)
      : replayOperation(system.tree, entry.document, locate, doers, wanted, container !== null);
  if (!placed && !elsewhere) system.unplaced += 1;
  if (entry.collection === 'files' && mayBeWritten(entry.document)) system.uncertain += 1;
}

/** Roots of processes on the host. */
class Roots {
  readonly #reader: CookedReader;
  readonly #known = new Map<string, string | null>();

  constructor(reader: CookedReader) {
    this.#reader = reader;
  }

  async of(key: string): Promise<string | null> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [process] = await this.#reader.processes([key]);
    const root = text(process?.rootfs);
    this.#known.set(key, root);
    return root;
  }
}

/** Whether what was done is among what is looked for. */
function wantedBy({ pid, exe, sinceNs, session }: Filters): (entry: Entry) => boolean {
  if (pid === undefined && exe === undefined && sinceNs === undefined && session === undefined) return () => true;
  return ({ collection, document }) => {
    const writers = collection === 'files' ? list(document.writers).map(fields) : [];
    const lastNs =
      collection === 'files' ? (ns(document.writes?.lastNs) ?? ns(document.openedNs)) : ns(document.timeNs);
    return (
      (pid === undefined || number(document.tgid) === pid || writers.some(({ key }) => pidOfKey(key) === pid)) &&
      (exe === undefined || exe.matches(text(document.exe) ?? '')) &&
      (sinceNs === undefined || lastNs === null || lastNs >= sinceNs) &&
      (session === undefined || document.sessionId === session)
    );
  };
}
