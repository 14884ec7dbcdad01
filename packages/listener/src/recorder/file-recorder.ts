/** Follows descriptors through open, dup, write, close, fork, exec and exit, and emits file sessions. */

import { type ClosedBy, type FileSessionDocument, isoTime } from '@godo/evidence';
import { openFlag, openForWriteMask } from '../audit/syscalls.ts';
import type {
  CloseEvent,
  CloseRangeEvent,
  DescriptorFlagsEvent,
  DupEvent,
  OpenEvent,
  SnapshotEvent,
  WriteEvent,
} from '../events.ts';
import { coarseClockMs } from './coarse-clock.ts';
import { countWrite, type Descriptor, type FileSession } from './descriptor-table.ts';
import { auditId, fileDocument, nanosecondsPerMs, type RunOrigin } from './documents.ts';
import type { ProcessState } from './process-table.ts';

export type EmitFile = (collection: 'files' | 'fds', document: FileSessionDocument) => void;

export class FileRecorder {
  readonly #origin: RunOrigin;
  readonly #emit: EmitFile;
  /** Open sessions that changed since they were last written down. */
  readonly #dirty = new Set<FileSession>();
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

  open(process: ProcessState, event: OpenEvent): void {
    const timeNs = BigInt(event.ms) * nanosecondsPerMs;
    const held = process.descriptors.get(event.fd);
    if (held !== undefined) {
      if (held.session.openedBefore && this.#seenBySnapshot(process, event.ms)) this.#forget(process, event.fd);
      else process.descriptors.release(event.fd, timeNs, 'unseen', this.#ended);
    }
    if (event.flags !== null && ((event.flags & openForWriteMask) === 0 || (event.flags & openFlag.path) !== 0)) return;
    this.#begin(process, event.fd, event.closeOnExec, {
      id: auditId(this.#origin.bootId, event),
      path: event.path,
      pathResolved: event.pathResolved,
      dirfd: event.dirfd,
      dev: event.dev,
      inode: event.inode,
      fileType: event.fileType,
      flags: event.flags,
      access: event.access,
      created: event.created,
      comm: event.caller.comm,
      exe: event.caller.exe,
      openedBefore: false,
      openedNs: timeNs,
      warnings: event.warnings ?? [],
    });
  }

  /** Files that were open for writing when the listener started. */
  adopt(process: ProcessState, event: SnapshotEvent): void {
    for (const file of event.files) {
      this.#begin(process, file.fd, file.closeOnExec, {
        id: `${this.#origin.sessionId}:open:${process.tgid}.${process.startTicks}.${file.fd}`,
        path: file.path,
        pathResolved: true,
        dirfd: null,
        dev: file.dev,
        inode: file.inode,
        fileType: file.fileType,
        flags: file.flags,
        access: file.access,
        created: false,
        comm: process.comm,
        exe: process.exe,
        openedBefore: true,
        openedNs: event.timeNs,
        warnings: [],
      });
    }
  }

  close(process: ProcessState, event: CloseEvent): void {
    const held = process.descriptors.get(event.fd);
    if (held !== undefined && this.#isOlderThanSnapshot(process, held, event.ms)) return;
    process.descriptors.release(event.fd, BigInt(event.ms) * nanosecondsPerMs, 'close', this.#ended);
  }

  closeRange(process: ProcessState, event: CloseRangeEvent): void {
    for (const fd of process.descriptors.numbers()) {
      // Numbers are compared unsigned: ~0 is the usual end of the range.
      if (fd >>> 0 < event.first || fd >>> 0 > event.last) continue;
      const held = process.descriptors.get(fd);
      if (held === undefined || this.#isOlderThanSnapshot(process, held, event.ms)) continue;
      if (event.onExec) held.closeOnExec = true;
      else process.descriptors.release(fd, BigInt(event.ms) * nanosecondsPerMs, 'close', this.#ended);
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
    countWrite(session, process.key, event.bytes, BigInt(event.ms) * nanosecondsPerMs);
    this.#dirty.add(session);
  }

  dup(process: ProcessState, event: DupEvent): void {
    if (event.from === event.to) return;
    const held = process.descriptors.get(event.to);
    if (held !== undefined && this.#isOlderThanSnapshot(process, held, event.ms)) return;
    const by: ClosedBy = event.replaces ? 'dup' : 'unseen';
    process.descriptors.release(event.to, BigInt(event.ms) * nanosecondsPerMs, by, this.#ended);
    const from = process.descriptors.get(event.from);
    if (from !== undefined) process.descriptors.set(event.to, from.session, event.closeOnExec);
  }

  setFlags(process: ProcessState, event: DescriptorFlagsEvent): void {
    const held = process.descriptors.get(event.fd);
    if (held !== undefined) held.closeOnExec = event.closeOnExec;
  }

  exec(process: ProcessState, ms: number): void {
    process.descriptors.releaseOnExec(
      BigInt(ms) * nanosecondsPerMs,
      (descriptor) => !this.#isOlderThanSnapshot(process, descriptor, ms),
      this.#ended,
    );
  }

  exit(process: ProcessState, timeNs: bigint): void {
    process.descriptors.releaseAll(timeNs, 'exit', this.#ended);
  }

  /** Writes down what is open and changed since the last time. */
  checkpoint(timeNs: bigint): void {
    for (const session of this.#dirty) {
      this.#emit('fds', {
        ...fileDocument(this.#origin, session),
        _id: `${session.id}@${timeNs}`,
        checkpointNs: timeNs,
        checkpoint: isoTime(timeNs),
      });
    }
    this.#dirty.clear();
  }

  #begin(
    process: ProcessState,
    fd: number,
    closeOnExec: boolean,
    opened: Omit<
      FileSession,
      'key' | 'tgid' | 'fd' | 'containerId' | 'writers' | 'references' | 'releasedNs' | 'releasedBy' | 'releasedFrom'
    >,
  ): void {
    const session: FileSession = {
      ...opened,
      key: process.key,
      tgid: process.tgid,
      fd,
      containerId: process.containerId ?? null,
      writers: new Map(),
      references: 0,
      releasedNs: opened.openedNs,
      releasedBy: null,
      releasedFrom: null,
    };
    process.descriptors.set(fd, session, closeOnExec);
    this.#dirty.add(session);
    this.#open += 1;
  }

  /** Drops a descriptor of the snapshot for which the open call itself has now been seen. */
  #forget(process: ProcessState, fd: number): void {
    process.descriptors.release(fd, 0n, 'unseen', (session) => {
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

  readonly #ended = (session: FileSession): void => {
    this.#dirty.delete(session);
    this.#open -= 1;
    this.#emit('files', fileDocument(this.#origin, session));
  };
}
