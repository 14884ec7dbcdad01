/** Stage 1: owns the audit socket and receives straight into the ring. Nothing else. */

import { workerData } from 'node:worker_threads';
import { receiveAudit } from '@godo/native';
import { monotonicUs } from '../kernel/host.ts';
import { AuditRing, ringMark } from './audit-ring.ts';
import type { IntakeData } from './messages.ts';
import { SharedState } from './shared-state.ts';

/** How long a receive may wait; bounds how late an order to stop is seen. */
const receiveMs = 100;
const fullRingMs = 10;

run(workerData as IntakeData);

function run(data: IntakeData): void {
  const ring = new AuditRing(data.ring);
  const shared = new SharedState(data.shared);
  // A receive that finds nothing says: everything that arrived before it began is in the ring.
  let unmarked = true;
  for (;;) {
    const span = ring.reserve();
    if (shared.order('abandon') !== 0) return;
    if (span === null) {
      ring.waitForRoom(fullRingMs);
      continue;
    }
    const beganUs = monotonicUs();
    const received = receiveAudit(data.fd, ring.memory, span.offset, span.length, 0);
    if (received > 0) {
      ring.commit(received);
      shared.add('auditBytes', received);
      unmarked = true;
      continue;
    }
    if (received < 0) {
      shared.add('auditOverruns', 1);
      mark(ring, shared, ringMark.overrun, beganUs);
      continue;
    }
    if (unmarked || shared.order('wantAuditDrain') !== 0) {
      mark(ring, shared, ringMark.drained, beganUs);
      unmarked = false;
    }
    if (shared.order('stopAudit') !== 0) break;
    const waited = ring.reserve();
    if (waited === null) continue;
    const later = receiveAudit(data.fd, ring.memory, waited.offset, waited.length, receiveMs);
    if (later > 0) {
      ring.commit(later);
      shared.add('auditBytes', later);
      unmarked = true;
    } else if (later < 0) {
      shared.add('auditOverruns', 1);
      mark(ring, shared, ringMark.overrun, beganUs);
    }
  }
  mark(ring, shared, ringMark.end, monotonicUs());
}

function mark(ring: AuditRing, shared: SharedState, type: number, arrivalUs: number): void {
  while (!ring.mark(type, arrivalUs) && shared.order('abandon') === 0) ring.waitForRoom(fullRingMs);
}
