/** What the evidence has of mounts and of changed roots. */

import type { CookedReader } from '@godo/evidence';
import { fields, list, text } from '../render/lenient.ts';
import { binaryOf } from './binary.ts';
import type { MountEntry } from './mount-table.ts';

export interface KnownMounts {
  readonly timeNs: bigint;
  /** Inode of the mount namespace; null: not known. */
  readonly namespace: number | null;
  readonly entries: readonly MountEntry[];
}

/** From this moment on, where the root of a process lay in its mount namespace. null: not known. */
export interface ChangedRoot {
  readonly moment: Moment;
  readonly root: string | null;
  readonly rootBefore: string | null;
}

/** Audit's stamps are in ms; within one the serials have the order. */
export interface Moment {
  readonly ns: bigint;
  readonly serial: number;
}

export interface HostEvidence {
  /** By boot and container id, which is empty for the host; in order of time. */
  readonly mounts: ReadonlyMap<string, readonly KnownMounts[]>;
  /** By the key of the process, in order of time. */
  readonly roots: ReadonlyMap<string, readonly ChangedRoot[]>;
  /** Containers in which a process has changed its root, as in `mounts`. */
  readonly changed: ReadonlySet<string>;
  /** Containers in containers: their engine does not see the host. */
  readonly nested: ReadonlySet<string>;
}

export async function readHostEvidence(reader: CookedReader): Promise<HostEvidence> {
  const mounts = new Map<string, KnownMounts[]>();
  const roots = new Map<string, ChangedRoot[]>();
  const changed = new Set<string>();
  const nested = new Set<string>();
  for await (const event of reader.find('events', {})) {
    const place = placeKey(event.bootId, event.containerId);
    if (event.kind === 'mounts') append(mounts, place, mountsOf(event.timeNs, event.data));
    if (event.kind !== 'chroot' || event.key === null) continue;
    changed.add(place);
    const [root, rootBefore] = [binaryOf(event.data, 'root'), binaryOf(event.data, 'rootBefore')];
    append(roots, event.key, { moment: momentOf(event._id, event.timeNs), root, rootBefore });
  }
  for await (const { bootId, containerId, outermostContainerId } of reader.find('containers', {})) {
    if (outermostContainerId !== null) nested.add(placeKey(bootId, containerId));
  }
  return { mounts, roots, changed, nested };
}

export function placeKey(bootId: unknown, containerId: unknown): string {
  return `${bootId} ${containerId ?? ''}`;
}

export function momentOf(id: unknown, ns: unknown): Moment {
  const serial = Number(/:audit:\d+\.(\d+)/.exec(text(id) ?? '')?.[1] ?? -1);
  return { ns: typeof ns === 'bigint' ? ns : 0n, serial };
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

function mountsOf(timeNs: bigint, data: unknown): KnownMounts {
  const { namespace, entries } = fields(data);
  return {
    timeNs,
    namespace: typeof namespace === 'number' ? namespace : null,
    entries: list(entries).flatMap((entry) => entryOf(entry) ?? []),
  };
}

function entryOf(entry: unknown): MountEntry | null {
  const { id, parent, dev, fsType } = fields(entry);
  const [mountPoint, root] = [binaryOf(entry, 'mountPoint'), binaryOf(entry, 'root')];
  if (typeof id !== 'number' || typeof parent !== 'number' || mountPoint === null || root === null) return null;
  return {
    id,
    parent,
    mountPoint,
    root,
    dev: text(dev),
    fsType: text(fsType) ?? '',
    upperDir: binaryOf(entry, 'upperDir'),
  };
}
