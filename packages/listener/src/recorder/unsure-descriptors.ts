/**
 * Descriptors in whose time calls were missed. A close and the next open may have been among them, and then the number is
 * another file's now: at its next use it is looked up, once. A look shows what is there by then: where that is another
 * file, the number is that one's at the first use after the look. What cannot be told is said of its session.
 */

import { foundOtherWarning, instantOfNs, isMissedCallsWarning, missedCallsWarning } from '@godo/evidence';
import { openFlag } from '../audit/syscalls.ts';
import type { BinaryString, DescriptorFoundEvent, FoundFile } from '../events.ts';
import { coarseClockMs } from './coarse-clock.ts';
import type { Descriptor, SessionEnded } from './descriptor-table.ts';
import { nanosecondsPerMs } from './documents.ts';
import { type FoundDescriptors, msOf } from './found-descriptors.ts';
import { missedOpenWarning } from './found-file.ts';
import type { MissedCalls } from './missed-calls.ts';
import type { ProcessState } from './process-table.ts';
import type { TrackedSession } from './tracked-session.ts';

/** Of files that were renamed: of more, a look at one of the oldest makes its session unsure. */
const mostRenamed = 4096;

/** ms of stamps between two uses that are looked at, where there was no time for the first look. */
const pauseMs = 100;

/** What was asked of a descriptor that is not settled. */
interface Asked {
  /** Stamp of the call for which it was asked. */
  readonly ms: number;
  /** The file is another one; null: there was no time to look. */
  readonly other: DescriptorFoundEvent | null;
  /** The session that the other file's descriptor shared then. */
  readonly shared: TrackedSession | null;
  /** ms. */
  readonly since: number;
}

export interface UnsureSessions {
  readonly ended: SessionEnded;
  changed(session: TrackedSession): void;
}

export class UnsureDescriptors {
  readonly #missed: MissedCalls;
  readonly #found: FoundDescriptors;
  readonly #sessions: UnsureSessions;
  readonly #asked = new WeakMap<Descriptor, Asked>();
  /** The latest path of each, by its inode. */
  readonly #renamed = new Map<string, BinaryString>();

  constructor(missed: MissedCalls, found: FoundDescriptors, sessions: UnsureSessions) {
    this.#missed = missed;
    this.#found = found;
    this.#sessions = sessions;
  }

  /** A call with the stamp `ms` uses it. Afterwards the number refers to what it does, as far as that can be told. */
  settle(process: ProcessState, fd: number, held: Descriptor, ms: number): void {
    const asked = this.#asked.get(held);
    if (asked !== undefined && asked.other !== null) {
      if (isKnownBy(asked.other, ms)) this.#switch(process, fd, asked, asked.other, ms);
      return;
    }
    if (asked !== undefined && Math.abs(ms - asked.ms) < pauseMs) return;
    const { session } = held;
    const since = this.#missed.since(held.epoch, session.opened.ms);
    if (since === null) {
      held.epoch = this.#missed.epoch;
      return;
    }
    // Told late: calls were missed only after it.
    if (ms + coarseClockMs < since) return;
    const found = this.#found.find(process, fd);
    if (found === null) {
      this.#warn(session, since);
      if (this.#found.mayLookLater(process)) this.#asked.set(held, { ms, other: null, shared: null, since });
      else held.epoch = this.#missed.epoch;
      return;
    }
    const verdict = found.file === null ? 'unknown' : this.#compare(session, found.file);
    if (verdict !== 'same') this.#warn(session, since);
    if (verdict !== 'other') {
      held.epoch = this.#missed.epoch;
      return;
    }
    // Between that call and the look the number may have been given out again by calls that are yet to be told.
    this.#asked.set(held, { ms, other: found, shared: this.#found.sharedWith(found), since });
  }

  /** All that was done before the look has been told, and nothing of it gave the number away. */
  #switch(process: ProcessState, fd: number, { shared, since }: Asked, other: DescriptorFoundEvent, ms: number): void {
    const { descriptors } = process;
    const held = descriptors.get(fd);
    if (held === undefined) return;
    this.#warn(held.session, since, true);
    descriptors.release(fd, instantOfNs(other.timeNs), 'unseen', this.#sessions.ended);
    // The descriptor that it was compared with may have been given away before the look as well.
    const isShared = shared !== null && shared === this.#found.sharedWith(other);
    this.#found.learn(process, fd, other, missedOpenWarning, isShared ? shared : null);
    const next = descriptors.get(fd);
    if (next !== undefined && next.epoch !== this.#missed.epoch) this.settle(process, fd, next, ms);
  }

  /** A recorded call gave the file that path. */
  renamed(inode: string | null, path: BinaryString): void {
    if (inode === null) return;
    this.#renamed.delete(inode);
    this.#renamed.set(inode, path);
    if (this.#renamed.size <= mostRenamed) return;
    for (const oldest of this.#renamed.keys()) {
      this.#renamed.delete(oldest);
      return;
    }
  }

  /** It is given up by a call with that stamp: nobody can look any more. */
  leaving(held: Descriptor, ms: number): void {
    const { session, epoch } = held;
    const asked = this.#asked.get(held);
    if (asked !== undefined) {
      if (asked.other !== null && isKnownBy(asked.other, ms)) this.#warn(session, asked.since, true);
      return;
    }
    const since = this.#missed.since(epoch, session.opened.ms);
    if (since !== null && ms + coarseClockMs >= since) this.#warn(session, since);
  }

  /** The same of all of a process that `concerns` holds for. */
  leavingAll({ descriptors }: ProcessState, ms: number, concerns: (held: Descriptor) => boolean = () => true): void {
    // Nothing was missed on most hosts.
    if (this.#missed.epoch === 0) return;
    for (const [, held] of descriptors.entries()) {
      if (held.epoch !== this.#missed.epoch && concerns(held)) this.leaving(held, ms);
    }
  }

  /** Nothing more will be told of what is open. */
  finish(all: Iterable<ProcessState>): void {
    if (this.#missed.epoch === 0) return;
    for (const process of all) this.leavingAll(process, Number.POSITIVE_INFINITY);
  }

  /**
   * Whether what /proc shows is the file of a session. On btrfs and overlays /proc may tell another device than audit does,
   * and another inode: what only one of them tells is no difference. The inode of a file that is gone may be given to the
   * next one that is made (ext4).
   */
  #compare(session: TrackedSession, file: FoundFile): 'same' | 'other' | 'unknown' {
    if (session.inode === null || file.inode === null) return 'unknown';
    const path = Buffer.from(file.path, 'latin1');
    const hasPath =
      session.pathHex === null ? session.path === path.toString('utf8') : session.pathHex === path.toString('hex');
    const hasDevice = session.dev === null || file.dev === null || session.dev === file.dev;
    if (session.inode !== file.inode) return hasPath && !hasDevice ? 'unknown' : 'other';
    if (!isOpenAlike(session.flags, file.flags)) return hasPath || hasDevice ? 'other' : 'unknown';
    if (hasPath) return 'same';
    return hasDevice && this.#renamed.get(file.inode) === file.path ? 'same' : 'unknown';
  }

  #warn(session: TrackedSession, sinceMs: number, foundOther = false): void {
    // The first one says since when, and more would say no more.
    const first = session.warnings?.find(isMissedCallsWarning);
    if (first === undefined) session.warn(missedCallsWarning(BigInt(sinceMs) * nanosecondsPerMs, foundOther));
    else if (foundOther) session.replaceWarning(first, foundOtherWarning(first));
    else return;
    this.#sessions.changed(session);
  }
}

/** Whether the look was before a call with that stamp, which lies before its moment. */
function isKnownBy({ timeNs }: DescriptorFoundEvent, ms: number): boolean {
  return ms > msOf(timeNs);
}

/** Other flags of a descriptor can be changed while it is open. */
function isOpenAlike(one: number | null, other: number | null): boolean {
  return one === null || other === null || (one & openFlag.accessMode) === (other & openFlag.accessMode);
}
