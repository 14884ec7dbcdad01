/** What the number of a descriptor refers to when a call uses it, gives it out, or gives it up. */

import type { ClosedBy, Instant } from '@godo/evidence';
import type { MadeEvent, OpenEvent, PipeEvent } from '../events.ts';
import { coarseClockMs } from './coarse-clock.ts';
import type { DescriptorLookUps } from './descriptor-look-ups.ts';
import type { Descriptor } from './descriptor-table.ts';
import { FoundDescriptors } from './found-descriptors.ts';
import type { OpenFileSessions } from './open-file-sessions.ts';
import type { ProcessState } from './process-table.ts';
import { UnsureDescriptors } from './unsure-descriptors.ts';

export class DescriptorNumbers {
  readonly sessions: OpenFileSessions;
  /** Of descriptors that nothing told of. */
  readonly found: FoundDescriptors;
  readonly unsure: UnsureDescriptors;

  /** @param lookUps null: what nothing told of cannot be looked up, and need not be spoken of. */
  constructor(runId: string, sessions: OpenFileSessions, lookUps: DescriptorLookUps | null) {
    this.sessions = sessions;
    this.found = new FoundDescriptors(runId, lookUps, sessions);
    this.unsure = new UnsureDescriptors(sessions.missed, this.found, sessions);
  }

  /** What a descriptor refers to; where calls were missed since that was told, /proc is asked. */
  settled(process: ProcessState, fd: number, ms: number): Descriptor | undefined {
    const held = process.descriptors.get(fd);
    if (held !== undefined && held.epoch !== this.sessions.missed.epoch) this.unsure.settle(process, fd, held, ms);
    return process.descriptors.get(fd);
  }

  /** The number is another file's now. */
  giveOut(process: ProcessState, fd: number, event: OpenEvent | MadeEvent | PipeEvent): void {
    const { ms } = event;
    let held = process.descriptors.get(fd);
    if (held === undefined || held.looked !== null) {
      this.found.correct(process, fd, ms);
      held = process.descriptors.get(fd);
    }
    if (held === undefined) process.descriptors.forgetElsewhere(fd);
    else if (isOlderThanSnapshot(process, held, ms)) this.#forget(process, fd);
    else this.giveUp(process, fd, held, stampOf(event), 'unseen');
  }

  /** `held`: what it refers to, as far as is known. */
  giveUp(process: ProcessState, fd: number, held: Descriptor | undefined, at: Instant, by: ClosedBy): void {
    if (held !== undefined && held.epoch !== this.sessions.missed.epoch) this.unsure.leaving(held, at.ms);
    process.descriptors.release(fd, at, by, this.sessions.ended);
  }

  /** Drops a descriptor of the snapshot for which the open call itself has now been seen. */
  #forget(process: ProcessState, fd: number): void {
    process.descriptors.release(fd, epoch, 'unseen', this.sessions.forgotten);
  }
}

/** A call from before the snapshot was about what the number meant then, not about what the snapshot saw. */
export function isOlderThanSnapshot(process: ProcessState, held: Descriptor, ms: number): boolean {
  return held.session.openedBefore && process.snapshotMs !== null && ms + coarseClockMs < process.snapshotMs;
}

const epoch: Instant = { ms: 0, ns: 0 };

export function stampOf(event: { readonly ms: number }): Instant {
  return { ms: event.ms, ns: 0 };
}
