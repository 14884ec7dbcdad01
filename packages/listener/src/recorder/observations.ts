/** Observations of tasks: begun from what told of them, and given on when they are put together. */

import type { RunOrigin, TaskObservation } from '@godo/evidence';
import type { AuditEvent, BecameEvent, ExitEvent, ForkEvent, SnapshotEvent } from '../events.ts';
import {
  auditClock,
  auditId,
  connectorId,
  monotonicClock,
  nanosecondsPerMs,
  type Observation,
  type TaskDraft,
  taskDocument,
} from './documents.ts';
import type { ProcessState } from './process-table.ts';

export class Observations {
  readonly origin: RunOrigin;
  readonly #emit: (document: TaskObservation) => void;

  constructor(origin: RunOrigin, emit: (document: TaskObservation) => void) {
    this.origin = origin;
    this.#emit = emit;
  }

  /** To be put together by the caller, and told then. */
  begin(process: ProcessState, seen: Observation): TaskDraft {
    return taskDocument(this.origin, process, seen);
  }

  tell(draft: TaskDraft): void {
    this.#emit(draft);
  }

  fromProc({ tgid }: ProcessState, { proc, timeNs, again }: SnapshotEvent): Observation {
    const id = `${this.origin.sessionId}:proc:${tgid}.${proc.startTicks}${again ? `@${timeNs}` : ''}`;
    return { id, observation: 'snapshot', source: 'proc', clock: null, timeNs, pid: tgid };
  }

  fromConnector(
    event: ForkEvent | BecameEvent | ExitEvent,
    observation: Observation['observation'],
    pid: number,
    timeNs = event.timeNs,
  ): Observation {
    const id = connectorId(this.origin.bootId, event);
    return { id, observation, source: 'connector', clock: monotonicClock(event), timeNs, pid };
  }

  fromAudit(event: AuditEvent, observation: Observation['observation'], suffix = ''): Observation {
    return {
      id: `${auditId(this.origin.bootId, event)}${suffix}`,
      observation,
      source: 'audit',
      clock: auditClock(event),
      timeNs: BigInt(event.ms) * nanosecondsPerMs,
      pid: event.caller.tgid,
    };
  }
}
