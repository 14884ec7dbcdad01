/**
 * Brings the audit stream and the connector stream into one order that respects cause and effect, without trusting
 * either clock.
 *
 * The connector sends its message inside the system call, audit sends its records after it. So, once the connector
 * socket has been found empty at a moment after an audit record arrived, or messages of a clearly later time come out of
 * it, every fork and exec that came before the record has been received: audit events wait for that. The other way round, the exit of a process waits until the
 * calls that it made before have come through audit: until an audit event that began after the exit was seen, or the
 * audit socket was found empty some time (`exitGraceUs`) after the exit was received.
 *
 * Arrival and drain times are microseconds of CLOCK_MONOTONIC. Pure.
 */

import type {
  AuditEvent,
  ConnectorEvent,
  ExitEvent,
  ForkEvent,
  LossEvent,
  MountsEvent,
  PipelineEvent,
  RescanEvent,
  SnapshotEvent,
} from './events.ts';

export interface AuditBatch {
  /** Arrival of the last record in it. */
  readonly arrivalUs: number;
  /** The audit socket was found empty at this moment, after everything in this and earlier batches; null: it was not. */
  readonly drainedUs: number | null;
  /** Read once, when they are applied. */
  readonly events: { forEach(each: (event: AuditEvent | LossEvent) => void): void };
}

export interface ConnectorBatch {
  /** All that was told before this moment is in this and earlier batches. */
  readonly drainedUs: number;
  readonly arrivalUs: number;
  readonly events: readonly (ConnectorEvent | SnapshotEvent | RescanEvent | MountsEvent | LossEvent)[];
}

/** kauditd may still hold records of a process when its exit is told: how long, at most, beside an empty socket. */
export const exitGraceUs = 100_000;
/** The same where another daemon has the audit role: kauditd comes to what we read no sooner than that one takes it. */
export const sharedExitGraceUs = 1_500_000;

/** A rescan tells of exits that were not told. */
interface WaitingExit {
  readonly event: ExitEvent | RescanEvent;
  readonly arrivalUs: number;
}

export class Merge {
  readonly #apply: (event: PipelineEvent) => void;
  readonly #graceUs: () => number;
  readonly #audit: AuditBatch[] = [];
  readonly #exits: WaitingExit[] = [];
  /** Of the waiting exits, how many belong to each process. */
  readonly #exiting = new Map<number, number>();
  #connectorDrainedUs = Number.NEGATIVE_INFINITY;
  #auditDrainedUs = Number.NEGATIVE_INFINITY;
  /** Latest stamp of the batch applied last, and when that batch arrived. */
  #auditSeenMs = Number.NEGATIVE_INFINITY;
  #auditArrivedUs = Number.NEGATIVE_INFINITY;

  constructor(apply: (event: PipelineEvent) => void, graceUs: () => number = () => exitGraceUs) {
    this.#apply = apply;
    this.#graceUs = graceUs;
  }

  /** Audit batches that wait for the connector. */
  get waitingAudit(): number {
    return this.#audit.length;
  }

  get waitingExits(): number {
    return this.#exits.length;
  }

  /** Since when the oldest of them waits, µs of CLOCK_MONOTONIC; null: none does. */
  get exitsWaitSinceUs(): number | null {
    return this.#exits[0]?.arrivalUs ?? null;
  }

  /**
   * Everything has been applied that happened before `us` of CLOCK_MONOTONIC and, where audit was not found empty lately,
   * before a stamp of its clock, which may come out of order.
   */
  get appliedUntil(): { readonly us: number; readonly stampMs: number } {
    const isDrained = this.#auditDrainedUs >= this.#auditArrivedUs;
    const oldestExitUs = this.exitsWaitSinceUs ?? Number.POSITIVE_INFINITY;
    const auditUs = isDrained ? this.#auditDrainedUs - this.#graceUs() : Number.POSITIVE_INFINITY;
    return {
      us: Math.min(this.#connectorDrainedUs, oldestExitUs, auditUs),
      stampMs: isDrained ? Number.POSITIVE_INFINITY : this.#auditSeenMs,
    };
  }

  /** Returns how many audit batches have been applied by this call. */
  audit(batch: AuditBatch): number {
    this.#audit.push(batch);
    return this.#release();
  }

  /** Returns how many audit batches have been applied by this call. */
  connector(batch: ConnectorBatch): number {
    for (const event of batch.events) {
      if (event.kind === 'exit' || event.kind === 'rescan') {
        this.#exits.push({ event, arrivalUs: batch.arrivalUs });
        if (event.kind === 'exit') this.#exiting.set(event.tgid, (this.#exiting.get(event.tgid) ?? 0) + 1);
        continue;
      }
      // The number was given out again: whatever its last owner did is over.
      if (isOfAnotherLife(event) && this.#exiting.has(event.tgid)) this.#releaseExitsOf(event.tgid);
      this.#apply(event);
    }
    this.#connectorDrainedUs = Math.max(this.#connectorDrainedUs, batch.drainedUs);
    return this.#release();
  }

  /** The connector tells nothing any more: audit does not wait for it. Returns how many audit batches have been applied. */
  connectorEnded(): number {
    this.#connectorDrainedUs = Number.POSITIVE_INFINITY;
    return this.#release();
  }

  /** Both streams have ended: nothing waits any longer. */
  finish(): number {
    const released = this.connectorEnded();
    this.#auditDrainedUs = Number.POSITIVE_INFINITY;
    this.#release();
    return released;
  }

  readonly #applyAudit = (event: AuditEvent | LossEvent): void => {
    if (event.kind !== 'loss' && event.ms > this.#auditSeenMs) this.#auditSeenMs = event.ms;
    this.#apply(event);
  };

  #release(): number {
    let applied = 0;
    for (const batch of this.#audit) {
      if (batch.arrivalUs > this.#connectorDrainedUs) break;
      this.#auditArrivedUs = batch.arrivalUs;
      // Of this batch alone: after a step of the clock the stamps of earlier ones mean nothing.
      this.#auditSeenMs = Number.NEGATIVE_INFINITY;
      batch.events.forEach(this.#applyAudit);
      if (batch.drainedUs !== null) this.#auditDrainedUs = Math.max(this.#auditDrainedUs, batch.drainedUs);
      applied += 1;
    }
    this.#audit.splice(0, applied);
    this.#releaseExits();
    return applied;
  }

  #releaseExits(): void {
    let released = 0;
    for (const { event, arrivalUs } of this.#exits) {
      if (!this.#isSettled(event, arrivalUs)) break;
      this.#applyExit(event);
      released += 1;
    }
    this.#exits.splice(0, released);
  }

  #isSettled(event: ExitEvent | RescanEvent, arrivalUs: number): boolean {
    if (this.#auditDrainedUs >= arrivalUs + this.#graceUs()) return true;
    // Stamps lag behind the moment, so a later stamp surely is a later moment.
    return this.#auditArrivedUs >= arrivalUs && this.#auditSeenMs > Number(event.timeNs / 1_000_000n) + 1;
  }

  #releaseExitsOf(tgid: number): void {
    for (let index = 0; index < this.#exits.length; ) {
      const waiting = this.#exits[index];
      if (waiting?.event.kind !== 'exit' || waiting.event.tgid !== tgid) {
        index += 1;
        continue;
      }
      this.#exits.splice(index, 1);
      this.#applyExit(waiting.event);
    }
  }

  #applyExit(event: ExitEvent | RescanEvent): void {
    if (event.kind === 'exit') {
      const left = (this.#exiting.get(event.tgid) ?? 1) - 1;
      if (left === 0) this.#exiting.delete(event.tgid);
      else this.#exiting.set(event.tgid, left);
    }
    this.#apply(event);
  }
}

/** Whether it is of a process whose number may have been that of one whose exit has been told. */
function isOfAnotherLife(
  event: ConnectorEvent | SnapshotEvent | MountsEvent | LossEvent,
): event is ForkEvent | SnapshotEvent {
  return event.kind === 'fork' ? event.pid === event.tgid : event.kind === 'snapshot' && event.again === true;
}
