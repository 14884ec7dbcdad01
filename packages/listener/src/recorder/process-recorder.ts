/** Follows processes through snapshot, fork, exec, change of root and exit, and emits observations of tasks. */

import type { RunOrigin, TaskObservation } from '@godo/evidence';
import { cloneFileSystem, cloneFiles } from '../audit/syscalls.ts';
import { baseName } from '../base-name.ts';
import { beforeDeletedMark, deletedByPath } from '../deleted-suffix.ts';
import type {
  AuditEvent,
  BecameEvent,
  BinaryString,
  ChrootEvent,
  CloneEvent,
  ExecEvent,
  ExitEvent,
  ForkEvent,
  PivotRootEvent,
  ProcFacts,
  RescanEvent,
  SetnsEvent,
  SnapshotEvent,
  StarEvent,
  UnshareEvent,
} from '../events.ts';
import { ContainerRoots, containerNamedBy, entersContainer } from './container-roots.ts';
import { DescriptorTable } from './descriptor-table.ts';
import { fittingArgv } from './document-text.ts';
import {
  auditClock,
  auditId,
  connectorId,
  monotonicClock,
  nanosecondsPerMs,
  type Observation,
  putArgv,
  putCaller,
  putCredentials,
  putParent,
  putPlace,
  putProc,
  putProgram,
  putText,
  putUsage,
  putWarnings,
  taskDocument,
} from './documents.ts';
import { ExitWatch } from './exit-watch.ts';
import type { FileRecorder } from './file-recorder.ts';
import { ForkInference } from './fork-inference.ts';
import { afterBirth, afterMove, asRead, beforeBirth, type InnerPid, newNamespace, ofChild } from './inner-pids.ts';
import { inheritMappings } from './mapped-sessions.ts';
import { viewOf } from './name-resolver.ts';
import { type ProcessState, ProcessTable } from './process-table.ts';

export interface ProcessRecorderOptions {
  /** Executables whose processes are roots of the tree. */
  readonly stars: readonly string[];
  /** No connector: conclude forks from ppid and clone records. */
  readonly inferForks: boolean;
}

type EmitTask = (document: TaskObservation) => void;

/** Its starter has not waited for it yet, so that no other process has had the number since. */
const starsAfterNs = 1_000_000_000n;
/** The child shares the clock tick of its fork, or the next one. */
const tickTolerance = 1;
/** A process that started this long before a scan of /proc began is older than the scan, whatever clock ticks hide. */
const surelyBeforeNs = 50_000_000n;

/** What a look through /proc after a loss has brought. */
export interface SeenAgain {
  /** Processes whose start had not been told. */
  found: number;
  /** Processes that were another program, or in another container, than had been told. */
  changed: number;
  /** Processes whose exit had not been told. */
  ended: number;
}

export class ProcessRecorder {
  readonly #origin: RunOrigin;
  readonly #options: ProcessRecorderOptions;
  readonly #files: FileRecorder;
  readonly #emit: EmitTask;
  readonly #table = new ProcessTable();
  readonly #exits = new ExitWatch();
  readonly #roots = new ContainerRoots();
  readonly #expectedStars = new Set<number>();
  #seenAgain: SeenAgain = { found: 0, changed: 0, ended: 0 };
  readonly #inference: ForkInference | null;
  /** Mount namespaces that were made or entered. */
  #mounts = 0;

  constructor(origin: RunOrigin, options: ProcessRecorderOptions, files: FileRecorder, emit: EmitTask) {
    this.#origin = origin;
    this.#options = options;
    this.#files = files;
    this.#emit = emit;
    this.#inference = options.inferForks ? new ForkInference(this.#table) : null;
  }

  get size(): number {
    return this.#table.size;
  }

  /** Those that live. */
  readonly all = (): Iterable<ProcessState> => this.#table.all();

  /** A process that was found in /proc. */
  snapshot(event: SnapshotEvent): ProcessState {
    const { proc } = event;
    const parent = this.#table.alive(event.parentTgid);
    const process = this.#make(event.tgid, proc.startTicks, event.startNs, {
      ppid: event.parentTgid,
      parentTgid: event.parentTgid,
      parentKey: parent?.key ?? null,
      comm: proc.comm ?? null,
      exe: proc.exe ?? null,
      exeDeleted: proc.exeDeleted,
      cwd: proc.cwd ?? null,
      rootfs: rootOf(event),
      mounts: proc.containerId == null ? (event.mountNamespace ?? 0) : 0,
      chroot: event.chroot ?? '',
      containerId: proc.containerId,
      rootDev: proc.rootDev ?? null,
      snapshotMs: Number(event.timeNs / nanosecondsPerMs),
    });
    for (const task of event.tasks) process.tasks.add(task);
    process.threaded = event.tasks.length > 1;
    process.inner = asRead(null, proc);
    process.madeFor = containerNamedBy(process.exe, proc.argv ?? null) ?? parent?.madeFor ?? null;
    this.#roots.learn(proc);
    this.#noteStar(process, proc.argv);
    const draft = this.#seenInProc(process, event);
    if (event.again) draft.warnings = ['its start was not told: messages of the connector had been lost'];
    this.#emit(draft);
    for (const task of event.tasks) {
      if (task === process.tgid) continue;
      const thread = this.#document(process, {
        ...this.#fromProc(process, event),
        id: `${draft._id}/${task}`,
        pid: task,
      });
      thread.ppid = event.parentTgid;
      thread.parentTgid = event.parentTgid;
      this.#emit(thread);
    }
    return process;
  }

  /**
   * What /proc shows of a process after messages were lost. Returns the process where it is new to us: then so is what it
   * has open.
   */
  snapshotAgain(event: SnapshotEvent): ProcessState | null {
    const known = this.#table.latest(event.tgid);
    if (known === undefined || !isSameLife(known, event)) {
      if (known !== undefined && known.exitedNs === null) this.#endUnseen(known, event.timeNs);
      this.#seenAgain.found += 1;
      return this.snapshot(event);
    }
    // It has not been waited for.
    if (known.exitedNs !== null) return null;
    for (const task of known.tasks) if (!event.tasks.includes(task)) known.tasks.delete(task);
    // A leader that ended before its threads is shown as long as they run.
    for (const task of event.tasks) if (task !== event.tgid) known.tasks.add(task);
    const { exe, exeDeleted, containerId } = event.proc;
    // A file that was deleted since, and has another name left, shows only by the mark.
    const isMarked = exeDeleted === null && exe !== undefined && beforeDeletedMark(exe) === known.exe;
    const differs = exe !== undefined && exe !== known.exe && !isMarked;
    if (!differs && (containerId === undefined || containerId === known.containerId)) return null;
    this.#seenAgain.changed += 1;
    this.#applyPlace(known, event.proc);
    if (differs) {
      known.exe = exe;
      known.exeDeleted = exeDeleted;
    }
    known.comm = event.proc.comm ?? known.comm;
    known.cwd = event.proc.cwd ?? known.cwd;
    this.#noteStar(known, event.proc.argv);
    const draft = this.#seenInProc(known, event);
    draft.warnings = ['it is another program than was told: messages of the connector had been lost'];
    this.#emit(draft);
    return null;
  }

  /** The end of such a look through /proc: whom it did not show has ended. Returns what came of the whole look. */
  rescan(event: RescanEvent): SeenAgain {
    const alive = new Set(event.alive);
    for (const process of this.#table.all()) {
      // The ends of some of its threads may have been among what was lost.
      missUsage(process);
      const hadBegun = process.startNs !== null && process.startNs + surelyBeforeNs < event.beganNs;
      if (hadBegun && !alive.has(process.tgid)) this.#endUnseen(process, event.timeNs);
    }
    const seen = this.#seenAgain;
    this.#seenAgain = { found: 0, changed: 0, ended: 0 };
    return seen;
  }

  #endUnseen(process: ProcessState, timeNs: bigint): void {
    this.#seenAgain.ended += 1;
    const id = `${this.#origin.sessionId}:gone:${process.key}`;
    const seen = { id, observation: 'exit', source: 'proc', clock: null, timeNs, pid: process.tgid } as const;
    const draft = this.#document(process, seen);
    draft.exitCode = null;
    draft.exitSignal = null;
    draft.inferred = true;
    draft.warnings = ['its exit was not told: messages of the connector had been lost, and then it was gone'];
    this.#emit(draft);
    this.#end(process, timeNs);
  }

  #seenInProc(process: ProcessState, event: SnapshotEvent) {
    const draft = this.#document(process, this.#fromProc(process, event));
    putParent(draft, process);
    putProc(draft, event.proc);
    putPlace(draft, process);
    if (process.star) draft.star = true;
    return draft;
  }

  #fromProc({ tgid }: ProcessState, { proc, timeNs, again }: SnapshotEvent): Observation {
    const id = `${this.#origin.sessionId}:proc:${tgid}.${proc.startTicks}${again ? `@${timeNs}` : ''}`;
    return { id, observation: 'snapshot', source: 'proc', clock: null, timeNs, pid: tgid };
  }

  fork(event: ForkEvent): void {
    const warnings: string[] = [];
    const process = event.pid === event.tgid ? this.#forked(event, warnings) : this.#threadOf(event, warnings);
    process.tasks.add(event.pid);
    const thread = event.pid !== event.tgid;
    if (thread) process.threaded = true;
    const draft = this.#document(process, this.#fromConnector(event, 'fork', event.pid));
    draft.ppid = event.parentPid;
    draft.parentTgid = event.parentTgid;
    if (!thread) draft.parentKey = process.parentKey;
    // Of a parent on the host it may not be known yet that it was in a container by then: who reads this asks the parent.
    const mayBeInside = process.inherits === 'place' && process.containerId == null;
    if (thread ? event.proc !== null : !mayBeInside) putPlace(draft, process);
    putWarnings(draft, warnings);
    this.#emit(draft);
    if (!thread && this.#expectedStars.delete(process.tgid)) this.#makeStar(process, event.timeNs);
  }

  /** The connector's exec, with what /proc said right after it. */
  became(event: BecameEvent): void {
    const process = this.#known(event.tgid, event, 'an exec');
    // The task that executed is the leader now, and the only one left.
    process.tasks.clear();
    process.tasks.add(event.tgid);
    process.lastExecNs = event.monotonicNs;
    if (process.usage !== null) process.usage.maxRssKb = 0;
    process.threaded = false;
    const facts = this.#factsOf(process, event.proc);
    process.exeDeleted = undefined;
    if (facts !== null) {
      this.#applyPlace(process, facts);
      process.madeFor = containerNamedBy(facts.exe ?? null, facts.argv ?? null) ?? process.madeFor;
      process.inner = asRead(process.inner, facts);
      if (facts.exe !== undefined) {
        process.exe = facts.exe;
        process.exeDeleted = facts.exeDeleted;
      }
      process.comm = facts.comm ?? process.comm;
      process.cwd = facts.cwd ?? process.cwd;
      this.#noteStar(process, facts.argv);
    }
    const draft = this.#document(process, this.#fromConnector(event, 'exec', event.tgid));
    draft.success = true;
    if (facts !== null) putProc(draft, facts);
    putPlace(draft, process);
    if (process.star) draft.star = true;
    this.#emit(draft);
  }

  exit(event: ExitEvent): void {
    const process = this.#known(event.tgid, event, 'an exit');
    addUsage(process, event);
    for (const exit of this.#exits.tell(process, event)) {
      const signal = exit.status & 0x7f;
      // A leader that ended before its threads is written down with the last of them, at the end of the process.
      const draft = this.#document(process, this.#fromConnector(exit, 'exit', exit.pid, event.timeNs));
      draft.exitCode = signal === 0 ? (exit.status >> 8) & 0xff : null;
      draft.exitSignal = signal === 0 ? null : signal;
      draft.coreDumped = (exit.status & 0x80) !== 0;
      if (exit.pid === process.tgid) putUsage(draft, process);
      this.#emit(draft);
    }
    if (process.tasks.size === 0) this.#end(process, event.timeNs);
  }

  /**
   * The process may be told before its fork is: then it becomes a star with that. Or after its exit: what is told to us
   * and what the kernel tells come by different ways.
   */
  star(event: StarEvent): void {
    const process = this.#table.latest(event.tgid);
    const isIt = process?.exitedNs == null || event.timeNs - process.exitedNs < starsAfterNs;
    if (process !== undefined && isIt) this.#makeStar(process, event.timeNs);
    else this.#expectedStars.add(event.tgid);
  }

  #makeStar(process: ProcessState, timeNs: bigint): void {
    process.star = true;
    const id = `${this.#origin.sessionId}:star:${process.tgid}`;
    const seen = { observation: 'star', source: 'listener', clock: null, timeNs } as const;
    const draft = this.#document(process, { ...seen, id, pid: process.tgid });
    draft.star = true;
    this.#emit(draft);
  }

  /** Who made the call. A process that nobody told us of is made from what the record says, and marked. */
  caller(event: AuditEvent): ProcessState {
    const { caller } = event;
    let process = this.#table.caller(caller.tgid, event.ms);
    if (process !== undefined && this.#inference?.isAnotherLife(process, event)) {
      this.#end(process, BigInt(event.ms) * nanosecondsPerMs);
      process = undefined;
    }
    if (process === undefined) process = this.#provisional(event);
    else if (process.provisional && process.exe === null && caller.exe !== null) this.#learn(process, event);
    copyDescriptors(process);
    return process;
  }

  exec(process: ProcessState, event: ExecEvent): void {
    const { caller } = event;
    const { argv, cut } = fittingArgv(event.argv);
    let concluded = false;
    if (event.success) {
      process.madeFor = containerNamedBy(event.exe ?? caller.exe, event.argv) ?? process.madeFor;
      concluded = this.#concludeContainer(process, event);
      if (process.containerId != null && entersContainer(process.comm)) {
        // All that a runtime starts in a container sees the same there.
        process.mounts = 0;
        process.chroot = '';
      }
      applyProgram(process, event);
      process.comm = caller.comm ?? process.comm;
      process.cwd = event.cwd ?? process.cwd;
      this.#noteStar(process, event.argv);
    }
    const draft = this.#document(process, this.#fromAudit(event, 'exec'));
    putParent(draft, process);
    // Who was its parent at the call: since its fork it may have been adopted.
    if (this.#inference !== null && !Number.isNaN(caller.ppid)) draft.ppid = caller.ppid;
    putCredentials(draft, caller);
    // A failed call: SYSCALL's exe is still the old program; the name is what was asked for.
    if (event.success) putProgram(draft, process, event);
    else putText(draft, 'exe', event.name);
    putArgv(draft, argv);
    // The kernel writes them down when it has copied them all and found the program (audit_bprm).
    if (argv === null) draft.argvUnknown = event.success ? 'not recorded' : 'failed call';
    putText(draft, 'cwd', event.cwd);
    putPlace(draft, process);
    draft.success = event.success;
    if (!event.success) draft.errno = event.exit;
    if (process.star && event.success) draft.star = true;
    if (process.provisional) draft.inferred = true;
    const warnings = [...(event.warnings ?? [])];
    if (concluded) warnings.push(containerConcluded);
    if (cut > 0) warnings.push(`the last ${cut} arguments are left out: they do not fit a document`);
    putWarnings(draft, warnings);
    this.#emit(draft);
  }

  /**
   * /proc may be too late for a process that a runtime puts into a container and that ends at once. That its program
   * lies on the container's own root file system is told by the kernel with the call.
   */
  #concludeContainer(process: ProcessState, event: ExecEvent): boolean {
    const container = this.#roots.on(event.dev);
    if (process.containerId != null || container === undefined || container !== this.#madeFor(process)) return false;
    process.containerId = container;
    return true;
  }

  /** A fork returned in the parent: this is the point of the parent's history that the child's descriptors are from. */
  cloned(process: ProcessState, event: CloneEvent): void {
    if (this.#inference !== null) {
      this.#inference.cloned(process, event);
      return;
    }
    // clone3 makes threads as well, and no rule can tell: they share the descriptors.
    if (process.tasks.has(event.childPid)) return;
    this.#number(process, event);
    const { uncloned } = process;
    // Inside a container the number is not the host's: then the child that was forked first is meant.
    const first = process.containerId == null ? undefined : uncloned[0];
    const child = uncloned.find((candidate) => candidate.tgid === event.childPid) ?? first;
    if (child === undefined) return;
    uncloned.splice(uncloned.indexOf(child), 1);
    inheritPlace(process, child);
    if (this.#haveOneTable(process, child, event)) this.#files.share(process, child);
    else copyDescriptors(child);
    // clone3 does not tell its flags, and nobody else tells whether they share their root.
    if (event.flags !== null && (event.flags & cloneFileSystem) !== 0) shareRoot(process, child);
    if (event.flags === null || (event.flags & newNamespace.mnt) === 0) return;
    const before = viewOf(child);
    this.#mounts += 1;
    child.mounts = this.#mounts;
    this.#files.copiedMounts(child, before);
  }

  /** clone3 does not tell its flags: then the kernel says whether they share their descriptors still. */
  #haveOneTable(parent: ProcessState, child: ProcessState, { flags }: CloneEvent): boolean {
    if (child.executed) return false;
    if (flags !== null) return (flags & cloneFiles) !== 0;
    return child.lastExecNs === 0n && this.#files.found.areShared(child, parent);
  }

  /**
   * What the call that made a process tells of its number and namespaces. It goes by the times that the kernel gave and by
   * the order of the records, not by how far the connector is ahead of them.
   */
  #number(parent: ProcessState, event: CloneEvent): void {
    const { childPid, flags, ms } = event;
    if (flags === null) {
      parent.hiddenCloneMs = ms;
      return;
    }
    const inside = insideOf(parent);
    const isElsewhere = (flags & otherNamespaces) !== 0;
    // Most calls: on the host the numbers are the host's. With CLONE_PARENT the child is none of the caller's.
    if ((inside === null && (flags & newNamespace.pid) === 0 && !isElsewhere) || (flags & cloneParent) !== 0) return;
    const named = this.#table.latest(childPid);
    const isNamed = named !== undefined && named.parentKey === parent.key && isChildOf(named, ms);
    // Those that were forked before audit told that the parent is in a namespace still wait for their clone records.
    const child = isNamed ? named : (takeChild(parent.unnumbered, ms) ?? findChild(parent.uncloned, ms));
    if (child === undefined) return;
    const isInOrder = !child.doubtful && isChildOf(child, ms) && ms - parent.hiddenCloneMs > longestCloneMs;
    // The number that the host's namespace has says which child is meant, but not which of them was the first.
    const isSure = isInOrder || (isNamed && inside?.children !== 'new');
    const known = child.inner?.number ?? null;
    if (known === null) child.inner = ofChild(inside, { childPid, flags, isSure, tgid: child.tgid });
    parent.inner = afterBirth(parent.inner);
    const number = known === null ? (child.inner?.number ?? null) : null;
    if (number === null && !isElsewhere) return;
    const draft = this.#document(child, { ...this.#fromAudit(event, 'inside', ':child'), pid: child.tgid });
    if (number !== null) draft.innerPid = number;
    if (isElsewhere) draft.namespaces = null;
    this.#emit(draft);
  }

  /** Records were lost: which call made which of the children that wait for theirs is not sure any more. */
  lost(): void {
    for (const { uncloned, unnumbered, descriptors } of this.#table.all()) {
      for (const child of [...uncloned, ...unnumbered]) child.doubtful = true;
      descriptors.forgetAllElsewhere();
    }
  }

  /** unshare and setns. */
  movedNamespaces(process: ProcessState, event: UnshareEvent | SetnsEvent): void {
    const { flags } = event;
    if (event.kind === 'unshare' && (flags & (cloneFileSystem | newNamespace.mnt)) !== 0) leaveRoot(process);
    if ((flags & newNamespace.mnt) !== 0 || (event.kind === 'setns' && flags === 0)) this.#moveMounts(process, event);
    process.inner = afterMove(process.inner, flags, event.kind === 'unshare');
    if (event.kind === 'unshare' ? (flags & otherNamespaces) === 0 : flags === newNamespace.pid) return;
    const draft = this.#document(process, this.#fromAudit(event, 'inside'));
    draft.namespaces = null;
    this.#emit(draft);
  }

  #moveMounts(process: ProcessState, event: UnshareEvent | SetnsEvent): void {
    const before = viewOf(process);
    this.#mounts += 1;
    process.mounts = this.#mounts;
    if (event.kind === 'unshare') {
      this.#files.copiedMounts(process, before);
      return;
    }
    // The kernel makes the root of the namespace that of the caller, wherever that lies (mntns_install).
    process.chroot = '';
    // A runtime goes into the container that it was called for.
    const container = entersContainer(event.caller.comm) ? this.#madeFor(process) : null;
    process.rootfs = container === null ? null : this.#roots.pathOf(container);
    const draft = this.#document(process, this.#fromAudit(event, 'root', ':root'));
    putText(draft, 'rootfs', process.rootfs);
    this.#emit(draft);
  }

  /** Its fork may have been told before audit told what its parent had executed. */
  #madeFor(process: ProcessState): string | null {
    let above: ProcessState | undefined = process;
    for (let steps = 0; above !== undefined && above.madeFor === null && steps < nearAncestors; steps += 1) {
      const { parentTgid, parentKey }: ProcessState = above;
      const parent: ProcessState | undefined = parentTgid === null ? undefined : this.#table.latest(parentTgid);
      above = parent?.key === parentKey ? parent : undefined;
    }
    process.madeFor = above?.madeFor ?? null;
    return process.madeFor;
  }

  pivotRoot(process: ProcessState, event: PivotRootEvent): void {
    const base = process.rootfs === null || process.rootfs === '/' ? '' : process.rootfs;
    if (event.newRoot !== null) process.rootfs = `${base}${event.newRoot}`;
    process.chroot = '';
    this.#mounts += 1;
    process.mounts = this.#mounts;
    process.rootDev = null;
    const container = process.containerId == null ? this.#madeFor(process) : null;
    const enters = container !== null && entersContainer(event.caller.comm);
    if (enters) process.containerId = container;
    const draft = this.#document(process, this.#fromAudit(event, 'root'));
    if (event.newRoot !== null) putText(draft, 'rootfs', process.rootfs);
    if (process.containerId !== undefined) draft.containerId = process.containerId;
    putWarnings(draft, [...(event.warnings ?? []), ...(enters ? [containerEntered] : [])]);
    this.#emit(draft);
  }

  /** Of the caller, and of each process that has its root with it. */
  chroot(process: ProcessState, event: ChrootEvent, suffix = ''): void {
    const { chroot, rootfs } = process;
    const own = event.path ?? this.#files.directory(process, event);
    const isWhole = event.path !== null && event.isWhole;
    const base = chroot === null || !rootfs?.endsWith(chroot) ? null : rootfs.slice(0, rootfs.length - chroot.length);
    if (own === null) process.chroot = null;
    else if (isWhole) process.chroot = own === '/' ? '' : own;
    else process.chroot = chroot === null ? null : `${chroot}${own === '/' ? '' : own}`;
    const isKnown = process.chroot !== null && base !== null;
    process.rootfs = isKnown ? `${base === '/' ? '' : base}${process.chroot}` || '/' : null;
    const told = { ...this.#fromAudit(event, 'root', suffix), ...(suffix !== '' && { pid: process.tgid }) };
    const draft = this.#document(process, told);
    putText(draft, 'rootfs', process.rootfs);
    if (process.containerId !== undefined) draft.containerId = process.containerId;
    const warnings = event.path === null && own === null ? ['the path of the new root is not known from the call'] : [];
    putWarnings(draft, [...(event.warnings ?? []), ...warnings]);
    this.#emit(draft);
  }

  #forked(event: ForkEvent, warnings: string[]): ProcessState {
    const startTicks = this.#startTicks(event);
    const facts = event.proc !== null && event.proc.startTicks === startTicks ? event.proc : null;
    const known = this.#table.alive(event.tgid);
    const parent = this.#table.alive(event.parentTgid);
    const parentKey = parent?.key ?? null;
    if (known?.startTicks != null && Math.abs(known.startTicks - event.ticks) <= tickTolerance && !known.provisional) {
      // The snapshot saw it first; the kernel knows its parent better.
      known.ppid = event.parentPid;
      known.parentTgid = event.parentTgid;
      known.parentKey = parentKey;
      return known;
    }
    if (known !== undefined) {
      warnings.push(`the exit of the process that had this number before (${known.key}) was not seen`);
      this.#end(known, event.timeNs);
    }
    if (parent === undefined) warnings.push('its parent is not known');
    const child = this.#make(event.tgid, startTicks, event.timeNs, {
      ppid: event.parentPid,
      parentTgid: event.parentTgid,
      parentKey,
      comm: parent?.comm ?? null,
      exe: parent?.exe ?? null,
      exeDeleted: parent?.exeDeleted,
      cwd: parent?.cwd ?? null,
      rootfs: parent?.rootfs ?? null,
      mounts: parent?.mounts ?? 0,
      chroot: parent === undefined ? '' : parent.chroot,
      containerId: facts?.containerId !== undefined ? facts.containerId : parent?.containerId,
      rootDev: parent?.rootDev ?? null,
    });
    child.inherits = parent === undefined ? null : 'place';
    if (facts !== null) this.#applyPlace(child, facts);
    child.madeFor = parent?.madeFor ?? null;
    if (parent !== undefined) awaitNumber(parent, child);
    if (parent !== undefined) awaitCopy(parent, child);
    return child;
  }

  #threadOf(event: ForkEvent, warnings: string[]): ProcessState {
    const process = this.#table.alive(event.tgid);
    if (process !== undefined) {
      const facts = this.#factsOf(process, event.proc);
      if (facts !== null) this.#applyPlace(process, facts);
      return process;
    }
    warnings.push('the start of its process was not seen');
    return this.#unseen(event.tgid, `${event.monotonicNs}`);
  }

  #applyPlace(process: ProcessState, facts: ProcFacts): void {
    this.#roots.learn(facts);
    if (facts.containerId !== undefined) {
      process.containerId = facts.containerId;
      if (process.inherits === 'place') process.inherits = 'mounts';
    }
    if (facts.rootfs === undefined) return;
    // Of a container it is the container's root that was read, of the host the process's own.
    if (process.containerId == null) process.chroot = '';
    else if (process.chroot !== '') return;
    process.rootfs = facts.rootfs;
    process.rootDev = facts.rootDev ?? null;
  }

  /** /proc may already show another life of the number: its start then is not the fork's. */
  #startTicks(event: ForkEvent): number {
    const read = event.proc?.startTicks;
    return read !== undefined && Math.abs(read - event.ticks) <= tickTolerance ? read : event.ticks;
  }

  #factsOf(process: ProcessState, facts: ProcFacts | null): ProcFacts | null {
    if (facts === null || process.startTicks === null) return facts;
    return Math.abs(facts.startTicks - process.startTicks) <= tickTolerance ? facts : null;
  }

  #known(tgid: number, event: BecameEvent | ExitEvent, what: string): ProcessState {
    const process = this.#table.alive(tgid);
    if (process !== undefined) return process;
    const made = this.#unseen(tgid, `${event.monotonicNs}`);
    const seen = this.#fromConnector(event, 'snapshot', tgid);
    const draft = this.#document(made, { ...seen, id: `${seen.id}:unseen` });
    draft.warnings = [`its start was not seen: ${what} is the first that was told of it`];
    this.#emit(draft);
    return made;
  }

  /** A process whose start nobody told. */
  #unseen(tgid: number, mark: string): ProcessState {
    const process = this.#make(tgid, null, null, { mark, provisional: true });
    process.tasks.add(tgid);
    return process;
  }

  #provisional(event: AuditEvent): ProcessState {
    const { caller } = event;
    const parent = this.#inference === null ? this.#table.alive(caller.ppid) : this.#inferredParent(event);
    const startMs = this.#inference?.startOf(event) ?? null;
    const process = this.#make(caller.tgid, null, startMs === null ? null : BigInt(startMs) * nanosecondsPerMs, {
      mark: `${event.ms}.${event.serial}`,
      provisional: true,
      ppid: numberOrNull(caller.ppid),
      parentTgid: numberOrNull(caller.ppid),
      parentKey: parent?.key ?? null,
      comm: caller.comm,
      exe: caller.exe,
      exeDeleted: deletedByPath(caller.exe),
      rootfs: parent?.rootfs ?? null,
      mounts: parent?.mounts ?? 0,
      chroot: parent === undefined ? '' : parent.chroot,
      containerId: parent?.containerId,
      rootDev: parent?.rootDev ?? null,
    });
    this.#inference?.met(process, event);
    process.tasks.add(caller.tgid);
    process.copiesFrom = parent ?? null;
    this.#noteStar(process, null);
    const seen = this.#fromAudit(event, process.startNs === null ? 'snapshot' : 'fork', ':first');
    const draft = this.#document(process, { ...seen, timeNs: process.startNs ?? seen.timeNs });
    putParent(draft, process);
    putCaller(draft, caller);
    putPlace(draft, process);
    draft.inferred = true;
    if (process.star) draft.star = true;
    if (this.#inference === null) draft.warnings = ['its start was not seen: an audit record is the first of it'];
    this.#emit(draft);
    return process;
  }

  /** The parent that a record names, made known if it was not. */
  #inferredParent(event: AuditEvent): ProcessState | undefined {
    const { ppid } = event.caller;
    if (ppid === 0 || Number.isNaN(ppid)) return undefined;
    const known = this.#table.alive(ppid);
    if (known !== undefined) return known;
    const parent = this.#make(ppid, null, null, { mark: `${event.ms}.${event.serial}`, provisional: true });
    this.#inference?.met(parent, event);
    parent.tasks.add(ppid);
    const draft = this.#document(parent, { ...this.#fromAudit(event, 'snapshot', ':parent'), pid: ppid });
    draft.inferred = true;
    this.#emit(draft);
    return parent;
  }

  /** The first record of a process that so far was only named as a parent. */
  #learn(process: ProcessState, event: AuditEvent): void {
    const { caller } = event;
    process.exe = caller.exe;
    process.exeDeleted = deletedByPath(caller.exe);
    process.comm = caller.comm;
    const parent = this.#inference === null ? undefined : this.#inferredParent(event);
    if (process.parentTgid === null) {
      process.ppid = numberOrNull(caller.ppid);
      process.parentTgid = process.ppid;
      process.parentKey = parent?.key ?? null;
    }
    this.#noteStar(process, null);
    const draft = this.#document(process, this.#fromAudit(event, 'snapshot', ':learnt'));
    putParent(draft, process);
    putCaller(draft, caller);
    draft.inferred = true;
    if (process.star) draft.star = true;
    this.#emit(draft);
  }

  #end(process: ProcessState, timeNs: bigint): void {
    // Children whose descriptors were not copied yet must not lose what they inherited.
    for (const child of process.uncloned) copyDescriptors(child);
    process.uncloned.length = 0;
    copyDescriptors(process);
    this.#files.exit(process, timeNs);
    process.exitedNs = timeNs;
    process.tasks.clear();
    this.#table.end(process);
  }

  /** `argv` is what it was executed with, where that is known. */
  #noteStar(process: ProcessState, argv: readonly BinaryString[] | null | undefined): void {
    if (process.exe === null || !this.#options.stars.includes(process.exe)) return;
    if (isEngineItself(process.exe, process.comm, argv?.[0])) process.star = true;
  }

  #make(
    tgid: number,
    startTicks: number | null,
    startNs: bigint | null,
    facts: Partial<
      Pick<
        ProcessState,
        | 'ppid'
        | 'parentTgid'
        | 'parentKey'
        | 'comm'
        | 'exe'
        | 'exeDeleted'
        | 'cwd'
        | 'rootfs'
        | 'mounts'
        | 'chroot'
        | 'containerId'
        | 'rootDev'
        | 'snapshotMs'
        | 'provisional'
      >
    > & { mark?: string },
  ): ProcessState {
    const process: ProcessState = {
      key: `${this.#origin.bootId}:${tgid}:${startTicks ?? `?${facts.mark}`}`,
      tgid,
      startTicks,
      startNs,
      ppid: facts.ppid ?? null,
      parentTgid: facts.parentTgid ?? null,
      parentKey: facts.parentKey ?? null,
      comm: facts.comm ?? null,
      exe: facts.exe ?? null,
      exeDeleted: facts.exeDeleted,
      cwd: facts.cwd ?? null,
      rootfs: facts.rootfs ?? null,
      mounts: facts.mounts ?? 0,
      chroot: facts.chroot === undefined ? '' : facts.chroot,
      rootSharers: null,
      containerId: facts.containerId,
      rootDev: facts.rootDev ?? null,
      inner: null,
      // Of what nobody told us it is not known.
      threaded: facts.provisional ?? false,
      madeFor: null,
      star: false,
      tasks: new Set(),
      lastExecNs: 0n,
      exitedNs: null,
      usage: null,
      descriptors: new DescriptorTable(),
      executed: false,
      mapped: null,
      snapshotMs: facts.snapshotMs ?? null,
      provisional: facts.provisional ?? false,
      copiesFrom: null,
      inherits: null,
      uncloned: [],
      unnumbered: [],
      hiddenCloneMs: Number.NEGATIVE_INFINITY,
      doubtful: false,
    };
    this.#table.add(process);
    return process;
  }

  #document(process: ProcessState, seen: Observation) {
    return taskDocument(this.#origin, process, seen);
  }

  #fromConnector(
    event: ForkEvent | BecameEvent | ExitEvent,
    observation: Observation['observation'],
    pid: number,
    timeNs = event.timeNs,
  ): Observation {
    const id = connectorId(this.#origin.bootId, event);
    return { id, observation, source: 'connector', clock: monotonicClock(event), timeNs, pid };
  }

  #fromAudit(event: AuditEvent, observation: Observation['observation'], suffix = ''): Observation {
    return {
      id: `${auditId(this.#origin.bootId, event)}${suffix}`,
      observation,
      source: 'audit',
      clock: auditClock(event),
      timeNs: BigInt(event.ms) * nanosecondsPerMs,
      pid: event.caller.tgid,
    };
  }
}

/** Of a container it is the container's root that was read; of the host, a process's own where that is the host's root. */
function rootOf({ proc, chroot, mountNamespace }: SnapshotEvent): BinaryString | null {
  if (proc.rootfs !== undefined || chroot === undefined) return proc.rootfs ?? null;
  return proc.containerId == null && mountNamespace === undefined ? chroot : null;
}

/** A damaged record does not say all of its numbers. */
function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** Tasks of a process that ran before us may have ended before us. */
function addUsage(process: ProcessState, { usage, monotonicNs }: ExitEvent): void {
  if (usage === undefined) {
    missUsage(process);
    return;
  }
  const ranBefore = process.provisional || process.snapshotMs !== null;
  process.usage ??= { cpuUs: 0, maxRssKb: 0, partial: ranBefore };
  process.usage.cpuUs += usage.cpuUs;
  // A thread that an exec ended had the memory of the program before.
  if (monotonicNs >= process.lastExecNs) process.usage.maxRssKb = Math.max(process.usage.maxRssKb, usage.maxRssKb);
}

/** What some task used is not told, and may be told of others. */
function missUsage(process: ProcessState): void {
  process.usage ??= { cpuUs: 0, maxRssKb: 0, partial: true };
  process.usage.partial = true;
}

/** Whether the process is the one that /proc shows; one whose start we do not know is, as far as anybody can tell. */
function isSameLife({ startTicks, exitedNs }: ProcessState, { proc }: SnapshotEvent): boolean {
  if (startTicks === null) return exitedNs === null;
  return Math.abs(startTicks - proc.startTicks) <= tickTolerance;
}

/**
 * dockerd runs itself under other names for small tasks (libnetwork-setkey, set-ipv6): the same executable, but not an
 * engine. argv[0] tells them apart, or comm where argv is not known. Other programs may be called what they like.
 */
function isEngineItself(exe: BinaryString, comm: BinaryString | null, called: BinaryString | undefined): boolean {
  if (baseName(exe) !== 'dockerd') return true;
  return called === undefined ? comm === 'dockerd' : baseName(called) === 'dockerd';
}

/** A runtime's processes are forked by the one that was given the command, or by a child or grandchild of that. */
const nearAncestors = 4;

const containerEntered =
  'its container is concluded: it changed its root for the container that its runtime was started for';

/** Where the call does not tell whether the program was deleted, /proc may have told: what it said comes first. */
function applyProgram(process: ProcessState, { caller, exe, exeDeleted }: ExecEvent): void {
  if (caller.exe === null) return;
  const cut = beforeDeletedMark(caller.exe);
  if (exe === undefined && process.exeDeleted === true && process.exe === cut) return;
  process.exe = exe ?? caller.exe;
  process.exeDeleted = exeDeleted;
}

/** CLONE_PARENT of linux/sched.h. */
const cloneParent = 0x8000;
/** ms from the stamp of a clone, which may lag a tick, to the fork that it makes. */
const longestCloneMs = 100;

/** Whether a process can have been made by a call with this stamp, as far as the times tell. */
function isChildOf({ startNs }: ProcessState, ms: number): boolean {
  if (startNs === null) return false;
  const afterMs = Number(startNs / nanosecondsPerMs) - ms;
  return afterMs >= -1 && afterMs <= longestCloneMs;
}

/**
 * One thread makes one child after the other, and the records of its calls come in the same order: the first that is not
 * older than the call. The records of those before it have been lost.
 */
function takeChild(children: ProcessState[], ms: number): ProcessState | undefined {
  const child = findChild(children, ms);
  if (child !== undefined) children.splice(0, children.indexOf(child) + 1);
  return child;
}

function findChild(children: readonly ProcessState[], ms: number): ProcessState | undefined {
  const sinceNs = BigInt(ms - 1) * nanosecondsPerMs;
  return children.find(({ startNs }) => startNs !== null && startNs >= sinceNs);
}

/** The call that makes a process in a namespace of its own tells its number there. */
function awaitNumber(parent: ProcessState, child: ProcessState): void {
  const inside = insideOf(parent);
  child.inner = beforeBirth(inside);
  child.doubtful = parent.threaded;
  if (inside === null) return;
  parent.unnumbered.push(child);
  if (parent.unnumbered.length > maxUncloned) parent.unnumbered.shift();
}

/** All but the pid namespace, which a process does not leave itself. */
const otherNamespaces = Object.entries(newNamespace).reduce(
  (all, [kind, bit]) => (kind === 'pid' ? all : all | bit),
  0,
);

/** A process in a container is taken for one in a pid namespace of its own, whether its number there is known or not. */
function insideOf({ inner, containerId }: ProcessState): InnerPid | null {
  return inner ?? (containerId == null ? null : { number: null, children: 'own' });
}

const containerConcluded =
  'its container is concluded: its program lies on the root file system of the container that its runtime was started for';

/** More children than this without a clone record copy at once: their records must have been lost. */
const maxUncloned = 256;

/**
 * A fork was told, but the calls that the parent made before it may still be on their way from audit. The copy is made
 * when the parent's clone record comes, or the child's first call, whichever is first.
 */
function awaitCopy(parent: ProcessState, child: ProcessState): void {
  child.copiesFrom = parent;
  parent.uncloned.push(child);
  if (parent.uncloned.length <= maxUncloned) return;
  const oldest = parent.uncloned.shift();
  if (oldest !== undefined) copyDescriptors(oldest);
}

/** Where the parent was at the fork, now that audit has told what it did before. */
function inheritPlace(parent: ProcessState, child: ProcessState): void {
  const { inherits } = child;
  if (inherits === null) return;
  child.inherits = null;
  child.mounts = parent.mounts;
  if (inherits === 'mounts') return;
  child.containerId = parent.containerId;
  child.rootfs = parent.rootfs;
  child.rootDev = parent.rootDev;
  child.chroot = parent.chroot;
}

function copyDescriptors(child: ProcessState): void {
  const parent = child.copiesFrom;
  if (parent === null) return;
  child.copiesFrom = null;
  copyDescriptors(parent);
  inheritPlace(parent, child);
  parent.descriptors.copyTo(child.descriptors);
  inheritMappings(parent, child);
}

function shareRoot(parent: ProcessState, child: ProcessState): void {
  parent.rootSharers ??= new Set([parent]);
  child.rootSharers = parent.rootSharers.add(child);
}

function leaveRoot(process: ProcessState): void {
  process.rootSharers?.delete(process);
  process.rootSharers = null;
}
