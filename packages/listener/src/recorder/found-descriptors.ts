/** What was looked up of descriptors that nothing told of: remembered, corrected where it proves wrong, and counted. */

import { type Instant, instantOfNs } from '@godo/evidence';
import type { DescriptorFoundEvent, HeldDescriptor, OpenEvent, WriteEvent } from '../events.ts';
import { coarseClockMs } from './coarse-clock.ts';
import { DescriptorLookUps, type HoldersOf } from './descriptor-look-ups.ts';
import type { Looked, SessionEnded } from './descriptor-table.ts';
import { textOrNull } from './document-text.ts';
import {
  deletedWarnings,
  foundWarning,
  isRecorded,
  isUnnamed,
  knownFile,
  lostDescriptor,
  unidentified,
  unknownFile,
} from './found-file.ts';
import type { MissedCalls } from './missed-calls.ts';
import type { ProcessState } from './process-table.ts';
import type { Opened, TrackedSession } from './tracked-session.ts';
import { UnresolvedWrites } from './unresolved-writes.ts';

/** Who keeps the sessions that are open. */
export interface OpenSessions {
  begin(process: ProcessState, fd: number, closeOnExec: boolean, opened: Opened, looked: Looked | null): void;
  readonly ended: SessionEnded;
  readonly missed: MissedCalls;
}

export class FoundDescriptors {
  /** Writes to what is no recorded file: sockets, pipes, terminals. Of a log: to all that no open tells of. */
  untracked = 0;
  readonly unresolved = new UnresolvedWrites();
  readonly #runId: string;
  readonly #lookUps: DescriptorLookUps;
  readonly #canLookUp: boolean;
  readonly #sessions: OpenSessions;
  #processes: () => Iterable<ProcessState> = () => [];

  /** @param lookUps null: what nothing told of cannot be looked up, and need not be spoken of. */
  constructor(runId: string, lookUps: DescriptorLookUps | null, sessions: OpenSessions) {
    this.#runId = runId;
    this.#canLookUp = lookUps !== null;
    this.#lookUps = lookUps ?? new DescriptorLookUps(null);
    this.#sessions = sessions;
  }

  /** Among whom others are looked for that have a file open. */
  lookThrough(processes: () => Iterable<ProcessState>): void {
    this.#processes = processes;
  }

  /** What /proc shows of it now; null: nobody could look. */
  find(process: ProcessState, fd: number): DescriptorFoundEvent | null {
    return this.#lookUps.find(process, fd, this.#holders);
  }

  /** Where `find` had nobody who could look: whether somebody may, the next time. */
  mayLookLater({ exitedNs, startTicks }: ProcessState): boolean {
    return this.#canLookUp && exitedNs === null && startTicks !== null;
  }

  areShared(child: ProcessState, parent: ProcessState): boolean {
    return this.#lookUps.areShared(child, parent);
  }

  /** A write to what is no recorded file, as far as is known: returns the session where it proves to be one. */
  written(process: ProcessState, { fd, bytes }: WriteEvent): TrackedSession | undefined {
    if (!this.#canLookUp) {
      this.untracked += 1;
      return undefined;
    }
    const { descriptors } = process;
    let what = descriptors.elsewhere(fd);
    if (what === undefined) {
      this.lookUp(process, fd);
      const held = descriptors.get(fd);
      if (held !== undefined) return held.session;
      what = descriptors.elsewhere(fd);
    }
    if (what === undefined || what.lost) {
      this.unresolved.add(process, 1, bytes);
      return undefined;
    }
    this.untracked += 1;
    what.writes += 1;
    what.bytes += bytes;
    return undefined;
  }

  /** Nothing is known of `fd`: afterwards it is, where that can be told. */
  lookUp(process: ProcessState, fd: number): void {
    if (!this.#canLookUp) return;
    const found = this.#lookUps.find(process, fd, this.#holders);
    if (found === null) {
      if (process.exitedNs !== null) process.descriptors.setElsewhere(fd, lostDescriptor());
      return;
    }
    this.learn(process, fd, found);
    if (found.file === null) return;
    // Children will inherit these, and may be gone before anybody can look.
    for (const standard of [0, 1, 2]) {
      const { descriptors } = process;
      if (descriptors.get(standard) !== undefined || descriptors.elsewhere(standard) !== undefined) continue;
      const other = this.#lookUps.find(process, standard);
      if (other?.file != null && !isRecorded(other.file)) this.learn(process, standard, other);
    }
  }

  /**
   * The number refers to what was found. `why`: how it came that nothing told of it. `shared`: the session that others of
   * its descriptors hold; null: none, or that is not sure.
   */
  learn(
    process: ProcessState,
    fd: number,
    found: DescriptorFoundEvent,
    why = foundWarning,
    shared = this.sharedWith(found),
  ): void {
    const { file } = found;
    const ms = msOf(found.timeNs);
    if (file === null) {
      process.descriptors.setElsewhere(fd, lostDescriptor());
      return;
    }
    if (!isRecorded(file)) {
      const { closeOnExec } = file;
      const known = file.path.startsWith('/') ? knownFile(file) : null;
      process.descriptors.setElsewhere(fd, { closeOnExec, lost: false, foundMs: ms, file: known, writes: 0, bytes: 0 });
      return;
    }
    if (shared !== null) {
      const epoch = this.#sessions.missed.epochOf(ms);
      process.descriptors.set(fd, shared, file.closeOnExec, epoch, { ms, told: 'sharing' });
      return;
    }
    const opened: Opened = {
      id: `${this.#runId}:found:${process.tgid}.${process.startTicks}.${fd}@${found.timeNs}`,
      ...knownFile(file),
      flags: file.flags,
      access: file.access,
      created: false,
      comm: textOrNull(process.comm),
      exe: textOrNull(process.exe),
      openedBefore: true,
      opened: instantOfNs(found.timeNs),
      warnings: [why, ...deletedWarnings(file)],
      foundMs: ms,
    };
    this.#sessions.begin(process, fd, file.closeOnExec, opened, { ms, told: 'session' });
  }

  readonly #holders: HoldersOf = (dev, inode) => {
    const holders: HeldDescriptor[] = [];
    const met = new Set<TrackedSession>();
    for (const { tgid, startTicks, descriptors } of this.#processes()) {
      if (startTicks === null || descriptors.size === 0) continue;
      for (const [fd, { session }] of descriptors.entries()) {
        if (session.inode !== inode || session.dev !== dev || met.has(session)) continue;
        met.add(session);
        holders.push({ tgid, startTicks, fd });
      }
    }
    return holders;
  };

  /** The session of another descriptor that was found to refer to the same open file description, as far as is told. */
  sharedWith({ sameAs }: DescriptorFoundEvent): TrackedSession | null {
    if (sameAs === undefined) return null;
    const { tgid, startTicks, fd } = sameAs;
    for (const process of this.#processes()) {
      if (process.tgid !== tgid || process.startTicks !== startTicks) continue;
      return process.descriptors.get(fd)?.session ?? null;
    }
    return null;
  }

  /** The inode of a file without a name is told by nobody else. */
  unnamedFile(process: ProcessState, { fd, dev }: OpenEvent): DescriptorFoundEvent | null {
    if (!this.#canLookUp) return null;
    const found = this.#lookUps.find(process, fd);
    const isIt = isUnnamed(found?.file?.flags ?? null) && (dev === null || found?.file?.dev === dev);
    return isIt ? found : null;
  }

  /**
   * A call that gives a number away is told after it was looked at, and was before: what was seen then came to the number
   * later, and whatever was written to it before went elsewhere.
   */
  correct(process: ProcessState, fd: number, ms: number): void {
    const { descriptors } = process;
    const held = descriptors.get(fd);
    if (held === undefined) {
      const what = descriptors.elsewhere(fd);
      if (what === undefined || ms + coarseClockMs >= what.foundMs) return;
      this.untracked -= what.writes;
      this.unresolved.add(process, what.writes, what.bytes);
      descriptors.forgetElsewhere(fd);
      return;
    }
    const { session, looked } = held;
    if (looked === null || ms + coarseClockMs >= looked.ms) return;
    if (looked.told === 'file') {
      Object.assign(session, unknownFile, { dirfd: session.dirfd, dev: session.dev, fileType: session.fileType });
      session.warn(unidentified);
      return;
    }
    if (looked.told === 'session') {
      session.refuted = true;
      this.unresolved.add(process, session.writes.count, session.writes.bytes);
    } else {
      const { count, bytes } = session.takeBackWrites(process.key);
      this.unresolved.add(process, count, bytes);
    }
    descriptors.release(fd, epoch, 'unseen', this.#sessions.ended);
  }
}

const epoch: Instant = { ms: 0, ns: 0 };

export function msOf(timeNs: bigint): number {
  return Number(timeNs / 1_000_000n);
}
