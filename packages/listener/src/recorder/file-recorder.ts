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
import { openFlag, openForWriteMask } from '../audit/syscalls.ts';
import type {
  BinaryString,
  CloseEvent,
  CloseRangeEvent,
  DescriptorFlagsEvent,
  DupEvent,
  ExecEvent,
  FileIdentity,
  OpenEvent,
  OperationEvent,
  SnapshotEvent,
  WriteEvent,
} from '../events.ts';
import { LastCaller } from './caller-texts.ts';
import { coarseClockMs } from './coarse-clock.ts';
import type { Descriptor } from './descriptor-table.ts';
import type { KnownFile, PathView } from './directory-descriptors.ts';
import { textOrNull } from './document-text.ts';
import { NameResolver } from './name-resolver.ts';
import { type DescribedFile, operationDocument } from './operation-document.ts';
import type { ProcessState } from './process-table.ts';
import { type Opened, TrackedSession } from './tracked-session.ts';

export type EmitFile = (collection: FileCollection, session: FileSession) => void;

export class FileRecorder {
  readonly #origin: RunOrigin;
  readonly #emit: EmitFile;
  /** Open sessions that changed since they were last written down. */
  readonly #dirty = new Set<TrackedSession>();
  readonly #lastCaller = new LastCaller();
  readonly #names = new NameResolver();
  /** Open sessions. */
  #open = 0;
  /** Writes to descriptors of files that are not recorded: sockets, pipes, terminals, or opened before us. */
  untracked = 0;

  constructor(origin: RunOrigin, emit: EmitFile) {
    this.#origin = origin;
    this.#emit = emit;
  }

  get openSessions(): number {
    return this.#open;
  }

  get unresolvedNames(): number {
    return this.#names.unresolved;
  }

  open(process: ProcessState, opened: OpenEvent): void {
    const event = this.#names.open(process, opened);
    const held = process.descriptors.get(event.fd);
    if (held !== undefined) {
      if (held.session.openedBefore && this.#seenBySnapshot(process, event.ms)) this.#forget(process, event.fd);
      else process.descriptors.release(event.fd, stampOf(event), 'unseen', this.#ended);
    }
    if (event.fileType === 'directory') return;
    if (event.flags !== null && ((event.flags & openForWriteMask) === 0 || (event.flags & openFlag.path) !== 0)) return;
    const path = event.path === null ? null : textOf(event.path);
    const caller = this.#lastCaller.textsOf(process, event.caller);
    this.#begin(process, event.fd, event.closeOnExec, {
      id: event.serial,
      path: path?.text ?? null,
      pathHex: path?.hex ?? null,
      pathResolved: event.pathResolved,
      dirfd: event.dirfd,
      dev: event.dev,
      inode: event.inode,
      fileType: event.fileType,
      flags: event.flags,
      access: event.access,
      created: event.created,
      comm: caller.comm,
      exe: caller.exe,
      openedBefore: false,
      opened: stampOf(event),
      warnings: event.warnings ?? null,
    });
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
  }

  close(process: ProcessState, event: CloseEvent): void {
    this.#names.close(process, event);
    const held = process.descriptors.get(event.fd);
    if (held !== undefined && this.#isOlderThanSnapshot(process, held, event.ms)) return;
    process.descriptors.release(event.fd, stampOf(event), 'close', this.#ended);
  }

  closeRange(process: ProcessState, event: CloseRangeEvent): void {
    this.#names.closeRange(process, event);
    for (const fd of process.descriptors.numbers()) {
      // Numbers are compared unsigned: ~0 is the usual end of the range.
      if (fd >>> 0 < event.first || fd >>> 0 > event.last) continue;
      const held = process.descriptors.get(fd);
      if (held === undefined || this.#isOlderThanSnapshot(process, held, event.ms)) continue;
      if (event.onExec) held.closeOnExec = true;
      else process.descriptors.release(fd, stampOf(event), 'close', this.#ended);
    }
  }

  /** A call that moved no byte (the end of a sendfile loop) is no write. */
  write(process: ProcessState, event: WriteEvent): void {
    if (event.bytes <= 0) return;
    const session = process.descriptors.get(event.fd)?.session;
    if (session === undefined) {
      this.untracked += 1;
      return;
    }
    session.countWrite(process.key, event.bytes, event.ms);
    this.#dirty.add(session);
  }

  /** The file that an exec asked for, by its absolute name where that can be told. */
  executed(process: ProcessState, event: ExecEvent): ExecEvent {
    return this.#names.executed(process, event);
  }

  /** Its document: of an operation on a descriptor, the path is that of its session. `all`: the processes that live. */
  operation(process: ProcessState, given: OperationEvent, all: () => Iterable<ProcessState>): OperationDocument {
    const event = this.#names.operation(process, given, all);
    const held = event.fd === null ? undefined : process.descriptors.get(event.fd);
    const isIt = held !== undefined && !this.#isOlderThanSnapshot(process, held, event.ms);
    const caller = this.#lastCaller.textsOf(process, event.caller);
    const file = isIt ? held.session : described(this.#names.operatedOn(process, event));
    return operationDocument(this.#origin, process, event, caller, file);
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

  dup(process: ProcessState, event: DupEvent): void {
    if (event.from === event.to) return;
    this.#names.dup(process, event);
    const held = process.descriptors.get(event.to);
    if (held !== undefined && this.#isOlderThanSnapshot(process, held, event.ms)) return;
    const by: ClosedBy = event.replaces ? 'dup' : 'unseen';
    process.descriptors.release(event.to, stampOf(event), by, this.#ended);
    const from = process.descriptors.get(event.from);
    if (from !== undefined) process.descriptors.set(event.to, from.session, event.closeOnExec);
  }

  setFlags(process: ProcessState, event: DescriptorFlagsEvent): void {
    this.#names.setFlags(process, event);
    const held = process.descriptors.get(event.fd);
    if (held !== undefined) held.closeOnExec = event.closeOnExec;
  }

  exec(process: ProcessState, ms: number): void {
    this.#names.exec(process, ms);
    process.descriptors.releaseOnExec(
      { ms, ns: 0 },
      (descriptor) => !this.#isOlderThanSnapshot(process, descriptor, ms),
      this.#ended,
    );
  }

  exit(process: ProcessState, timeNs: bigint): void {
    process.descriptors.directories.clear();
    if (process.descriptors.size > 0) process.descriptors.releaseAll(instantOfNs(timeNs), 'exit', this.#ended);
  }

  /** Writes down what is open and changed since the last time. */
  checkpoint(timeNs: bigint): void {
    const at = instantOfNs(timeNs);
    for (const session of this.#dirty) this.#emit('fds', session.stateAt(at));
    this.#dirty.clear();
  }

  #begin(process: ProcessState, fd: number, closeOnExec: boolean, opened: Opened): void {
    const session = new TrackedSession(opened, {
      origin: this.#origin,
      key: process.key,
      tgid: process.tgid,
      containerId: process.containerId ?? null,
      fd,
    });
    process.descriptors.set(fd, session, closeOnExec);
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
    this.#dirty.delete(session);
    this.#open -= 1;
    this.#emit('files', session);
  };
}

function described(file: KnownFile | undefined): DescribedFile | undefined {
  if (file === undefined || file.path === null) return undefined;
  const { text, hex } = textOf(file.path);
  const { dev, inode, fileType } = file;
  return { path: text, pathHex: hex ?? null, pathResolved: true, dirfd: null, dev, inode, fileType };
}

const epoch: Instant = { ms: 0, ns: 0 };

function stampOf(event: { readonly ms: number }): Instant {
  return { ms: event.ms, ns: 0 };
}
