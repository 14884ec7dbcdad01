/**
 * Where on the host the files lie that processes name: by the mounts of their mount namespace as they were when it was first
 * met, and by the roots that they have changed to. What is not known for certain is null.
 */

import { type CookedReader, type ProcessDocument, textFields } from '@godo/evidence';
import { fields, text } from '../render/lenient.ts';
import { processesByKey } from '../select.ts';
import { binaryOf } from './binary.ts';
import {
  type HostEvidence,
  type KnownMounts,
  type Moment,
  momentOf,
  placeKey,
  readHostEvidence,
} from './host-evidence.ts';
import { hostPlace } from './mount-table.ts';

/** Processes remembered. */
const mostProcesses = 20_000;
/** Forks between a process and the one that has changed the root. */
const mostAncestors = 64;

export class HostPaths {
  readonly #reader: CookedReader;
  readonly #evidence: HostEvidence;
  #processes = new Map<string, ProcessDocument | null>();

  private constructor(reader: CookedReader, evidence: HostEvidence) {
    this.#reader = reader;
    this.#evidence = evidence;
  }

  /** Reads all events and containers. */
  static async read(reader: CookedReader): Promise<HostPaths> {
    return new HostPaths(reader, await readHostEvidence(reader));
  }

  /** The same documents of file sessions or operations, with `hostPath`, and `toHostPath` where they have a second name. */
  async addTo<T extends object>(documents: readonly T[]): Promise<T[]> {
    await this.#load(documents.map((document) => text(fields(document).key)));
    const completed: T[] = [];
    for (const document of documents) completed.push({ ...document, ...(await this.#fieldsOf(document)) });
    return completed;
  }

  async #fieldsOf(document: object) {
    const { toPath, pathResolved, toPathResolved } = fields(document);
    return {
      ...placeFields('hostPath', pathResolved === true ? await this.#placeOf(document, 'path') : null),
      ...(toPath !== undefined &&
        placeFields('toHostPath', toPathResolved === true ? await this.#placeOf(document, 'toPath') : null)),
    };
  }

  async #placeOf(document: object, name: 'path' | 'toPath'): Promise<string | null> {
    const { _id, bootId, containerId, dev, key, openedBefore, openedNs, timeNs } = fields(document);
    const path = binaryOf(document, name);
    const process = await this.#process(text(key));
    const device = text(dev);
    const place = placeKey(bootId, containerId);
    if (path === null || process === null || device === null || this.#evidence.nested.has(place)) return null;
    const moment = momentOf(_id, openedNs ?? timeNs);
    const mounts = this.#mountsOf(place, process, moment);
    const host = this.#latest(placeKey(bootId, null), moment);
    // What /proc has shown of it counts from the root of the namespace.
    const root = openedBefore === true ? '/' : await this.#rootOf(process, moment);
    if (mounts === undefined || host === undefined || root === null) return null;
    const whole = root === '/' ? path : `${root}${path === '/' ? '' : path}`;
    return hostPlace(whole, device, mounts.entries, host.entries);
  }

  /** The mounts that a process sees. */
  #mountsOf(place: string, process: ProcessDocument, moment: Moment): KnownMounts | undefined {
    const { namespaces, containerId, rootfs } = process;
    if (namespaces === null) return undefined;
    const own = namespaces?.mnt;
    if (containerId === null) {
      // Only of processes in the host's mount namespace it is known that they are.
      return own === undefined && rootfs !== null ? this.#latest(place, moment) : undefined;
    }
    const all = this.#evidence.mounts.get(place) ?? [];
    return own === undefined ? undefined : all.findLast(({ namespace }) => namespace === own);
  }

  #latest(place: string, { ns }: Moment): KnownMounts | undefined {
    const all = this.#evidence.mounts.get(place) ?? [];
    return all.findLast(({ timeNs }) => timeNs <= ns) ?? all[0];
  }

  /** The root of a process in its mount namespace at a moment; null: not known. */
  async #rootOf(process: ProcessDocument, moment: Moment): Promise<string | null> {
    const { bootId, containerId } = process;
    const changed = this.#changedRoot(process, moment);
    if (changed !== undefined) return changed;
    // On the host it is the root itself that is told; nobody has changed it while the process ran.
    if (containerId === null) return binaryOf(process, 'rootfs');
    if (!this.#evidence.changed.has(placeKey(bootId, containerId))) return '/';
    let child = process;
    for (let steps = 0; steps < mostAncestors; steps += 1) {
      const parent = await this.#process(child.parentKey);
      if (parent === null) return null;
      if (parent.containerId !== containerId) return '/';
      const inherited = this.#changedRoot(parent, { ns: child.startNs ?? 0n, serial: Number.POSITIVE_INFINITY });
      if (inherited !== undefined) return inherited;
      child = parent;
    }
    return null;
  }

  /** By what the process itself has changed; undefined: it has not. */
  #changedRoot({ key }: ProcessDocument, moment: Moment): string | null | undefined {
    const changes = this.#evidence.roots.get(key);
    const last = changes?.findLast((change) => isBefore(change.moment, moment));
    return last === undefined ? changes?.[0]?.rootBefore : last.root;
  }

  async #process(key: string | null): Promise<ProcessDocument | null> {
    if (key === null) return null;
    if (!this.#processes.has(key)) await this.#load([key]);
    return this.#processes.get(key) ?? null;
  }

  async #load(keys: readonly (string | null)[]): Promise<void> {
    const missing = keys.filter((key): key is string => key !== null && !this.#processes.has(key));
    if (missing.length === 0) return;
    if (this.#processes.size > mostProcesses) this.#processes = new Map();
    const found = await processesByKey(this.#reader, keys);
    for (const key of keys) if (key !== null) this.#processes.set(key, found.get(key) ?? null);
  }
}

function isBefore(one: Moment, other: Moment): boolean {
  return one.ns === other.ns ? one.serial < other.serial : one.ns < other.ns;
}

function placeFields(name: 'hostPath' | 'toHostPath', path: string | null) {
  return path === null ? { [name]: null } : textFields(name, path);
}
