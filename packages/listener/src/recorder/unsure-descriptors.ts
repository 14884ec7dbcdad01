/**
 * Descriptors in whose time calls were missed. A close and the next open may have been among them, and then the number is
 * another file's now: at its next use it is looked up, once. What cannot be told is said of its session.
 */

import { isMissedCallsWarning, missedCallsWarning } from '@godo/evidence';
import { openFlag } from '../audit/syscalls.ts';
import type { FoundFile } from '../events.ts';
import { coarseClockMs } from './coarse-clock.ts';
import type { Descriptor, SessionEnded } from './descriptor-table.ts';
import { nanosecondsPerMs } from './documents.ts';
import { type FoundDescriptors, msOf } from './found-descriptors.ts';
import { missedOpenWarning } from './found-file.ts';
import type { MissedCalls } from './missed-calls.ts';
import type { ProcessState } from './process-table.ts';
import type { TrackedSession } from './tracked-session.ts';

/** What a look this much later shows is most likely not what was written to then, where numbers are given out quickly. */
const longestLagMs = 2_000;

export interface UnsureSessions {
  readonly ended: SessionEnded;
  changed(session: TrackedSession): void;
}

export class UnsureDescriptors {
  readonly #missed: MissedCalls;
  readonly #found: FoundDescriptors;
  readonly #sessions: UnsureSessions;

  constructor(missed: MissedCalls, found: FoundDescriptors, sessions: UnsureSessions) {
    this.#missed = missed;
    this.#found = found;
    this.#sessions = sessions;
  }

  /** A call with the stamp `ms` uses it. Afterwards the number refers to what it does, as far as that can be told. */
  settle(process: ProcessState, fd: number, held: Descriptor, ms: number): void {
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
      if (!this.#found.mayLookLater(process)) held.epoch = this.#missed.epoch;
      return;
    }
    const verdict = found.file === null ? 'unknown' : compare(session, found.file);
    if (verdict !== 'other') {
      if (verdict === 'unknown') this.#warn(session, since);
      held.epoch = this.#missed.epoch;
      return;
    }
    if (msOf(found.timeNs) - ms > longestLagMs) {
      this.#warn(session, since);
      return;
    }
    this.#warn(session, since, true);
    process.descriptors.release(fd, { ms, ns: 0 }, 'unseen', this.#sessions.ended);
    this.#found.learn(process, fd, found, missedOpenWarning);
  }

  /** It is given up by a call with that stamp: nobody can look any more. */
  leaving({ session, epoch }: Descriptor, ms: number): void {
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

  #warn(session: TrackedSession, sinceMs: number, foundOther = false): void {
    // The first one says since when, and more would say no more.
    if (session.warnings?.some(isMissedCallsWarning)) return;
    session.warn(missedCallsWarning(BigInt(sinceMs) * nanosecondsPerMs, foundOther));
    this.#sessions.changed(session);
  }
}

/**
 * Whether what /proc shows is the file of a session. On btrfs and overlays /proc may tell another device than audit does,
 * and another inode: what only one of them tells is no difference.
 */
function compare(session: TrackedSession, file: FoundFile): 'same' | 'other' | 'unknown' {
  if (session.inode === null || file.inode === null) return 'unknown';
  const path = Buffer.from(file.path, 'latin1');
  const hasPath =
    session.pathHex === null ? session.path === path.toString('utf8') : session.pathHex === path.toString('hex');
  const hasDevice = session.dev === null || file.dev === null || session.dev === file.dev;
  if (session.inode !== file.inode) return hasPath && !hasDevice ? 'unknown' : 'other';
  if (!hasDevice && !hasPath) return 'unknown';
  return isOpenAlike(session.flags, file.flags) ? 'same' : 'other';
}

/** Other flags of a descriptor can be changed while it is open. */
function isOpenAlike(one: number | null, other: number | null): boolean {
  return one === null || other === null || (one & openFlag.accessMode) === (other & openFlag.accessMode);
}
