/** Stage 1: owns the audit socket and receives straight into the ring. Nothing else. */

import { workerData } from 'node:worker_threads';
import { auditRecordRoomBytes, receiveAudit } from '@godo/native';
import { monotonicUs } from '../kernel/host.ts';
import { putMark, ringMark } from './audit-marks.ts';
import { ByteRing } from './byte-ring.ts';
import type { IntakeData } from './messages.ts';
import { SharedState } from './shared-state.ts';

/** How long a receive may wait; bounds how late an order to stop is seen. */
const receiveMs = 100;
const fullRingMs = 10;
/**
 * Where a receive brought less than this (a third of what it can bring), the next one is put off a little: a thread that
 * is woken for every record costs the host more than the records do. The kernel's socket holds thousands of times as much.
 */
const fewBytes = 16 * 1024;
const gatherMs = 4;

run(workerData as IntakeData);

function run(data: IntakeData): void {
  const ring = new ByteRing(data.ring);
  const shared = new SharedState(data.shared);
  const never = new Int32Array(new SharedArrayBuffer(4));
  /** A receive that finds nothing says: everything that arrived before it began is in the ring. */
  let unmarked = true;

  /** Whether anything was received. */
  const receive = (waitMs: number, beganUs: number): boolean => {
    const span = ring.reserve(auditRecordRoomBytes);
    if (span === null) {
      ring.waitForRoom(fullRingMs);
      return true;
    }
    const received = receiveAudit(data.fd, ring.memory, span.offset, span.length, waitMs);
    if (received > 0) {
      ring.commit(received);
      shared.add('auditBytes', received);
      unmarked = true;
      if (received < fewBytes) Atomics.wait(never, 0, 0, gatherMs);
    } else if (received < 0) {
      shared.add('auditOverruns', 1);
      mark(ring, shared, ringMark.overrun, beganUs);
    }
    return received !== 0;
  };

  while (shared.order('abandon') === 0) {
    const beganUs = monotonicUs();
    if (receive(0, beganUs)) continue;
    if (unmarked || shared.order('wantAuditDrain') !== 0) {
      mark(ring, shared, ringMark.drained, beganUs);
      unmarked = false;
    }
    if (shared.order('stopAudit') !== 0) break;
    receive(receiveMs, beganUs);
  }
  mark(ring, shared, ringMark.end, monotonicUs());
}

function mark(ring: ByteRing, shared: SharedState, type: number, arrivalUs: number): void {
  while (!putMark(ring, type, arrivalUs) && shared.order('abandon') === 0) ring.waitForRoom(fullRingMs);
}
