/**
 * File sessions and the descriptors that hold them. A session belongs to an open file description, which dup and fork
 * share; it ends when the last descriptor that refers to it is gone.
 */

import { type ClosedBy, compareInstants, type Instant } from '@godo/evidence';
import { coarseClockMs } from './coarse-clock.ts';
import { DirectoryDescriptors } from './directory-descriptors.ts';
import type { DescribedFile } from './operation-document.ts';
import type { TrackedSession } from './tracked-session.ts';

export interface Descriptor {
  readonly session: TrackedSession;
  closeOnExec: boolean;
  /** null: what it refers to was told, or inherited. */
  looked: Looked | null;
  /** Of what tells that it refers to that session (missed-calls.ts). */
  epoch: number;
}

/** /proc told what a descriptor refers to: calls from before that moment, told after it, take it back. */
export interface Looked {
  readonly ms: number;
  /** The whole session is from there; that it shares another's; which file the session that a call began is of. */
  readonly told: 'session' | 'sharing' | 'file';
}

/** What /proc told of a descriptor that refers to no recorded session. */
export interface Elsewhere {
  closeOnExec: boolean;
  /** Nobody can tell any more what it refers to. */
  readonly lost: boolean;
  /** ms; -Infinity: inherited. */
  readonly foundMs: number;
  /** A file that is not open for writing. */
  readonly file: DescribedFile | null;
  /** To it since then. */
  writes: number;
  bytes: number;
}

/** Told when a session has lost its last descriptor. */
export type SessionEnded = (session: TrackedSession) => void;

/**
 * The descriptors of a process, or of several that share them (CLONE_FILES), that refer to a recorded session. Of others it
 * holds those that were looked up.
 */
export class DescriptorTable {
  readonly #descriptors = new Map<number, Descriptor>();
  /** Those that names may hang on. */
  readonly directories = new DirectoryDescriptors();
  /** The process has a ring of io_uring: what sessions are warned of that come to it from now on. */
  warning: string | null = null;
  /** null: none yet. */
  #elsewhere: Map<number, Elsewhere> | null = null;
  #owners = 1;

  get isShared(): boolean {
    return this.#owners > 1;
  }

  share(): this {
    this.#owners += 1;
    return this;
  }

  /** One of those that share it goes, or gets a table of its own. */
  leave(): void {
    this.#owners -= 1;
  }

  /** For one of those that share it: a table of its own. */
  apart(): DescriptorTable {
    if (!this.isShared) return this;
    const own = new DescriptorTable();
    this.copyTo(own);
    this.leave();
    return own;
  }

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

  entries(): IterableIterator<[number, Descriptor]> {
    return this.#descriptors.entries();
  }

  elsewhere(fd: number): Elsewhere | undefined {
    return this.#elsewhere?.get(fd);
  }

  /** A copy. */
  elsewheres(): [number, Elsewhere][] {
    return this.#elsewhere === null ? [] : [...this.#elsewhere];
  }

  /** `fd` must refer to no session. */
  setElsewhere(fd: number, what: Elsewhere): void {
    this.#elsewhere ??= new Map();
    this.#elsewhere.set(fd, what);
  }

  forgetElsewhere(fd: number): void {
    this.#elsewhere?.delete(fd);
  }

  /** Calls may have been missed that gave numbers away. */
  forgetAllElsewhere(): void {
    this.#elsewhere = null;
  }

  /** Refers `fd` to a session. What it referred to before must have been released. */
  set(fd: number, session: TrackedSession, closeOnExec: boolean, epoch: number, looked: Looked | null = null): void {
    session.references += 1;
    if (this.warning !== null) session.warn(this.warning);
    this.#descriptors.set(fd, { session, closeOnExec, looked, epoch });
    this.#elsewhere?.delete(fd);
  }

  /** The number is given up. */
  release(fd: number, at: Instant, by: ClosedBy, ended: SessionEnded): void {
    const descriptor = this.#descriptors.get(fd);
    if (descriptor === undefined) {
      this.#elsewhere?.delete(fd);
      return;
    }
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

  /** exec: descriptors marked close-on-exec go, if `concerns` holds for them, and so do all rings of io_uring. */
  releaseOnExec(at: Instant, concerns: (descriptor: Descriptor) => boolean, ended: SessionEnded): void {
    for (const [fd, descriptor] of [...this.#descriptors]) {
      if (descriptor.closeOnExec && concerns(descriptor)) this.release(fd, at, 'exec', ended);
    }
    for (const [fd, { closeOnExec, lost }] of this.elsewheres()) if (closeOnExec || lost) this.forgetElsewhere(fd);
    this.warning = null;
  }

  /** fork without CLONE_FILES: the child gets descriptors of its own to the same sessions; those it has already stay. */
  copyTo(child: DescriptorTable): void {
    this.directories.copyTo(child.directories);
    for (const [fd, { session, closeOnExec, epoch }] of this.#descriptors) {
      if (child.get(fd) === undefined) child.set(fd, session, closeOnExec, epoch);
    }
    if (this.#elsewhere === null) return;
    for (const [fd, { closeOnExec, lost, file }] of this.#elsewhere) {
      if (lost || child.get(fd) !== undefined || child.elsewhere(fd) !== undefined) continue;
      child.setElsewhere(fd, { closeOnExec, lost, file, foundMs: Number.NEGATIVE_INFINITY, writes: 0, bytes: 0 });
    }
  }

  /**
   * Becomes what a child has made of its copy, which turns out to be no copy. `all`: nobody else has changed this one since,
   * so that what the child does not have is gone.
   */
  become(child: DescriptorTable, all: boolean, ended: SessionEnded): void {
    const theirs = [...child.#descriptors];
    const kept = new Set<number>();
    for (const [fd, { session, closeOnExec, looked, epoch }] of theirs) {
      kept.add(fd);
      if (this.get(fd)?.session === session) continue;
      this.release(fd, never, 'unseen', ended);
      this.set(fd, session, closeOnExec, epoch, looked);
    }
    for (const fd of all ? this.numbers() : []) if (!kept.has(fd)) this.release(fd, never, 'unseen', ended);
    if (all) this.directories.clear();
    child.directories.copyTo(this.directories);
    for (const [fd] of theirs) child.release(fd, never, 'unseen', ended);
    for (const [fd, what] of child.elsewheres()) if (this.get(fd) === undefined) this.setElsewhere(fd, what);
  }

  sessions(): TrackedSession[] {
    return [...this.#descriptors.values()].map((descriptor) => descriptor.session);
  }
}

/** Later than nothing: what was given up before says when and how. */
const never: Instant = { ms: 0, ns: 0 };

function isWithinLag(earlier: Instant, later: Instant): boolean {
  const ms = later.ms - earlier.ms;
  return ms < coarseClockMs || (ms === coarseClockMs && later.ns < earlier.ns);
}
