/** The file sessions that are open: begun, changed, ended, and written down. */

import { type FileCollection, type FileSession, instantOfNs, type RunOrigin } from '@godo/evidence';
import type { Looked } from './descriptor-table.ts';
import type { OpenSessions } from './found-descriptors.ts';
import { type AskForFile, MappedSessions } from './mapped-sessions.ts';
import { MissedCalls } from './missed-calls.ts';
import type { ProcessState } from './process-table.ts';
import type { RecordingChoice } from './recording-choice.ts';
import { type Opened, TrackedSession } from './tracked-session.ts';
import type { UnsureSessions } from './unsure-descriptors.ts';

export type EmitFile = (collection: FileCollection, session: FileSession) => void;

/** By then audit has told of all that was before. */
const settlingMs = 3_000;

export class OpenFileSessions implements OpenSessions, UnsureSessions {
  readonly choice: RecordingChoice;
  readonly missed = new MissedCalls();
  readonly mapped: MappedSessions;
  count = 0;
  readonly #origin: RunOrigin;
  readonly #emit: EmitFile;
  /** Sessions that changed since they were last written down, in the order in which they did so first. */
  readonly #dirty = new Set<TrackedSession>();
  #turn = 1;

  /** @param ask null: nobody can look at files. */
  constructor(origin: RunOrigin, choice: RecordingChoice, emit: EmitFile, ask: AskForFile | null) {
    this.#origin = origin;
    this.choice = choice;
    this.#emit = emit;
    this.mapped = new MappedSessions({
      ask,
      settled: (session) => this.#writeDown(session),
      changed: (session) => this.changed(session),
    });
  }

  begin(process: ProcessState, fd: number, closeOnExec: boolean, opened: Opened, looked: Looked | null = null): void {
    const session = new TrackedSession(opened, {
      origin: this.#origin,
      key: process.key,
      tgid: process.tgid,
      containerId: process.containerId ?? null,
      fd,
    });
    process.descriptors.set(fd, session, closeOnExec, this.missed.epochOf(opened.opened.ms), looked);
    this.choice.uses(process, session);
    this.changed(session);
    this.count += 1;
  }

  changed(session: TrackedSession): void {
    if (session.unwrittenSince !== 0) return;
    session.unwrittenSince = this.#turn;
    this.#dirty.add(session);
  }

  /** What changes from now on does so in another turn, whose number is higher. */
  nextTurn(): number {
    this.#turn += 1;
    return this.#turn;
  }

  /** The turn of the first change that is not written down yet; null: all is. */
  get unwrittenSince(): number | null {
    const [oldest] = this.#dirty;
    return oldest?.unwrittenSince ?? null;
  }

  /** There was none: it is not written down. */
  readonly forgotten = (session: TrackedSession): void => {
    this.#isWritten(session);
    this.count -= 1;
  };

  readonly ended = (session: TrackedSession): void => {
    this.count -= 1;
    if (session.refuted) {
      this.#isWritten(session);
    } else if (session.mapped === null) {
      this.#writeDown(session);
    } else {
      this.changed(session);
      this.mapped.end(session);
    }
  };

  /** Writes down what is open and changed since the last time. */
  checkpoint(timeNs: bigint): void {
    const at = instantOfNs(timeNs);
    this.missed.isNow(at.ms);
    if (!this.mapped.isEmpty) this.mapped.checkpoint(at.ms);
    for (const session of this.#dirty) {
      if (session.refuted) {
        this.#isWritten(session);
        continue;
      }
      // Until audit has told of what was before the look, it may be taken back.
      if (session.foundMs !== null && at.ms - session.foundMs < settlingMs) continue;
      if (this.choice.isInScope(session)) this.#emit('fds', session.stateAt(at));
      this.#isWritten(session);
    }
  }

  #isWritten(session: TrackedSession): void {
    session.unwrittenSince = 0;
    this.#dirty.delete(session);
  }

  #writeDown(session: TrackedSession): void {
    this.#isWritten(session);
    if (!session.refuted && this.choice.keeps(session)) this.#emit('files', session);
  }
}
