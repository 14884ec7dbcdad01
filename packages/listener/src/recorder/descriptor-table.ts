/**
 * File sessions and the descriptors that hold them. A session belongs to an open file description, which dup and fork
 * share; it ends when the last descriptor that refers to it is gone.
 */

import { type ClosedBy, compareInstants, type Instant } from '@godo/evidence';
import { coarseClockMs } from './coarse-clock.ts';
import { DirectoryDescriptors } from './directory-descriptors.ts';
import type { TrackedSession } from './tracked-session.ts';

export interface Descriptor {
  readonly session: TrackedSession;
  closeOnExec: boolean;
}

/** Told when a session has lost its last descriptor. */
export type SessionEnded = (session: TrackedSession) => void;

/** The descriptors of one process that refer to a recorded session; those of other files are not in it. */
export class DescriptorTable {
  readonly #descriptors = new Map<number, Descriptor>();
  /** Those that names may hang on. */
  readonly directories = new DirectoryDescriptors();

  get size(): number {
    return this.#descriptors.size;
  }

  /** A copy: it may be changed while one goes through it. */
  numbers(): number[] {
    return [...this.#descriptors.keys()];
  }

  get(fd: number): Descriptor | undefined {
    return this.#descriptors.get(fd);
  }

  /** Refers `fd` to a session. What it referred to before must have been released. */
  set(fd: number, session: TrackedSession, closeOnExec: boolean): void {
    session.references += 1;
    this.#descriptors.set(fd, { session, closeOnExec });
  }

  release(fd: number, at: Instant, by: ClosedBy, ended: SessionEnded): void {
    const descriptor = this.#descriptors.get(fd);
    if (descriptor === undefined) return;
    this.#descriptors.delete(fd);
    const { session } = descriptor;
    session.references -= 1;
    const later = compareInstants(at, session.released);
    // The stamp of a call lags behind, the time of an exit does not: who waits for a child and then closes the file seems
    // to have closed it before the child's exit. Within that lag another process's call is taken for the later one.
    const byCall = session.releasedBy !== null && session.releasedBy !== 'exit' && session.releasedFrom !== this;
    const overtaken = by === 'exit' && byCall && isWithinLag(session.released, at);
    if (session.releasedBy === null || (later >= 0 && !overtaken)) {
      session.releasedBy = by;
      session.releasedFrom = this;
    }
    if (later > 0) session.released = at;
    if (session.references > 0) return;
    session.end();
    ended(session);
  }

  releaseAll(at: Instant, by: ClosedBy, ended: SessionEnded): void {
    for (const fd of [...this.#descriptors.keys()]) this.release(fd, at, by, ended);
  }

  /** exec: descriptors marked close-on-exec go, if `concerns` holds for them. */
  releaseOnExec(at: Instant, concerns: (descriptor: Descriptor) => boolean, ended: SessionEnded): void {
    for (const [fd, descriptor] of [...this.#descriptors]) {
      if (descriptor.closeOnExec && concerns(descriptor)) this.release(fd, at, 'exec', ended);
    }
  }

  /** fork without CLONE_FILES: the child gets descriptors of its own to the same sessions; those it has already stay. */
  copyTo(child: DescriptorTable): void {
    this.directories.copyTo(child.directories);
    for (const [fd, { session, closeOnExec }] of this.#descriptors) {
      if (child.get(fd) === undefined) child.set(fd, session, closeOnExec);
    }
  }

  sessions(): TrackedSession[] {
    return [...this.#descriptors.values()].map((descriptor) => descriptor.session);
  }
}

function isWithinLag(earlier: Instant, later: Instant): boolean {
  const ms = later.ms - earlier.ms;
  return ms < coarseClockMs || (ms === coarseClockMs && later.ns < earlier.ns);
}
