/**
 * Readings of /proc/PID. A result is null, or a field absent, where the process is gone or may not be looked at: both
 * are everyday events.
 */

import { namespaceKinds, withoutOwnSecrets } from '@godo/evidence';
import type { BinaryString, ContainerRoot, MountTable, ProcFacts } from '../events.ts';
import { type Bundle, bundleOf } from './bundle.ts';
import { type ContainerPath, ContainerReadings } from './cgroup.ts';
import { environmentNames } from './environment.ts';
import { mountTable, ToldMounts } from './mount-tables.ts';
import { NamespaceReadings, pidsOf } from './namespaces.ts';
import { cgroupsOf, readRuncStates } from './plain-runc.ts';
import { isExiting, type OpenProcess, type ProcFiles, procPart, realProc, type StatFacts } from './proc-files.ts';
import { RootFileSystems } from './root-file-system.ts';
import { runningFile } from './running-file.ts';
import { isNameless, programName, runtimes } from './runtime-command.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Programs of which the command line matters as soon as they are met: what they make, which of their parts they are, or
 * where they keep what they know.
 */
const engine = /^(?:runc|crun|youki|dockerd|containerd|containerd-shim.*|crio|podman|conmon)$/;
const hexId = /^[0-9a-f]{64}$/;

/** A process of a container engine on the host, as it was started. */
export interface EngineProcess {
  readonly pid: number;
  /** Name of its program. */
  readonly program: string;
  readonly argv: readonly BinaryString[];
  /** A runtime: the container that it makes, and where its bundle lies. */
  readonly makes: { readonly containerId: string; readonly bundle: BinaryString; readonly root: ContainerRoot } | null;
}

/** Who is told what is met on the way. */
export interface ProcWatch {
  /** A container that a task was seen in for the first time, or that a runtime makes. */
  container(path: ContainerPath): void;
  engine(process: EngineProcess): void;
  /** The mounts of a container whose first program runs, or of another mount namespace in it. */
  mounts?(table: MountTable): void;
}

const nobody: ProcWatch = { container: () => undefined, engine: () => undefined };

/** Whether a program makes containers, and is moved into them itself before it becomes their first program. */
export function isRuntime({ exe, argv }: ProcFacts): boolean {
  return exe !== undefined && runtimes.has(programName(exe, argv ?? null));
}

export class ProcReader {
  readonly #files: ProcFiles;
  readonly #watch: ProcWatch;
  readonly #containers: ContainerReadings;
  readonly #roots: RootFileSystems;
  readonly #namespaces: NamespaceReadings;
  readonly #toldMounts = new ToldMounts();
  readonly #envNames: boolean;

  /** `envNames`: read the names of the environment of every program too. */
  constructor(files: ProcFiles = realProc, watch: ProcWatch = nobody, { envNames = false } = {}) {
    this.#files = files;
    this.#watch = watch;
    this.#envNames = envNames;
    this.#containers = new ContainerReadings((path) => watch.container(path));
    this.#roots = new RootFileSystems(files);
    this.#namespaces = new NamespaceReadings(files);
  }

  /** Learns the cgroups of containers that run, where their names alone do not tell. */
  learnContainers(): void {
    for (const { id, cgroups, runtime } of readRuncStates()) this.#containers.name(cgroups, id, runtime);
  }

  /** The caller closes it. */
  open(pid: number): ProcessReading | null {
    const process = this.#files.open(pid);
    return process === null ? null : this.over(pid, process);
  }

  /** The same with a process that somebody else has opened. */
  over(pid: number, process: OpenProcess): ProcessReading {
    return new ProcessReading(pid, process, {
      containers: this.#containers,
      roots: this.#roots,
      namespaces: this.#namespaces,
      toldMounts: this.#toldMounts,
      watch: this.#watch,
      envNames: this.#envNames,
    });
  }

  /** Whether these contents of /proc/PID/cgroup say the place of a process, and nothing else need be looked at for it. */
  isPlace(cgroup: BinaryString): boolean {
    const { innermost, likeExiting } = this.#containers.of(cgroup);
    return innermost === null ? !likeExiting : this.#roots.knows(innermost);
  }

  stat(pid: number): StatFacts | null {
    const process = this.#files.open(pid);
    if (process === null) return null;
    try {
      process.look(procPart.stat);
      return process.stat();
    } finally {
      process.close();
    }
  }

  /** Its inode; null: not to be had. */
  get hostMountNamespace(): number | null {
    return this.#namespaces.hosts?.[namespaceKinds.indexOf('mnt')] ?? null;
  }

  /** The mounts of the host. */
  hostMounts(): MountTable | null {
    const host = this.#files.open('host');
    if (host === null) return null;
    try {
      host.look(procPart.mountinfo);
      const namespace = host.namespaces()?.[namespaceKinds.indexOf('mnt')] ?? null;
      return mountTable(null, namespace, host.text(procPart.mountinfo) ?? '');
    } finally {
      host.close();
    }
  }

  /** Everything that an observation of a process holds, and its parent. */
  observe(pid: number): { readonly ppid: number; readonly facts: ProcFacts } | null {
    const reading = this.open(pid);
    if (reading === null) return null;
    try {
      const place = reading.place(null);
      if (place === null || reading.ppid === null) return null;
      return { ppid: reading.ppid, facts: { ...reading.program(place), ...reading.credentials() } };
    } finally {
      reading.close();
    }
  }
}

/** What all readings have in common. */
interface ReadingParts {
  readonly containers: ContainerReadings;
  readonly roots: RootFileSystems;
  readonly namespaces: NamespaceReadings;
  readonly toldMounts: ToldMounts;
  readonly watch: ProcWatch;
  readonly envNames: boolean;
}

/** What is read of one process, opened once. */
export class ProcessReading {
  readonly #pid: number;
  readonly #process: OpenProcess;
  readonly #containers: ContainerReadings;
  readonly #roots: RootFileSystems;
  readonly #watch: ProcWatch;
  readonly #namespaces: NamespaceReadings;
  readonly #toldMounts: ToldMounts;
  readonly #envNames: boolean;
  #stat: StatFacts | null = null;

  constructor(
    pid: number,
    process: OpenProcess,
    { containers, roots, namespaces, toldMounts, watch, envNames }: ReadingParts,
  ) {
    this.#pid = pid;
    this.#process = process;
    this.#namespaces = namespaces;
    this.#toldMounts = toldMounts;
    this.#envNames = envNames;
    this.#containers = containers;
    this.#roots = roots;
    this.#watch = watch;
  }

  /** Known when the start was read. */
  get ppid(): number | null {
    return this.#stat?.ppid ?? null;
  }

  /**
   * What cannot wait: the start and the container, which a process that ends at once takes with it. `startTicks` where
   * it is known already.
   */
  place(startTicks: number | null): ProcFacts | null {
    this.#process.look(startTicks === null ? procPart.stat | procPart.cgroup : procPart.cgroup);
    if (startTicks === null) this.#stat = this.#process.stat();
    const start = startTicks ?? this.#stat?.startTicks;
    if (start === undefined) return null;
    const container = this.#container();
    if (container === undefined) return startTicks === null ? { startTicks: start } : null;
    // A container may be gone before its next exec: its root is looked for as long as it is not known.
    return container === null
      ? { startTicks: start, containerId: null }
      : { startTicks: start, containerId: container, ...this.#root(container) };
  }

  /** What an exec changed, added to the place that was read for the same exec. */
  program(place: ProcFacts): ProcFacts {
    const facts: Mutable<ProcFacts> = { ...place };
    const onHost = place.containerId === null;
    const { cmdline, exe, cwd, root } = procPart;
    this.#process.look(cmdline | exe | cwd | (onHost ? root : 0) | (this.#stat === null ? procPart.stat : 0));
    this.#stat ??= this.#process.stat();
    if (this.#stat !== null) facts.comm = this.#stat.comm;
    const argv = argvOf(this.#process.text(cmdline));
    if (argv !== null) facts.argv = argv;
    const program = this.#process.text(exe);
    if (program !== null) Object.assign(facts, runningFile(this.#process, program));
    const directory = this.#process.text(cwd);
    if (directory !== null) facts.cwd = directory;
    if (this.#envNames) this.#putEnvironment(facts);
    if (place.containerId != null) return this.#inContainer(facts);
    if (!onHost) return facts;
    if (this.#roots.isOfHost(this.#process)) facts.rootfs = '/';
    const name = program === null ? '' : programName(program, argv);
    if (program !== null && argv !== null && engine.test(name)) {
      const bundle = bundleOf(program, argv, directory);
      const { root, directory: path } = bundle ?? {};
      const makes = root && path !== undefined ? { containerId: root.containerId, bundle: path, root } : null;
      this.#watch.engine({ pid: this.#pid, program: name, argv, makes });
      if (bundle !== null) {
        this.#roots.learn(bundle.root);
        facts.makes = bundle.root;
        this.#nameCgroups(bundle);
      }
    }
    return facts;
  }

  /** Other names than those of 64 digits are known for a container's only by who makes it. */
  #nameCgroups({ root: { containerId }, directory, cgroupsPath }: Bundle): void {
    this.#process.look(procPart.cgroup);
    const cgroups = cgroupsOf(containerId, cgroupsPath, this.#process.text(procPart.cgroup) ?? '');
    const runtime = directory.includes('/io.containerd.runtime.') ? 'containerd' : 'runc';
    if (!hexId.test(containerId)) this.#containers.name(cgroups, containerId, runtime);
    this.#containers.announce(containerId, cgroups);
  }

  #putEnvironment(facts: Mutable<ProcFacts>): void {
    const environment = this.#process.environment();
    if (environment !== null) Object.assign(facts, environmentNames(environment.text, environment.whole));
  }

  /** Its numbers and namespaces there. On the host nobody pays for what mostly is as everywhere. */
  #inContainer(facts: Mutable<ProcFacts>): ProcFacts {
    const namespaces = this.#namespaces.othersThanHosts(this.#process.namespaces());
    if (namespaces !== null) facts.namespaces = namespaces;
    // A runtime on its way into the container has mounts that will not be those of the container.
    const isInside = facts.exe !== undefined && !engine.test(programName(facts.exe, facts.argv ?? null));
    if (isInside && namespaces?.mnt !== undefined) this.#tellMounts(facts.containerId ?? '', namespaces.mnt);
    this.#process.look(procPart.status);
    const pids = pidsOf(this.#process.text(procPart.status) ?? '');
    if (pids !== null) facts.pids = pids;
    return facts;
  }

  #tellMounts(containerId: string, namespace: number): void {
    if (this.#watch.mounts === undefined || !this.#toldMounts.isNew(containerId, namespace)) return;
    this.#process.look(procPart.mountinfo);
    const mountinfo = this.#process.text(procPart.mountinfo);
    if (mountinfo !== null && mountinfo !== '') this.#watch.mounts(mountTable(containerId, namespace, mountinfo));
  }

  /**
   * The executable alone, where audit tells the rest; everything of a program whose command line is needed here.
   * `isFirst`: what it is in its container cannot be known by its parent.
   */
  executable(place: ProcFacts, isFirst: boolean): ProcFacts {
    this.#process.look(procPart.exe);
    const exe = this.#process.text(procPart.exe);
    if (exe === null) return place;
    const file = runningFile(this.#process, exe);
    if (isNameless(exe) || engine.test(programName(exe, null))) return this.program(place);
    if (this.#envNames) this.#putEnvironment(place);
    Object.assign(place, file);
    return isFirst && place.containerId != null ? this.#inContainer(place) : place;
  }

  credentials(): Partial<ProcFacts> {
    this.#process.look(procPart.status | procPart.loginuid | procPart.sessionid);
    const status = this.#process.text(procPart.status) ?? '';
    const uids = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status);
    const gids = /^Gid:\s+(\d+)/m.exec(status);
    const pids = pidsOf(status);
    return {
      ...(pids !== null && { pids }),
      ...number('uid', uids?.[1]),
      ...number('euid', uids?.[2]),
      ...number('gid', gids?.[1]),
      ...number('auid', this.#process.text(procPart.loginuid)),
      ...number('ses', this.#process.text(procPart.sessionid)),
    };
  }

  close(): void {
    this.#process.close();
  }

  /** undefined: not to be read. */
  #container(): string | null | undefined {
    const cgroup = this.#process.text(procPart.cgroup);
    if (cgroup === null || cgroup === '') return undefined;
    const { innermost, likeExiting } = this.#containers.of(cgroup);
    return innermost === null && likeExiting && this.#isExiting() ? undefined : innermost;
  }

  #isExiting(): boolean {
    // Not what was read before the cgroup: it may be exiting since.
    this.#process.look(procPart.stat);
    const stat = this.#process.stat();
    this.#stat ??= stat;
    return stat === null || isExiting(stat);
  }

  #root(container: string): Partial<ProcFacts> {
    const root = this.#roots.of(this.#process, container);
    if (root === undefined) return {};
    return root.dev === null ? { rootfs: root.path } : { rootfs: root.path, rootDev: root.dev };
  }
}

/** NUL after each argument; none at all for a kernel thread. A process may overwrite this with what it likes. */
function argvOf(cmdline: BinaryString | null): readonly BinaryString[] | null {
  if (cmdline === null || cmdline === '') return null;
  return withoutOwnSecrets((cmdline.endsWith('\0') ? cmdline.slice(0, -1) : cmdline).split('\0'));
}

function number<Name extends string>(name: Name, text: string | null | undefined): { [K in Name]?: number } {
  if (text == null || !/^\d+\s*$/.test(text)) return {};
  return { [name]: Number(text) } as { [K in Name]?: number };
}
