/** Stage 1: owns the audit socket and receives straight into the ring. Nothing else. */

import { workerData } from 'node:worker_threads';
import { auditRecordRoomBytes, gatherMessages, receiveAudit, waitForMessages } from '@godo/native';
import { monotonicUs } from '../kernel/host.ts';
import { putMark, ringMark } from './audit-marks.ts';
import { ByteRing } from './byte-ring.ts';
import { enoughBytes, GatherPace } from './gather-pace.ts';
import type { IntakeData } from './messages.ts';
import { SharedState } from './shared-state.ts';

/** Whoever orders something wakes us: this only bounds what a wake that went astray could do. */
const restMs = 5_000;
const fullRingMs = 10;
/**
 * What was made before an order to stop is read within this time, unless the stages behind have no room for it. Where
 * records never cease, for those of others come or our rules could not be removed, what comes then is left.
 */
const stopUs = 15_000_000;
/** The next stage need not wait for the end of a burst when there is this much for it. */
const muchBytes = 256 * 1024;
/** A load that begins while records gather ends that long before there is no room: see `recordRingBytes`. */
const mostGatherBytes = 2 * 1024 * 1024;

class IntakeStage {
  readonly #data: IntakeData;
  readonly #ring: ByteRing;
  readonly #shared: SharedState;
  readonly #pace: GatherPace;
  /** Bytes since they were let gather last. */
  #gathered = 0;
  /** A receive that finds nothing says: everything that arrived before it began is in the ring. */
  #unmarked = true;
  /** When the order to stop was seen, µs. */
  #stopSeenUs: number | null = null;

  constructor(data: IntakeData) {
    this.#data = data;
    this.#ring = new ByteRing(data.ring);
    this.#shared = new SharedState(data.shared);
    this.#pace = new GatherPace(data.mostGatherMs);
  }

  run(): void {
    while (!this.#abandoned) {
      const beganUs = monotonicUs();
      if (this.#receive(beganUs) && !this.#isOverdue(beganUs)) continue;
      const wanted = this.#shared.order('wantAuditDrain') !== 0;
      if (wanted) this.#shared.setOrder('wantAuditDrain', 0);
      if (wanted || this.#unmarked) this.#mark(ringMark.drained, beganUs);
      this.#unmarked = false;
      if (this.#shared.order('stopAudit') !== 0) break;
      this.#ring.tell();
      if (waitForMessages(this.#data.fd, restMs)) this.#gather();
    }
    this.#mark(ringMark.end, monotonicUs());
    this.#ring.tell();
  }

  get #abandoned(): boolean {
    return this.#shared.order('abandon') !== 0;
  }

  #isOverdue(nowUs: number): boolean {
    if (this.#shared.order('stopAudit') === 0) return false;
    this.#stopSeenUs ??= nowUs;
    if (nowUs - this.#stopSeenUs < stopUs) return false;
    this.#shared.set('auditLeft', 1);
    return true;
  }

  /** Whether anything was received. */
  #receive(beganUs: number): boolean {
    const span = this.#ring.reserve(auditRecordRoomBytes);
    if (span === null) {
      this.#ring.tell();
      this.#ring.waitForRoom(fullRingMs);
      return true;
    }
    const received = receiveAudit(this.#data.fd, this.#ring.memory, span.offset, span.length, 0);
    if (received > 0) {
      this.#ring.commit(received);
      this.#shared.add('auditBytes', received);
      this.#unmarked = true;
      this.#gathered += received;
      if (this.#ring.used > muchBytes) this.#ring.tell();
      // That was all there was. Under load there is a little more by now, again and again: it may gather as well.
      if (received < enoughBytes && this.#gathered >= enoughBytes) this.#gather();
    } else if (received < 0) {
      this.#shared.add('auditOverruns', 1);
      this.#mark(ringMark.overrun, beganUs);
    }
    return received !== 0;
  }

  #gather(): void {
    this.#ring.tell();
    this.#pace.received(this.#gathered);
    this.#gathered = 0;
    gatherMessages(this.#data.fd, this.#pace.ms, mostGatherBytes);
  }

  #mark(type: number, arrivalUs: number): void {
    while (!putMark(this.#ring, type, arrivalUs) && !this.#abandoned) {
      this.#ring.tell();
      this.#ring.waitForRoom(fullRingMs);
    }
  }
}

new IntakeStage(workerData as IntakeData).run();
