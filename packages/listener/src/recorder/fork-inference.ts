/** Forks concluded from clone records and ppid, for evidence without a connector (an audit.log). */

import type { AuditEvent, CloneEvent } from '../events.ts';
import { coarseClockMs, type ProcessState } from './process-table.ts';

interface Clone {
  readonly parentTgid: number;
  readonly ms: number;
}

/** Clone records remembered until their child makes a call. */
const maxClones = 16_384;

/**
 * A clone record names the child as its caller's pid namespace numbers it, which inside a container is not the number
 * that later records carry. So it is believed only when a process of that number, with the caller as its parent, speaks.
 */
export class ForkInference {
  readonly #clones = new Map<number, Clone>();
  readonly #firstSeen = new WeakMap<ProcessState, number>();

  cloned(parent: ProcessState, event: CloneEvent): void {
    this.#clones.delete(event.childPid);
    this.#clones.set(event.childPid, { parentTgid: parent.tgid, ms: event.ms });
    if (this.#clones.size > maxClones) {
      const oldest = this.#clones.keys().next().value;
      if (oldest !== undefined) this.#clones.delete(oldest);
    }
  }

  /** Whether the number was given to a new process after the known one was first seen. */
  isAnotherLife(process: ProcessState, event: AuditEvent): boolean {
    const clone = this.#cloneOf(event);
    const firstSeen = this.#firstSeen.get(process);
    if (firstSeen === undefined) {
      this.#firstSeen.set(process, event.ms);
      return false;
    }
    if (clone === undefined) return false;
    if (clone.ms - coarseClockMs > firstSeen) return true;
    // The child spoke before its parent's clone returned: this clone is explained.
    this.#clones.delete(event.caller.tgid);
    return false;
  }

  /** ms at which the caller was forked, where a clone record tells. */
  startOf(event: AuditEvent): number | null {
    const clone = this.#cloneOf(event);
    if (clone === undefined) return null;
    this.#clones.delete(event.caller.tgid);
    return clone.ms;
  }

  #cloneOf(event: AuditEvent): Clone | undefined {
    const clone = this.#clones.get(event.caller.tgid);
    return clone?.parentTgid === event.caller.ppid ? clone : undefined;
  }
}
