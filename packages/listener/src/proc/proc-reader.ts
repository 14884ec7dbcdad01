/**
 * Readings of /proc/PID. A result is null, or a field absent, where the process is gone or may not be looked at: both
 * are everyday events.
 */

import type { BinaryString, ProcFacts } from '../events.ts';
import { bundleOf } from './bundle.ts';
import { ContainerReadings } from './cgroup.ts';
import { environmentNames } from './environment.ts';
import { NamespaceReadings, pidsOf } from './namespaces.ts';
import { type OpenProcess, type ProcFiles, procPart, realProc, type StatFacts } from './proc-files.ts';
import { RootFileSystems } from './root-file-system.ts';
import { runningFile } from './running-file.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** PF_EXITING (include/linux/sched.h). */
const exitingFlag = 0x4;
/** Programs of which the command line matters as soon as they are met: what they make, or which of their parts they are. */
const engine = /(?:^|\/)(?:runc|crun|youki|dockerd)$/;

/** Whether a program makes containers, and is moved into them itself before it becomes their first program. */
export function isRuntime(exe: BinaryString): boolean {
  return engine.test(exe);
}

export class ProcReader {
  readonly #files: ProcFiles;
  readonly #containers = new ContainerReadings();
  readonly #roots: RootFileSystems;
  readonly #namespaces: NamespaceReadings;
  readonly #envNames: boolean;

  /** `envNames`: read the names of the environment of every program too. */
  constructor(files: ProcFiles = realProc, { envNames = false } = {}) {
    this.#files = files;
    this.#envNames = envNames;
    this.#roots = new RootFileSystems(files);
    this.#namespaces = new NamespaceReadings(files);
  }

  /** The caller closes it. */
  open(pid: number): ProcessReading | null {
    const process = this.#files.open(pid);
    if (process === null) return null;
    return new ProcessReading(process, this.#containers, this.#roots, this.#namespaces, this.#envNames);
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

/** What is read of one process, opened once. */
export class ProcessReading {
  readonly #process: OpenProcess;
  readonly #containers: ContainerReadings;
  readonly #roots: RootFileSystems;
  readonly #namespaces: NamespaceReadings;
  readonly #envNames: boolean;
  #stat: StatFacts | null = null;

  constructor(
    process: OpenProcess,
    containers: ContainerReadings,
    roots: RootFileSystems,
    namespaces: NamespaceReadings,
    envNames: boolean,
  ) {
    this.#process = process;
    this.#namespaces = namespaces;
    this.#envNames = envNames;
    this.#containers = containers;
    this.#roots = roots;
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
    const makes = program !== null && argv !== null ? bundleOf(program, argv) : null;
    if (makes !== null) {
      this.#roots.learn(makes);
      facts.makes = makes;
    }
    return facts;
  }

  #putEnvironment(facts: Mutable<ProcFacts>): void {
    const environment = this.#process.environment();
    if (environment !== null) Object.assign(facts, environmentNames(environment.text, environment.whole));
  }

  /** Its numbers and namespaces there. On the host nobody pays for what mostly is as everywhere. */
  #inContainer(facts: Mutable<ProcFacts>): ProcFacts {
    const namespaces = this.#namespaces.othersThanHosts(this.#process.namespaces());
    if (namespaces !== null) facts.namespaces = namespaces;
    this.#process.look(procPart.status);
    const pids = pidsOf(this.#process.text(procPart.status) ?? '');
    if (pids !== null) facts.pids = pids;
    return facts;
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
    if (isRuntime(file.exe)) return this.program(place);
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
    if (this.#stat === null) {
      this.#process.look(procPart.stat);
      this.#stat = this.#process.stat();
    }
    return this.#stat === null || (this.#stat.flags & exitingFlag) !== 0;
  }

  #root(container: string): Partial<ProcFacts> {
    const root = this.#roots.of(this.#process, container);
    if (root === undefined) return {};
    return root.dev === null ? { rootfs: root.path } : { rootfs: root.path, rootDev: root.dev };
  }
}

/** NUL after each argument; none at all for a kernel thread. A process may overwrite this with what it likes. */
function argvOf(cmdline: BinaryString | null): BinaryString[] | null {
  if (cmdline === null || cmdline === '') return null;
  return (cmdline.endsWith('\0') ? cmdline.slice(0, -1) : cmdline).split('\0');
}

function number<Name extends string>(name: Name, text: string | null | undefined): { [K in Name]?: number } {
  if (text == null || !/^\d+\s*$/.test(text)) return {};
  return { [name]: Number(text) } as { [K in Name]?: number };
}
