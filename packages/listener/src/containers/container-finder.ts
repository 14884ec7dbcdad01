/** Asks the engines of this host what they know of a container: first who answers at a socket, then what lies on disk. */

import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ContainerFacts, ContainerRuntime } from '@godo/evidence';
import type { ContainerPath } from '../proc/cgroup.ts';
import { isContainerId } from '../proc/runtime-command.ts';
import {
  bundleFacts,
  containerdFacts,
  dockerFacts,
  runcFacts,
  specificationMounts,
  storageFacts,
  storageImage,
} from './engine-facts.ts';
import { EngineFiles } from './engine-files.ts';
import { ask } from './engine-socket.ts';
import { type DockerEngine, type KnownEngines, placesOf } from './known-engines.ts';

/** What was found, whose word it is, and where it was read. */
export interface Found {
  readonly facts: ContainerFacts;
  readonly engine: ContainerRuntime;
  readonly source: string;
}

/** Found, or why not: each a part of a sentence. */
export type Search = Found | { readonly reasons: readonly string[] };

/** A container's own file, and one that lists all of them. */
const mostBytes = { one: 4 * 1024 * 1024, all: 32 * 1024 * 1024 } as const;
const mostFolders = 64;
/** So long a socket that did not answer in time is not asked again. */
const silenceMs = 30_000;

/** Where the cgroup does not tell. podman and CRI-O keep the same kind of storage. */
const anyOrder = ['docker', 'containerd', 'podman', 'runc'] as const;

export class ContainerFinder {
  readonly #engines: KnownEngines;
  readonly #files: EngineFiles;
  readonly #now: () => number;
  /** Sockets that did not answer: when they may be asked again. */
  readonly #silentUntil = new Map<string, number>();

  constructor(engines: KnownEngines, files = new EngineFiles(), now: () => number = () => performance.now()) {
    this.#engines = engines;
    this.#files = files;
    this.#now = now;
  }

  async find({ innermost: id, runtime }: ContainerPath): Promise<Search> {
    const reasons: string[] = [];
    // Part of a path from here on.
    if (!isContainerId(id)) return { reasons: ['its id is no name of a file'] };
    for (const engine of runtime === null ? anyOrder : [runtime]) {
      const found = await this.#ask(engine, id, reasons);
      if (found !== null) return found;
    }
    return { reasons };
  }

  #ask(engine: ContainerRuntime, id: string, reasons: string[]): Promise<Found | null> {
    switch (engine) {
      case 'docker':
        return this.#docker(id, reasons);
      case 'containerd':
        return this.#containerd(id, reasons);
      case 'podman':
      case 'cri-o':
        return this.#storage(engine, id, reasons);
      case 'runc':
        return this.#runc(id, reasons);
    }
  }

  async #docker(id: string, reasons: string[]): Promise<Found | null> {
    for (const engine of this.#engines.dockers) {
      const { configFile } = engine;
      const config = await this.#files.json(dirname(configFile), configFile.slice(dirname(configFile).length), 1 << 20);
      const { sockets, dataRoot } = placesOf(engine, config);
      const found =
        (await this.#dockerAnswer(engine, sockets, id, reasons)) ?? (await this.#dockerState(dataRoot, id, reasons));
      if (found !== null) return found;
    }
    return null;
  }

  async #dockerAnswer(
    { pid }: DockerEngine,
    sockets: readonly string[],
    id: string,
    reasons: string[],
  ): Promise<Found | null> {
    const owner = pid === null ? 0 : await ownerOf(pid);
    if (owner === null) return null;
    for (const socket of sockets) {
      if (this.#now() < (this.#silentUntil.get(socket) ?? 0)) continue;
      const answer = await ask(socket, owner, `/containers/${encodeURIComponent(id)}/json`);
      if (answer.kind === 'unknown') return null;
      if (answer.kind === 'failed') {
        reasons.push(`dockerd at ${socket}: ${answer.why}`);
        this.#silentUntil.set(socket, this.#now() + silenceMs);
        continue;
      }
      const facts = dockerFacts(answer.value, id);
      if (facts !== null) return { facts, engine: 'docker', source: `unix:${socket}` };
    }
    return null;
  }

  async #dockerState(dataRoot: string, id: string, reasons: string[]): Promise<Found | null> {
    const path = join('containers', id, 'config.v2.json');
    const state = await this.#files.json(dataRoot, path, mostBytes.one);
    const facts = state === null ? null : dockerFacts(state, id);
    if (facts === null) reasons.push(`nothing of it in ${dataRoot}`);
    return facts === null ? null : { facts, engine: 'docker', source: join(dataRoot, path) };
  }

  async #containerd(id: string, reasons: string[]): Promise<Found | null> {
    for (const state of this.#engines.containerdStates) {
      const tasks = join(state, 'io.containerd.runtime.v2.task');
      for (const namespace of await this.#files.names(tasks, mostFolders)) {
        const path = join(namespace, id, 'config.json');
        const config = await this.#files.json(tasks, path, mostBytes.one);
        if (config !== null) return { facts: containerdFacts(config), engine: 'containerd', source: join(tasks, path) };
      }
      reasons.push(`nothing of it in ${tasks}`);
    }
    return null;
  }

  async #storage(engine: 'podman' | 'cri-o', id: string, reasons: string[]): Promise<Found | null> {
    for (const storage of this.#engines.storages) {
      const folders = await this.#files.names(storage, mostFolders);
      for (const folder of folders.filter((name) => name.endsWith('-containers'))) {
        for (const list of ['containers.json', 'volatile-containers.json']) {
          const path = join(folder, list);
          const facts = storageFacts(await this.#files.json(storage, path, mostBytes.all), id);
          if (facts === null) continue;
          const source = join(storage, path);
          return { facts: await this.#storedFacts(storage, folder, id, facts), engine, source };
        }
      }
      reasons.push(`nothing of it in ${storage}`);
    }
    return null;
  }

  async #storedFacts(storage: string, folder: string, id: string, facts: ContainerFacts): Promise<ContainerFacts> {
    const config = await this.#files.json(storage, join(folder, id, 'userdata', 'config.json'), mostBytes.one);
    const mounts = specificationMounts(config);
    if (facts.image !== null || facts.imageId === null) return { ...facts, mounts };
    const images = join(folder.replace(/-containers$/, '-images'), 'images.json');
    const image = storageImage(await this.#files.json(storage, images, mostBytes.all), facts.imageId);
    return { ...facts, image, mounts };
  }

  async #runc(id: string, reasons: string[]): Promise<Found | null> {
    for (const root of this.#engines.runcRoots) {
      const path = join(id, 'state.json');
      const facts = runcFacts(await this.#files.json(root, path, mostBytes.one), id);
      if (facts !== null) return { facts, engine: 'runc', source: join(root, path) };
      reasons.push(`nothing of it in ${root}`);
    }
    // A short one is gone before its state was read.
    const bundle = this.#engines.bundleOf(id);
    const config = bundle === null ? null : await this.#files.json(bundle, 'config.json', mostBytes.one);
    if (bundle === null || config === null) return null;
    return { facts: bundleFacts(config, id), engine: 'runc', source: join(bundle, 'config.json') };
  }
}

/** The uid that a process runs as; null: it is gone. */
async function ownerOf(pid: number): Promise<number | null> {
  try {
    return (await stat(`/proc/${pid}`)).uid;
  } catch {
    return null;
  }
}
