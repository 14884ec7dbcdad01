/** Follows descriptors through open, dup, write, close, fork, exec and exit, and emits file sessions. */

import {
  type ClosedBy,
  type FileCollection,
  type FileSession,
  type Instant,
  instantOfNs,
  type OperationDocument,
  type RunOrigin,
  textOf,
} from '@godo/evidence';
import { accessMode } from '../audit/opened-file.ts';
import { cloneFiles } from '../audit/syscalls.ts';
import type {
  BinaryString,
  CloseEvent,
  CloseRangeEvent,
  DescriptorFlagsEvent,
  DescriptorFoundEvent,
  DupEvent,
  ExecEvent,
  FileIdentity,
  FileLookEvent,
  MadeEvent,
  MapEvent,
  MissedTime,
  OpenEvent,
  OperationEvent,
  PipeEvent,
  SnapshotEvent,
  UnshareEvent,
  UringFile,
  WriteEvent,
} from '../events.ts';
import { LastCaller } from './caller-texts.ts';
import { coarseClockMs } from './coarse-clock.ts';
import { linkedDescriptor } from './descriptor-link.ts';
import type { DescriptorLookUps } from './descriptor-look-ups.ts';
import { type Descriptor, DescriptorTable, type Looked } from './descriptor-table.ts';
import type { KnownFile, PathView } from './directory-descriptors.ts';
import { textOrNull } from './document-text.ts';
import { FoundDescriptors, msOf } from './found-descriptors.ts';
import {
  inherited,
  isForWriting,
  isMadeBy,
  isUnnamed,
  knownFile,
  madeWarnings,
  unidentified,
  unknownFile,
} from './found-file.ts';
import { type AskForFile, MappedSessions } from './mapped-sessions.ts';
import { MissedCalls } from './missed-calls.ts';
import { NameResolver } from './name-resolver.ts';
import { changesContent, type DescribedFile, operationDocument } from './operation-document.ts';
import type { ProcessState } from './process-table.ts';
import type { RecordingChoice } from './recording-choice.ts';
import { type Opened, TrackedSession } from './tracked-session.ts';
import { UnsureDescriptors } from './unsure-descriptors.ts';

/** A call told what the descriptor refers to: nothing takes that back. */
const told = Number.NEGATIVE_INFINITY;

export type EmitFile = (collection: FileCollection, session: FileSession) => void;

export class FileRecorder {
  readonly #origin: RunOrigin;
  readonly #emit: EmitFile;
  readonly #choice: RecordingChoice;
  /** Open sessions that changed since they were last written down. */
  readonly #dirty = new Set<TrackedSession>();
  readonly #lastCaller = new LastCaller();
  readonly #names: NameResolver;
  readonly #mapped: MappedSessions;
  readonly #missed: MissedCalls;
  readonly #unsure: UnsureDescriptors;
  /** Open sessions. */
  #open = 0;
  /** Of descriptors that nothing told of. */
  readonly found: FoundDescriptors;

  /**
   * @param lookUps null: what nothing told of cannot be looked up, and need not be spoken of.
   * @param ask null: nobody can look at files.
   */
  constructor(
    origin: RunOrigin,
    choice: RecordingChoice,
    emit: EmitFile,
    lookUps: DescriptorLookUps | null,
    ask: AskForFile | null,
  ) {
    this.#origin = origin;
    this.#choice = choice;
    this.#emit = emit;
    const missed = new MissedCalls();
    this.#missed = missed;
    this.#names = new NameResolver(missed);
    this.found = new FoundDescriptors(origin.sessionId, lookUps, {
      missed,
      begin: (process, fd, closeOnExec, opened, looked) => this.#begin(process, fd, closeOnExec, opened, looked),
      ended: this.#ended,
    });
    this.#unsure = new UnsureDescriptors(missed, this.found, {
      ended: this.#ended,
      changed: (session) => this.#dirty.add(session),
    });
    this.#mapped = new MappedSessions({
      ask,
      settled: (session) => this.#writeDown(session),
      changed: (session) => this.#dirty.add(session),
    });
  }

  get openSessions(): number {
    return this.#open;
  }

  get unresolvedNames(): number {
    return this.#names.unresolved;
  }

  /** `id`: of its session, as in FileSession. */
  open(process: ProcessState, opening: OpenEvent, id: string | number = opening.serial): void {
    const event = this.#names.open(process, opening);
    this.#giveOut(process, event.fd, event);
    if (event.truncates && !this.#mapped.isEmpty) this.#mapped.changed(event.dev, event.inode, event.ms);
    if (!this.#choice.isRecorded(event)) return;
    const path = event.path === null ? null : textOf(event.path);
    const again = this.#reopened(process, event);
    const caller = this.#lastCaller.textsOf(process, event.caller);
    const found = isUnnamed(event.flags) ? this.found.unnamedFile(process, event) : null;
    const looked: Looked | null = found === null ? null : { ms: msOf(found.timeNs), told: 'file' };
    const opened: Opened = {
      id,
      path: again === null ? (path?.text ?? null) : again.path,
      pathHex: again === null ? (path?.hex ?? null) : again.pathHex,
      pathResolved: again === null ? event.pathResolved : again.pathResolved,
      dirfd: again === null ? event.dirfd : again.dirfd,
      dev: event.dev,
      inode: event.inode ?? found?.file?.inode ?? null,
      fileType: event.fileType,
      flags: event.flags,
      access: event.access,
      created: event.created,
      comm: caller.comm,
      exe: caller.exe,
      openedBefore: false,
      opened: stampOf(event),
      warnings: event.warnings ?? null,
      ...(looked !== null && { foundMs: looked.ms }),
    };
    this.#begin(process, event.fd, event.closeOnExec, opened, looked);
  }

  /** A descriptor of which the call does not tell what it refers to: /proc is asked at once. */
  made(process: ProcessState, event: MadeEvent): void {
    this.#giveOut(process, event.fd, event);
    process.descriptors.directories.delete(event.fd);
    const found = this.found.find(process, event.fd);
    const file = found?.file ?? null;
    const isIt = file !== null && isMadeBy(event, file);
    if (event.by === 'pidfd_getfd') {
      // Whatever it is, it was opened before, by somebody else.
      if (found !== null) this.found.learn(process, event.fd, found);
      return;
    }
    if (isIt && !isForWriting(file)) {
      this.found.learn(process, event.fd, found as DescriptorFoundEvent);
      return;
    }
    const caller = this.#lastCaller.textsOf(process, event.caller);
    const known = isIt ? knownFile(file) : unknownFile;
    const looked: Looked | null = isIt ? { ms: msOf((found as DescriptorFoundEvent).timeNs), told: 'file' } : null;
    const warnings = [...(isIt ? madeWarnings[event.by] : [unidentified]), ...(event.warnings ?? [])];
    const isMemory = event.by === 'memfd_create';
    const flags = (isIt ? file.flags : event.flags) ?? null;
    const opened: Opened = {
      id: event.serial,
      ...known,
      fileType: isMemory ? 'regular' : known.fileType,
      flags,
      access: isMemory ? 'readwrite' : accessMode(flags),
      created: isMemory,
      ...caller,
      openedBefore: false,
      opened: stampOf(event),
      warnings: warnings.length === 0 ? null : warnings,
      ...(looked !== null && { foundMs: looked.ms }),
    };
    this.#begin(process, event.fd, event.closeOnExec, opened, looked);
  }

  /** What is written to a pipe is in no file, of whoever inherits it either. */
  pipe(process: ProcessState, event: PipeEvent): void {
    for (const fd of event.fds) {
      this.#giveOut(process, fd, event);
      process.descriptors.directories.delete(fd);
      const { closeOnExec } = event;
      process.descriptors.setElsewhere(fd, {
        closeOnExec,
        lost: false,
        foundMs: told,
        file: null,
        writes: 0,
        bytes: 0,
      });
    }
  }

  /** clone with CLONE_FILES: from here on what one of them does to a descriptor the other one has done too. */
  share(parent: ProcessState, child: ProcessState): void {
    // The child may have spoken first, for its parent is told of when its call is over: until then that has done nothing.
    if (child.copiesFrom === null) parent.descriptors.become(child.descriptors, !parent.threaded, this.#ended);
    child.copiesFrom = null;
    child.descriptors = parent.descriptors.share();
  }

  /** unshare(CLONE_FILES). Of a thread it is not told which one it was, and its process goes on as it was. */
  unshared(process: ProcessState, { flags }: UnshareEvent): void {
    if ((flags & cloneFiles) !== 0 && !process.threaded) this.#unshare(process);
  }

  #unshare(process: ProcessState): void {
    const shared = process.descriptors;
    if (!shared.isShared) return;
    const own = new DescriptorTable();
    shared.copyTo(own);
    shared.leave();
    process.descriptors = own;
  }

  /** Files that were open for writing when the listener started. */
  adopt(process: ProcessState, event: SnapshotEvent): void {
    this.#names.adopt(process, event);
    const opened = instantOfNs(event.timeNs);
    for (const file of event.files) {
      const path = textOf(file.path);
      this.#begin(process, file.fd, file.closeOnExec, {
        id: `${this.#origin.sessionId}:open:${process.tgid}.${process.startTicks}.${file.fd}`,
        path: path.text,
        pathHex: path.hex ?? null,
        pathResolved: true,
        dirfd: null,
        dev: file.dev,
        inode: file.inode,
        fileType: file.fileType,
        flags: file.flags,
        access: file.access,
        created: false,
        comm: textOrNull(process.comm),
        exe: textOrNull(process.exe),
        openedBefore: true,
        opened,
        warnings: null,
      });
    }
    const foundMs = msOf(event.timeNs);
    for (const { fd, closeOnExec } of event.others ?? []) {
      process.descriptors.setElsewhere(fd, { closeOnExec, lost: false, foundMs, file: null, writes: 0, bytes: 0 });
    }
  }

  close(process: ProcessState, event: CloseEvent): void {
    this.#names.close(process, event);
    const held = process.descriptors.get(event.fd);
    if (held !== undefined && this.#isOlderThanSnapshot(process, held, event.ms)) return;
    if (held === undefined || held.looked !== null) this.found.correct(process, event.fd, event.ms);
    this.#giveUp(process, event.fd, held, stampOf(event), 'close');
  }

  closeRange(process: ProcessState, event: CloseRangeEvent): void {
    if (event.unshares) {
      // The others of its threads keep what it closes.
      if (process.threaded) return;
      this.#unshare(process);
    }
    this.#names.closeRange(process, event);
    // Numbers are compared unsigned: ~0 is the usual end of the range.
    const isMeant = (fd: number) => fd >>> 0 >= event.first && fd >>> 0 <= event.last;
    for (const [fd, what] of process.descriptors.elsewheres()) {
      if (!isMeant(fd)) continue;
      this.found.correct(process, fd, event.ms);
      if (event.onExec) what.closeOnExec = true;
      else process.descriptors.forgetElsewhere(fd);
    }
    for (const fd of process.descriptors.numbers()) {
      if (!isMeant(fd)) continue;
      if (!event.onExec) this.found.correct(process, fd, event.ms);
      const held = process.descriptors.get(fd);
      if (held === undefined || this.#isOlderThanSnapshot(process, held, event.ms)) continue;
      if (event.onExec) held.closeOnExec = true;
      else this.#giveUp(process, fd, held, stampOf(event), 'close');
    }
  }

  /** A call that moved no byte (the end of a sendfile loop) is no write. */
  write(process: ProcessState, event: WriteEvent): void {
    if (event.bytes <= 0) return;
    let held = process.descriptors.get(event.fd);
    if (held !== undefined && held.epoch !== this.#missed.epoch) held = this.#settled(process, event.fd, event.ms);
    const session = held?.session ?? this.found.written(process, event);
    if (session === undefined) return;
    session.countWrite(process.key, event.bytes, event.ms);
    this.#choice.uses(process, session);
    this.#dirty.add(session);
    if (!this.#mapped.isEmpty) this.#mapped.changed(session.dev, session.inode, event.ms);
  }

  map(process: ProcessState, event: MapEvent): void {
    const { descriptors } = process;
    if (
      event.writable !== false &&
      descriptors.get(event.fd) === undefined &&
      descriptors.elsewhere(event.fd) === undefined
    ) {
      this.found.lookUp(process, event.fd);
    }
    const held = this.#settled(process, event.fd, event.ms);
    if (held === undefined || this.#isOlderThanSnapshot(process, held, event.ms)) return;
    const { session } = held;
    // One that may not be written through the descriptor may not through the mapping either.
    if (session.access !== 'readwrite' && session.access !== 'unknown') return;
    this.#choice.uses(process, session);
    this.#mapped.map(process, session, event.writable, event.ms);
    this.#dirty.add(session);
  }

  looked(event: FileLookEvent): void {
    this.#mapped.looked(event);
  }

  missed(time: MissedTime): void {
    this.#missed.add(time);
  }

  /** Nothing more will be told: what waits is written down. `all`: the processes that live. */
  finish(all: Iterable<ProcessState>): void {
    this.#unsure.finish(all);
    this.#mapped.finish();
  }

  /** The file that an exec asked for, by its absolute name where that can be told. */
  executed(process: ProcessState, event: ExecEvent): ExecEvent {
    return this.#names.executed(process, event);
  }

  /** Its document: of an operation on a descriptor, the path is that of its session. `all`: the processes that live. */
  operation(process: ProcessState, given: OperationEvent, all: () => Iterable<ProcessState>): OperationDocument {
    const isLinked = given.fd === null && given.inode !== null && given.operation !== 'link';
    const linked = isLinked ? linkedDescriptor(given.file.path, process) : null;
    const event = this.#names.operation(process, linked === null ? given : { ...given, fd: linked }, all);
    const caller = this.#lastCaller.textsOf(process, event.caller);
    const file = this.#operatedOn(process, event);
    this.#noteChange(process, event, file instanceof TrackedSession ? file : undefined);
    const from = event.content?.fromFd ?? null;
    const source = from === null ? undefined : this.#settled(process, from, event.ms)?.session;
    const document = operationDocument(this.#origin, process, event, caller, file, source);
    // A file without a name has one from now on; when it was linked it had none.
    if (event.operation === 'link' && event.success) this.#named(process, event);
    return document;
  }

  #noteChange(process: ProcessState, event: OperationEvent, session: TrackedSession | undefined): void {
    const { operation, success, to } = event;
    if (operation === 'rename' && success && to?.pathResolved && to.path !== null) {
      this.#unsure.renamed(event.inode, to.path);
      if (!this.#mapped.isEmpty) this.#mapped.renamed(event.dev, event.inode, to.path);
    }
    const sets = event.operation === 'utimes';
    if (!event.success || !(sets || changesContent(event))) return;
    if (session !== undefined && event.fd !== null && !sets) {
      session.countChange(process.key, event.ms);
      this.#dirty.add(session);
    }
    const { dev, inode } = event.inode === null && session !== undefined ? session : event;
    if (!this.#mapped.isEmpty) this.#mapped.changed(dev, inode, event.ms, sets);
  }

  /** What the descriptor of an operation refers to; it is looked up where nothing told of it. */
  #operatedOn(process: ProcessState, event: OperationEvent): DescribedFile | undefined {
    const { fd, ms, success } = event;
    if (fd === null) return undefined;
    const { descriptors } = process;
    const held = this.#settled(process, fd, ms);
    if (held !== undefined && !this.#isOlderThanSnapshot(process, held, ms)) return held.session;
    const directory = described(this.#names.operatedOn(process, event));
    if (directory !== undefined || held !== undefined) return directory;
    if (success && descriptors.elsewhere(fd) === undefined) this.found.lookUp(process, fd);
    return descriptors.get(fd)?.session ?? descriptors.elsewhere(fd)?.file ?? undefined;
  }

  /** An unnamed file (O_TMPFILE) gets its name by a link: it is the one of its session from then on. */
  #named(process: ProcessState, { to, inode, dev, fd, file, ms }: OperationEvent): void {
    const linked = fd ?? linkedDescriptor(file.path, process);
    const held = linked === null ? undefined : this.#settled(process, linked, ms);
    if (held === undefined || to === null || to.path === null || !isUnnamed(held.session.flags)) return;
    const { session } = held;
    // Another name of it is none of its own.
    if (session.path !== null) return;
    const { text, hex } = textOf(to.path);
    // What the call tells of it counts, whatever /proc showed since.
    held.looked = null;
    session.path = text;
    session.pathHex = hex ?? null;
    session.pathResolved = to.pathResolved;
    session.dirfd = to.dirfd;
    session.inode = inode;
    session.dev = dev ?? session.dev;
    session.warn('it was written under no name until it was linked under this one');
    this.#dirty.add(session);
  }

  /** Its path as the process sees it, where that is known. */
  directory(process: ProcessState, identity: FileIdentity): BinaryString | null {
    return this.#names.directory(process, identity);
  }

  /** The process has a mount namespace of its own, which is a copy of what it had. */
  copiedMounts(process: ProcessState, before: PathView): void {
    this.#names.copiedMounts(process, before);
  }

  unmounted(process: ProcessState): void {
    this.#names.unmounted(process);
  }

  /** With its path, where the directory that it was made in is known. */
  place(process: ProcessState, ms: number, file: UringFile): UringFile {
    return this.#names.place(process, ms, file);
  }

  /** Some descriptor of the process was closed, and it is not told which. */
  closedAny(process: ProcessState, warning: string): void {
    this.#names.closedAny(process);
    this.warn(process, warning);
  }

  /** What is not sure of the files that the process has open. */
  warn(process: ProcessState, warning: string): void {
    for (const session of process.descriptors.sessions()) if (session.warn(warning)) this.#dirty.add(session);
  }

  /** What is opened anew by the name that its descriptor has in /proc has the name by which it was opened first. */
  #reopened(process: ProcessState, { path, ms, dev, inode }: OpenEvent): TrackedSession | null {
    const fd = linkedDescriptor(path, process);
    const held = fd === null ? undefined : process.descriptors.get(fd);
    if (held === undefined || inode === null || this.#isOlderThanSnapshot(process, held, ms)) return null;
    const { session } = held;
    return session.path !== null && session.dev === dev && session.inode === inode ? session : null;
  }

  dup(process: ProcessState, event: DupEvent): void {
    if (event.from === event.to) return;
    this.#names.dup(process, event);
    const held = process.descriptors.get(event.to);
    if (held !== undefined && this.#isOlderThanSnapshot(process, held, event.ms)) return;
    this.found.correct(process, event.to, event.ms);
    const by: ClosedBy = event.replaces ? 'dup' : 'unseen';
    this.#giveUp(process, event.to, held, stampOf(event), by);
    const from = process.descriptors.get(event.from);
    if (from !== undefined) process.descriptors.set(event.to, from.session, event.closeOnExec, from.epoch);
    const what = from === undefined ? process.descriptors.elsewhere(event.from) : undefined;
    if (what === undefined || what.lost) return;
    const { closeOnExec } = event;
    process.descriptors.setElsewhere(event.to, { ...what, closeOnExec, foundMs: inherited, writes: 0, bytes: 0 });
  }

  setFlags(process: ProcessState, event: DescriptorFlagsEvent): void {
    this.#names.setFlags(process, event);
    const held = process.descriptors.get(event.fd) ?? process.descriptors.elsewhere(event.fd);
    if (held !== undefined) held.closeOnExec = event.closeOnExec;
  }

  exec(process: ProcessState, ms: number): void {
    process.executed = true;
    this.#unshare(process);
    this.#names.exec(process, ms);
    this.#mapped.release(process);
    // A number that an exec has closed may be another file's now.
    for (const [fd] of process.descriptors.elsewheres()) this.found.correct(process, fd, ms);
    for (const [fd, { looked }] of process.descriptors.entries()) {
      if (looked !== null) this.found.correct(process, fd, ms);
    }
    this.#unsure.leavingAll(process, ms, isClosedOnExec);
    process.descriptors.releaseOnExec(
      { ms, ns: 0 },
      (descriptor) => !this.#isOlderThanSnapshot(process, descriptor, ms),
      this.#ended,
    );
  }

  exit(process: ProcessState, timeNs: bigint): void {
    this.#mapped.release(process);
    const { descriptors } = process;
    if (descriptors.isShared) {
      descriptors.leave();
      process.descriptors = new DescriptorTable();
      return;
    }
    descriptors.directories.clear();
    this.#unsure.leavingAll(process, msOf(timeNs));
    if (descriptors.size > 0) descriptors.releaseAll(instantOfNs(timeNs), 'exit', this.#ended);
  }

  /** Writes down what is open and changed since the last time. */
  checkpoint(timeNs: bigint): void {
    const at = instantOfNs(timeNs);
    this.#missed.isNow(at.ms);
    if (!this.#mapped.isEmpty) this.#mapped.checkpoint(at.ms);
    for (const session of this.#dirty) {
      if (session.refuted) {
        this.#dirty.delete(session);
        continue;
      }
      // Until audit has told of what was before the look, it may be taken back.
      if (session.foundMs !== null && at.ms - session.foundMs < settlingMs) continue;
      if (this.#choice.isInScope(session)) this.#emit('fds', session.stateAt(at));
      this.#dirty.delete(session);
    }
  }

  /** The number is another file's now. */
  #giveOut(process: ProcessState, fd: number, event: OpenEvent | MadeEvent | PipeEvent): void {
    const { ms } = event;
    let held = process.descriptors.get(fd);
    if (held === undefined || held.looked !== null) {
      this.found.correct(process, fd, ms);
      held = process.descriptors.get(fd);
    }
    if (held === undefined) process.descriptors.forgetElsewhere(fd);
    else if (held.session.openedBefore && this.#seenBySnapshot(process, ms)) this.#forget(process, fd);
    else this.#giveUp(process, fd, held, stampOf(event), 'unseen');
  }

  /** `held`: what it refers to, as far as is known. */
  #giveUp(process: ProcessState, fd: number, held: Descriptor | undefined, at: Instant, by: ClosedBy): void {
    if (held !== undefined && held.epoch !== this.#missed.epoch) this.#unsure.leaving(held, at.ms);
    process.descriptors.release(fd, at, by, this.#ended);
  }

  /** What a descriptor refers to; where calls were missed since that was told, /proc is asked. */
  #settled(process: ProcessState, fd: number, ms: number): Descriptor | undefined {
    const held = process.descriptors.get(fd);
    if (held !== undefined && held.epoch !== this.#missed.epoch) this.#unsure.settle(process, fd, held, ms);
    return process.descriptors.get(fd);
  }

  #begin(process: ProcessState, fd: number, closeOnExec: boolean, opened: Opened, looked: Looked | null = null): void {
    const session = new TrackedSession(opened, {
      origin: this.#origin,
      key: process.key,
      tgid: process.tgid,
      containerId: process.containerId ?? null,
      fd,
    });
    process.descriptors.set(fd, session, closeOnExec, this.#missed.epochOf(opened.opened.ms), looked);
    this.#choice.uses(process, session);
    this.#dirty.add(session);
    this.#open += 1;
  }

  /** Drops a descriptor of the snapshot for which the open call itself has now been seen. */
  #forget(process: ProcessState, fd: number): void {
    process.descriptors.release(fd, epoch, 'unseen', (session) => {
      this.#dirty.delete(session);
      this.#open -= 1;
    });
  }

  /** A call from before the snapshot was about what the number meant then, not about what the snapshot saw. */
  #isOlderThanSnapshot(process: ProcessState, held: Descriptor, ms: number): boolean {
    return held.session.openedBefore && this.#seenBySnapshot(process, ms);
  }

  #seenBySnapshot(process: ProcessState, ms: number): boolean {
    return process.snapshotMs !== null && ms + coarseClockMs < process.snapshotMs;
  }

  readonly #ended = (session: TrackedSession): void => {
    this.#open -= 1;
    if (session.refuted) {
      this.#dirty.delete(session);
    } else if (session.mapped === null) {
      this.#writeDown(session);
    } else {
      this.#dirty.add(session);
      this.#mapped.end(session);
    }
  };

  #writeDown(session: TrackedSession): void {
    this.#dirty.delete(session);
    if (!session.refuted && this.#choice.keeps(session)) this.#emit('files', session);
  }
}

function described(file: KnownFile | undefined): DescribedFile | undefined {
  if (file === undefined || file.path === null) return undefined;
  const { text, hex } = textOf(file.path);
  const { dev, inode, fileType } = file;
  return { path: text, pathHex: hex ?? null, pathResolved: true, dirfd: null, dev, inode, fileType };
}

const isClosedOnExec = ({ closeOnExec }: Descriptor) => closeOnExec;

const epoch: Instant = { ms: 0, ns: 0 };
/** By then audit has told of all that was before. */
const settlingMs = 3_000;

function stampOf(event: { readonly ms: number }): Instant {
  return { ms: event.ms, ns: 0 };
}
