/** The engines of this host, as the command lines of their processes tell where they listen and keep their state. */

import { dirname, join, resolve } from 'node:path';
import type { EngineProcess } from '../proc/proc-reader.ts';
import { fieldsOf, listOf } from './limits.ts';

/** A dockerd. */
export interface DockerEngine {
  /** null: none was seen; these are the places of the one that a host mostly has. */
  readonly pid: number | null;
  /** --host; empty: the default. */
  readonly hosts: readonly string[];
  /** --data-root; null: as the configuration says. */
  readonly dataRoot: string | null;
  readonly configFile: string;
}

/** Hosts have few engines and many containers: of each kind the latest so many are remembered. */
const mostOfAKind = 64;
const mostBundles = 1_024;

const usual = {
  dockerConfig: '/etc/docker/daemon.json',
  containerdState: '/run/containerd',
  storage: '/var/lib/containers/storage',
  runcRoot: '/run/runc',
} as const;

export class KnownEngines {
  readonly #dockers = new Map<string, DockerEngine>();
  readonly #containerdStates = new Set<string>([usual.containerdState]);
  readonly #storages = new Set<string>([usual.storage]);
  readonly #runcRoots = new Set<string>([usual.runcRoot]);
  readonly #bundles = new Map<string, string>();

  learn({ pid, program, argv, makes }: EngineProcess): void {
    const words = argv.map(textOf);
    if (makes !== null) {
      this.#bundles.set(makes.containerId, textOf(makes.bundle));
      forgetOldest(this.#bundles, mostBundles);
    }
    if (program === 'dockerd') this.#learnDocker(pid, words);
    else if (program === 'containerd') this.#add(this.#containerdStates, optionOf(words, '--state'));
    else if (program.startsWith('containerd-shim')) this.#learnShim(words);
    else if (program === 'conmon') this.#learnConmon(words);
    else if (program === 'podman' || program === 'crio') this.#add(this.#storages, optionOf(words, '--root'));
    else this.#add(this.#runcRoots, optionOf(words, '--root'));
  }

  /** The latest first; one at the usual places where none was seen. */
  get dockers(): readonly DockerEngine[] {
    if (this.#dockers.size > 0) return [...this.#dockers.values()].reverse();
    return [{ pid: null, hosts: [], dataRoot: null, configFile: usual.dockerConfig }];
  }

  /** Folders of containerd's state. */
  get containerdStates(): readonly string[] {
    return [...this.#containerdStates];
  }

  /** Folders of containers/storage, which podman and CRI-O keep. */
  get storages(): readonly string[] {
    return [...this.#storages];
  }

  /** Folders in which runc has a folder for each container. */
  get runcRoots(): readonly string[] {
    return [...this.#runcRoots];
  }

  /** Where the bundle of a container lies that was made before our eyes. */
  bundleOf(containerId: string): string | null {
    return this.#bundles.get(containerId) ?? null;
  }

  #learnDocker(pid: number, words: readonly string[]): void {
    // dockerd runs itself under other names for small tasks.
    if ((words[0] ?? '').split('/').at(-1) !== 'dockerd') return;
    const engine = {
      pid,
      hosts: [...optionsOf(words, '--host'), ...optionsOf(words, '-H')],
      dataRoot: optionOf(words, '--data-root') ?? optionOf(words, '-g') ?? optionOf(words, '--graph'),
      configFile: optionOf(words, '--config-file') ?? usual.dockerConfig,
    };
    const name = JSON.stringify([engine.hosts, engine.dataRoot, engine.configFile]);
    this.#dockers.delete(name);
    this.#dockers.set(name, engine);
    forgetOldest(this.#dockers, mostOfAKind);
  }

  /** A containerd keeps its socket in the folder of its state. */
  #learnShim(words: readonly string[]): void {
    const address = optionOf(words, '-address') ?? optionOf(words, '--address');
    // dockerd's own keeps its containers, and is asked itself.
    const namespace = optionOf(words, '-namespace') ?? optionOf(words, '--namespace');
    if (address !== null && namespace !== 'moby') this.#add(this.#containerdStates, dirname(address));
  }

  /** Its bundle is STORAGE/DRIVER-containers/ID/userdata. */
  #learnConmon(words: readonly string[]): void {
    const bundle = optionOf(words, '-b') ?? optionOf(words, '--bundle');
    const storage = bundle === null ? null : /^(\/.+)\/[^/]+-containers\/[^/]+\/userdata\/?$/.exec(bundle)?.[1];
    this.#add(this.#storages, storage ?? null);
  }

  #add(folders: Set<string>, folder: string | null): void {
    if (folder === null || !folder.startsWith('/')) return;
    folders.add(resolve(folder));
    if (folders.size > mostOfAKind) forgetSecond(folders);
  }
}

/** The socket's path and the data folder of a dockerd. `daemonJson` is what its configuration says. */
export function placesOf(engine: DockerEngine, daemonJson: unknown): { sockets: string[]; dataRoot: string } {
  const config = fieldsOf(daemonJson);
  const listed = listOf(config.hosts).filter((host) => typeof host === 'string');
  const sockets = [...engine.hosts, ...listed].flatMap((host) =>
    host.startsWith('unix://') ? [resolve('/', host.slice('unix://'.length))] : [],
  );
  const configured = config['data-root'] ?? config.graph;
  return {
    // `fd://` is a socket of systemd's, at the usual place.
    sockets: sockets.length > 0 ? sockets : [join('/run', 'docker.sock')],
    dataRoot: engine.dataRoot ?? (typeof configured === 'string' ? configured : '/var/lib/docker'),
  };
}

/** The value of the first `NAME V` or `NAME=V`. */
function optionOf(words: readonly string[], name: string): string | null {
  return optionsOf(words, name)[0] ?? null;
}

function optionsOf(words: readonly string[], name: string): string[] {
  return words.flatMap((word, index) => {
    if (word.startsWith(`${name}=`)) return [word.slice(name.length + 1)];
    const next = word === name ? words[index + 1] : undefined;
    return next === undefined ? [] : [next];
  });
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function forgetOldest(known: Map<string, unknown>, most: number): void {
  const oldest = known.keys().next().value;
  if (known.size > most && oldest !== undefined) known.delete(oldest);
}

/** The first is the usual one, which stays. */
function forgetSecond(folders: Set<string>): void {
  const [, second] = folders;
  if (second !== undefined) folders.delete(second);
}
