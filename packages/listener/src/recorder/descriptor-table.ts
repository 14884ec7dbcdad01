/**
 * File sessions and the descriptors that hold them. A session belongs to an open file description, which dup and fork
 * share; it ends when the last descriptor that refers to it is gone.
 */

import type { ClosedBy } from '@godo/evidence';
import type { BinaryString, OpenEvent } from '../events.ts';
import { coarseClockNs } from './coarse-clock.ts';

export interface WriteTotals {
  count: number;
  bytes: number;
  firstNs: bigint;
  lastNs: bigint;
}

/** One open … close of one file. */
export interface FileSession {
  readonly id: string;
  readonly path: BinaryString | null;
  readonly pathResolved: boolean;
  readonly dirfd: number | null;
  readonly dev: string | null;
  readonly inode: string | null;
  readonly fileType: OpenEvent['fileType'];
  readonly flags: number | null;
  readonly access: OpenEvent['access'];
  readonly created: boolean;
  readonly key: string;
  readonly tgid: number;
  readonly fd: number;
  readonly comm: BinaryString | null;
  readonly exe: BinaryString | null;
  readonly containerId: string | null;
  readonly openedBefore: boolean;
  readonly openedNs: bigint;
  readonly warnings: readonly string[];
  /** By process key, in order of the first write. */
  readonly writers: Map<string, WriteTotals>;
  /** How many descriptors refer to it. */
  references: number;
  /** Latest moment at which a descriptor of it was given up, and how. */
  releasedNs: bigint;
  releasedBy: ClosedBy | null;
  /** The process that did, by its table. */
  releasedFrom: DescriptorTable | null;
}

export interface Descriptor {
  readonly session: FileSession;
  closeOnExec: boolean;
}

/** Told when a session has lost its last descriptor. */
export type SessionEnded = (session: FileSession) => void;

/** The descriptors of one process that refer to a recorded session; those of other files are not in it. */
export class DescriptorTable {
  readonly #descriptors = new Map<number, Descriptor>();

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
  set(fd: number, session: FileSession, closeOnExec: boolean): void {
    session.references += 1;
    this.#descriptors.set(fd, { session, closeOnExec });
  }

  release(fd: number, timeNs: bigint, by: ClosedBy, ended: SessionEnded): void {
    const descriptor = this.#descriptors.get(fd);
    if (descriptor === undefined) return;
    this.#descriptors.delete(fd);
    const { session } = descriptor;
    session.references -= 1;
    // The stamp of a call lags behind, the time of an exit does not: who waits for a child and then closes the file seems
    // to have closed it before the child's exit. Within that lag another process's call is taken for the later one.
    const byCall = session.releasedBy !== null && session.releasedBy !== 'exit' && session.releasedFrom !== this;
    const overtaken = by === 'exit' && byCall && timeNs - session.releasedNs < coarseClockNs;
    if (session.releasedBy === null || (timeNs >= session.releasedNs && !overtaken)) {
      session.releasedBy = by;
      session.releasedFrom = this;
    }
    if (timeNs > session.releasedNs) session.releasedNs = timeNs;
    if (session.references === 0) ended(session);
  }

  releaseAll(timeNs: bigint, by: ClosedBy, ended: SessionEnded): void {
    for (const fd of [...this.#descriptors.keys()]) this.release(fd, timeNs, by, ended);
  }

  /** exec: descriptors marked close-on-exec go, if `concerns` holds for them. */
  releaseOnExec(timeNs: bigint, concerns: (descriptor: Descriptor) => boolean, ended: SessionEnded): void {
    for (const [fd, descriptor] of [...this.#descriptors]) {
      if (descriptor.closeOnExec && concerns(descriptor)) this.release(fd, timeNs, 'exec', ended);
    }
  }

  /** fork without CLONE_FILES: the child gets descriptors of its own to the same sessions; those it has already stay. */
  copyTo(child: DescriptorTable): void {
    for (const [fd, { session, closeOnExec }] of this.#descriptors) {
      if (child.get(fd) === undefined) child.set(fd, session, closeOnExec);
    }
  }

  sessions(): FileSession[] {
    return [...this.#descriptors.values()].map((descriptor) => descriptor.session);
  }
}

export function countWrite(session: FileSession, key: string, bytes: number, timeNs: bigint): void {
  const totals = session.writers.get(key);
  if (totals === undefined) {
    session.writers.set(key, { count: 1, bytes, firstNs: timeNs, lastNs: timeNs });
    return;
  }
  totals.count += 1;
  totals.bytes += bytes;
  if (timeNs < totals.firstNs) totals.firstNs = timeNs;
  if (timeNs > totals.lastNs) totals.lastNs = timeNs;
}
