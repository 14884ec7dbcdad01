/** Follows descriptors through open, dup, write, close, fork, exec and exit, and emits file sessions. */

import type { ClosedBy, OperationDocument, RunOrigin } from '@godo/evidence';
import { cloneFiles } from '../audit/syscalls.ts';
import type {
  BinaryString,
  CloseEvent,
  CloseRangeEvent,
  DescriptorFlagsEvent,
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
import type { DescriptorLookUps } from './descriptor-look-ups.ts';
import { DescriptorNumbers, isOlderThanSnapshot, stampOf } from './descriptor-numbers.ts';
import type { PathView } from './directory-descriptors.ts';
import { FileCloses } from './file-closes.ts';
import { FileOpens } from './file-opens.ts';
import { FileOperations } from './file-operations.ts';
import type { FoundDescriptors } from './found-descriptors.ts';
import { inherited } from './found-file.ts';
import type { AskForFile } from './mapped-sessions.ts';
import { NameResolver } from './name-resolver.ts';
import { type EmitFile, OpenFileSessions } from './open-file-sessions.ts';
import type { ProcessState } from './process-table.ts';
import type { RecordingChoice } from './recording-choice.ts';

export class FileRecorder {
  readonly #sessions: OpenFileSessions;
  readonly #numbers: DescriptorNumbers;
  readonly #names: NameResolver;
  readonly #opens: FileOpens;
  readonly #closes: FileCloses;
  readonly #operations: FileOperations;
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
    const sessions = new OpenFileSessions(origin, choice, emit, ask);
    const numbers = new DescriptorNumbers(origin.sessionId, sessions, lookUps);
    const names = new NameResolver(sessions.missed);
    const callers = new LastCaller();
    this.#sessions = sessions;
    this.#numbers = numbers;
    this.#names = names;
    this.#opens = new FileOpens(origin, numbers, names, callers);
    this.#closes = new FileCloses(numbers, names);
    this.#operations = new FileOperations(origin, numbers, names, callers);
    this.found = numbers.found;
  }

  get openSessions(): number {
    return this.#sessions.count;
  }

  /** See OpenFileSessions. */
  nextTurn(): number {
    return this.#sessions.nextTurn();
  }

  get unwrittenSince(): number | null {
    return this.#sessions.unwrittenSince;
  }

  get unresolvedNames(): number {
    return this.#names.unresolved;
  }

  /** As FileOpens has it. */
  open(process: ProcessState, event: OpenEvent, id: string | number = event.serial): void {
    this.#opens.open(process, event, id);
  }

  /** As FileOpens has it. */
  made(process: ProcessState, event: MadeEvent): void {
    this.#opens.made(process, event);
  }

  pipe(process: ProcessState, event: PipeEvent): void {
    this.#opens.pipe(process, event);
  }

  /** Files that were open for writing when the listener started. */
  adopt(process: ProcessState, event: SnapshotEvent): void {
    this.#opens.adopt(process, event);
  }

  close(process: ProcessState, event: CloseEvent): void {
    this.#closes.close(process, event);
  }

  closeRange(process: ProcessState, event: CloseRangeEvent): void {
    this.#closes.closeRange(process, event);
  }

  /** A call that moved no byte (the end of a sendfile loop) is no write. */
  write(process: ProcessState, event: WriteEvent): void {
    if (event.bytes <= 0) return;
    let held = process.descriptors.get(event.fd);
    if (held !== undefined && held.epoch !== this.#sessions.missed.epoch) {
      held = this.#numbers.settled(process, event.fd, event.ms);
    }
    const session = held?.session ?? this.found.written(process, event);
    if (session === undefined) return;
    session.countWrite(process.key, event.bytes, event.ms);
    this.#sessions.choice.uses(process, session);
    this.#sessions.changed(session);
    if (!this.#sessions.mapped.isEmpty) this.#sessions.mapped.changed(session.dev, session.inode, event.ms);
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
    const held = this.#numbers.settled(process, event.fd, event.ms);
    if (held === undefined || isOlderThanSnapshot(process, held, event.ms)) return;
    const { session } = held;
    // One that may not be written through the descriptor may not through the mapping either.
    if (session.access !== 'readwrite' && session.access !== 'unknown') return;
    this.#sessions.choice.uses(process, session);
    this.#sessions.mapped.map(process, session, event.writable, event.ms);
    this.#sessions.changed(session);
  }

  looked(event: FileLookEvent): void {
    this.#sessions.mapped.looked(event);
  }

  missed(time: MissedTime): void {
    this.#sessions.missed.add(time);
  }

  dup(process: ProcessState, event: DupEvent): void {
    if (event.from === event.to) return;
    this.#names.dup(process, event);
    const held = process.descriptors.get(event.to);
    if (held !== undefined && isOlderThanSnapshot(process, held, event.ms)) return;
    this.found.correct(process, event.to, event.ms);
    const by: ClosedBy = event.replaces ? 'dup' : 'unseen';
    this.#numbers.giveUp(process, event.to, held, stampOf(event), by);
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

  /** clone with CLONE_FILES: from here on what one of them does to a descriptor the other one has done too. */
  share(parent: ProcessState, child: ProcessState): void {
    // The child may have spoken first, for its parent is told of when its call is over: until then that has done nothing.
    if (child.copiesFrom === null) parent.descriptors.become(child.descriptors, !parent.threaded, this.#sessions.ended);
    child.copiesFrom = null;
    child.descriptors = parent.descriptors.share();
  }

  /** unshare(CLONE_FILES). Of a thread it is not told which one it was, and its process goes on as it was. */
  unshared(process: ProcessState, { flags }: UnshareEvent): void {
    if ((flags & cloneFiles) !== 0 && !process.threaded) process.descriptors = process.descriptors.apart();
  }

  exec(process: ProcessState, ms: number): void {
    this.#closes.exec(process, ms);
  }

  exit(process: ProcessState, timeNs: bigint): void {
    this.#closes.exit(process, timeNs);
  }

  /** Its document. `all`: the processes that live. */
  operation(process: ProcessState, event: OperationEvent, all: () => Iterable<ProcessState>): OperationDocument {
    return this.#operations.document(process, event, all);
  }

  /** The file that an exec asked for, by its absolute name where that can be told. */
  executed(process: ProcessState, event: ExecEvent): ExecEvent {
    return this.#names.executed(process, event);
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
    for (const session of process.descriptors.sessions()) if (session.warn(warning)) this.#sessions.changed(session);
  }

  checkpoint(timeNs: bigint): void {
    this.#sessions.checkpoint(timeNs);
  }

  /** Nothing more will be told: what waits is written down. `all`: the processes that live. */
  finish(all: Iterable<ProcessState>): void {
    this.#numbers.unsure.finish(all);
    this.#sessions.mapped.finish();
  }
}
