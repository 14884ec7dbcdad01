/** Forks concluded from clone records and ppid, for evidence without a connector (an audit.log). */

import type { AuditEvent, Caller, CloneEvent } from '../events.ts';
import { coarseClockMs } from './coarse-clock.ts';
import type { ProcessState, ProcessTable } from './process-table.ts';

interface Clone {
  readonly parentTgid: number;
  readonly ms: number;
}

/** What records said last of a process; null: nothing yet. */
interface Life {
  readonly firstSeenMs: number;
  ppid: number | null;
  ses: number | null;
}

const initPid = 1;
const unsetSession = 0xffff_ffff;
/** A tree of processes is not deeper than this; parents that are wrongly concluded may form a ring. */
const maxDepth = 256;

/** Clone records remembered until their child makes a call. */
const maxClones = 16_384;

/**
 * A clone record names the child as its caller's pid namespace numbers it, which inside a container is not the number
 * that later records carry. So it is believed only when a process of that number, with the caller as its parent, speaks.
 */
export class ForkInference {
  readonly #clones = new Map<number, Clone>();
  readonly #lives = new WeakMap<ProcessState, Life>();
  readonly #table: ProcessTable;

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  cloned(parent: ProcessState, event: CloneEvent): void {
    this.#clones.delete(event.childPid);
    this.#clones.set(event.childPid, { parentTgid: parent.tgid, ms: event.ms });
    if (this.#clones.size > maxClones) {
      const oldest = this.#clones.keys().next().value;
      if (oldest !== undefined) this.#clones.delete(oldest);
    }
  }

  /** A process has been made of what a record says, or names as the parent. */
  met(process: ProcessState, event: AuditEvent): void {
    const life: Life = { firstSeenMs: event.ms, ppid: null, ses: null };
    this.#lives.set(process, life);
    if (process.tgid === event.caller.tgid) hear(life, event.caller);
  }

  /**
   * Whether the number was given to a new process after the known one was first seen: a clone record says so, or the
   * caller has a parent or a login session that the known one cannot have got.
   */
  isAnotherLife(process: ProcessState, event: AuditEvent): boolean {
    const { caller } = event;
    const life = this.#lives.get(process);
    if (life === undefined) return false;
    const clone = this.#cloneOf(event);
    if (clone !== undefined) {
      if (clone.ms - coarseClockMs > life.firstSeenMs) return true;
      // The child spoke before its parent's clone returned: this clone is explained.
      this.#clones.delete(caller.tgid);
    }
    if (life.ses !== null && isSession(caller.ses) && caller.ses !== life.ses) return true;
    if (life.ppid !== null && !this.#mayHaveParent(process, life.ppid, caller.ppid)) return true;
    hear(life, caller);
    return false;
  }

  /** An orphan is adopted by init, or by a subreaper, which is above its former parent. */
  #mayHaveParent(process: ProcessState, known: number, ppid: number): boolean {
    if (ppid === known || ppid === initPid || Number.isNaN(ppid)) return true;
    let above = this.#parentOf(process);
    for (let depth = 0; above !== undefined && depth < maxDepth; depth += 1) {
      if (above.parentTgid === ppid) return true;
      above = this.#parentOf(above);
    }
    return false;
  }

  #parentOf({ parentTgid }: ProcessState): ProcessState | undefined {
    return parentTgid === null ? undefined : this.#table.alive(parentTgid);
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

function hear(life: Life, { ppid, ses }: Caller): void {
  if (!Number.isNaN(ppid)) life.ppid = ppid;
  if (isSession(ses)) life.ses = ses;
}

function isSession(ses: number): boolean {
  return !Number.isNaN(ses) && ses !== unsetSession;
}
