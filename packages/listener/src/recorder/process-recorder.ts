/** Follows processes through snapshot, fork, exec, change of root and exit, and emits observations of tasks. */

import type { RunOrigin, TaskObservation } from '@godo/evidence';
import type {
  AuditEvent,
  BecameEvent,
  ChrootEvent,
  CloneEvent,
  ExecEvent,
  ExitEvent,
  ForkEvent,
  PivotRootEvent,
  RescanEvent,
  SetnsEvent,
  SnapshotEvent,
  StarEvent,
  UnshareEvent,
} from '../events.ts';
import { nanosecondsPerMs, putPlace, putUsage, putWarnings } from './documents.ts';
import { ExitWatch } from './exit-watch.ts';
import type { FileRecorder } from './file-recorder.ts';
import { ForkInference } from './fork-inference.ts';
import { copyDescriptors } from './fork-inheritance.ts';
import { Observations } from './observations.ts';
import { ProcessBirths } from './process-births.ts';
import { ProcessExecs } from './process-execs.ts';
import { ProcessNumbers } from './process-numbers.ts';
import { ProcessPlaces } from './process-places.ts';
import type { ProcessState } from './process-table.ts';
import { addUsage } from './process-usage.ts';
import { Processes } from './processes.ts';
import { ProcessesInProc, type SeenAgain } from './processes-in-proc.ts';
import { StarProcesses } from './star-processes.ts';
import { UntoldStarts } from './untold-starts.ts';

export interface ProcessRecorderOptions {
  /** Executables whose processes are roots of the tree. */
  readonly stars: readonly string[];
  /** No connector: conclude forks from ppid and clone records. */
  readonly inferForks: boolean;
}

export class ProcessRecorder {
  readonly #processes: Processes;
  readonly #places: ProcessPlaces;
  readonly #numbers: ProcessNumbers;
  readonly #births: ProcessBirths;
  readonly #stars: StarProcesses;
  readonly #execs: ProcessExecs;
  readonly #inProc: ProcessesInProc;
  readonly #untold: UntoldStarts;
  readonly #inference: ForkInference | null;
  readonly #exits = new ExitWatch();

  constructor(
    origin: RunOrigin,
    options: ProcessRecorderOptions,
    files: FileRecorder,
    emit: (document: TaskObservation) => void,
  ) {
    const processes = new Processes(files, new Observations(origin, emit));
    this.#processes = processes;
    this.#places = new ProcessPlaces(processes);
    this.#numbers = new ProcessNumbers(processes);
    this.#births = new ProcessBirths(processes, this.#places, this.#numbers);
    this.#stars = new StarProcesses(options.stars, processes);
    this.#inProc = new ProcessesInProc(processes, this.#places, this.#stars);
    this.#inference = options.inferForks ? new ForkInference(processes.table) : null;
    this.#execs = new ProcessExecs(processes, this.#places, this.#stars, options.inferForks);
    this.#untold = new UntoldStarts(processes, this.#stars, this.#inference);
  }

  get size(): number {
    return this.#processes.table.size;
  }

  /** Those that live. */
  readonly all = (): Iterable<ProcessState> => this.#processes.table.all();

  snapshot(event: SnapshotEvent): ProcessState {
    return this.#inProc.snapshot(event);
  }

  /** As ProcessesInProc has it. */
  snapshotAgain(event: SnapshotEvent): ProcessState | null {
    return this.#inProc.snapshotAgain(event);
  }

  rescan(event: RescanEvent): SeenAgain {
    return this.#inProc.rescan(event);
  }

  fork(event: ForkEvent): void {
    const { observations } = this.#processes;
    const warnings: string[] = [];
    const process = this.#births.forked(event, warnings);
    process.tasks.add(event.pid);
    const thread = event.pid !== event.tgid;
    if (thread) process.threaded = true;
    const draft = observations.begin(process, observations.fromConnector(event, 'fork', event.pid));
    draft.ppid = event.parentPid;
    draft.parentTgid = event.parentTgid;
    if (!thread) draft.parentKey = process.parentKey;
    // Of a parent on the host it may not be known yet that it was in a container by then: who reads this asks the parent.
    const mayBeInside = process.inherits === 'place' && process.containerId == null;
    if (thread ? event.proc !== null : !mayBeInside) putPlace(draft, process);
    putWarnings(draft, warnings);
    observations.tell(draft);
    if (!thread) this.#stars.forked(process, event.timeNs);
  }

  became(event: BecameEvent): void {
    this.#execs.became(this.#known(event.tgid, event, 'an exec'), event);
  }

  exit(event: ExitEvent): void {
    const { observations } = this.#processes;
    const process = this.#known(event.tgid, event, 'an exit');
    addUsage(process, event);
    for (const exit of this.#exits.tell(process, event)) {
      const signal = exit.status & 0x7f;
      // A leader that ended before its threads is written down with the last of them, at the end of the process.
      const draft = observations.begin(process, observations.fromConnector(exit, 'exit', exit.pid, event.timeNs));
      draft.exitCode = signal === 0 ? (exit.status >> 8) & 0xff : null;
      draft.exitSignal = signal === 0 ? null : signal;
      draft.coreDumped = (exit.status & 0x80) !== 0;
      if (exit.pid === process.tgid) putUsage(draft, process);
      observations.tell(draft);
    }
    if (process.tasks.size === 0) this.#processes.end(process, event.timeNs);
  }

  /** Who made the call. A process that nobody told us of is made from what the record says, and marked. */
  caller(event: AuditEvent): ProcessState {
    const { caller } = event;
    let process = this.#processes.table.caller(caller.tgid, event.ms);
    if (process !== undefined && this.#inference?.isAnotherLife(process, event)) {
      this.#processes.end(process, BigInt(event.ms) * nanosecondsPerMs);
      process = undefined;
    }
    if (process === undefined) process = this.#untold.fromAudit(event);
    else if (process.provisional && process.exe === null && caller.exe !== null) this.#untold.learn(process, event);
    copyDescriptors(process);
    return process;
  }

  exec(process: ProcessState, event: ExecEvent): void {
    this.#execs.exec(process, event);
  }

  star(event: StarEvent): void {
    this.#stars.told(event);
  }

  cloned(process: ProcessState, event: CloneEvent): void {
    if (this.#inference === null) this.#births.cloned(process, event);
    else this.#inference.cloned(process, event);
  }

  /** Records were lost. */
  lost(): void {
    this.#births.lost();
  }

  /** unshare and setns. */
  movedNamespaces(process: ProcessState, event: UnshareEvent | SetnsEvent): void {
    this.#places.moved(process, event);
    this.#numbers.moved(process, event);
  }

  pivotRoot(process: ProcessState, event: PivotRootEvent): void {
    this.#places.pivotRoot(process, event);
  }

  /** Of the caller, and of each process that has its root with it. */
  chroot(process: ProcessState, event: ChrootEvent, suffix = ''): void {
    this.#places.chroot(process, event, suffix);
  }

  #known(tgid: number, event: BecameEvent | ExitEvent, what: string): ProcessState {
    return this.#processes.table.alive(tgid) ?? this.#untold.fromConnector(tgid, event, what);
  }
}
