/** Stage 2: parses records, groups them into events, and sends typed events to the writer. */

import { workerData } from 'node:worker_threads';
import { interpret } from '../audit/interpret.ts';
import { Reassembler } from '../audit/reassembler.ts';
import { parsePayload } from '../audit/record.ts';
import { recordType } from '../audit/record-types.ts';
import type { AuditEvent, LossEvent } from '../events.ts';
import { realtimeNs } from '../kernel/host.ts';
import { lossEvent } from '../loss-event.ts';
import { AuditRing, ringMark } from './audit-ring.ts';
import type { AuditMessage, ReassemblyData } from './messages.ts';
import { SharedState } from './shared-state.ts';

const batchEvents = 512;
/** Batches that may wait in the writer; when there are more, this stage waits and the ring fills. */
const maxBatchesWaiting = 64;
const idleMs = 500;
/** An event whose end has not come after this long is given up. */
const eventTimeoutMs = 2_000;
const maxOpenEvents = 16_384;

run(workerData as ReassemblyData);

function run(data: ReassemblyData): void {
  const ring = new AuditRing(data.ring);
  const shared = new SharedState(data.shared);
  const bytes = Buffer.from(data.ring.data);
  let events: (AuditEvent | LossEvent)[] = [];
  let arrivalUs = 0;

  const send = (drainedUs: number | null) => {
    if (events.length === 0 && drainedUs === null) return;
    for (;;) {
      const waiting = shared.order('auditBatchesWaiting');
      if (waiting < maxBatchesWaiting || shared.order('abandon') !== 0) break;
      shared.add('reassemblyWaits', 1);
      shared.waitWhile('auditBatchesWaiting', waiting, 100);
    }
    shared.addToOrder('auditBatchesWaiting', 1);
    data.toWriter.postMessage({ arrivalUs, drainedUs, events } satisfies AuditMessage);
    events = [];
  };
  const lost = (source: string, reason: string, facts: Partial<LossEvent> = {}) => {
    events.push(lossEvent(realtimeNs(), { source, reason, ...facts }));
  };

  const reassembler = new Reassembler(
    { timeoutMs: eventTimeoutMs, maxOpen: maxOpenEvents, watchSerials: true, timeIsTheEnd: false },
    {
      event(records) {
        shared.add('auditEvents', 1);
        const event = interpret(records, { keepLines: data.keepLines });
        if (event !== null) events.push(event);
        if (events.length >= batchEvents) send(null);
      },
      gap({ from, to, count }) {
        shared.add('missingSerials', count);
        const range = { from: String(from), to: String(to), count };
        lost('audit-serial', `${count} audit event(s) never came: serial ${from} to ${to}.`, range);
      },
      late(record) {
        shared.add('lateRecords', 1);
        const serial = String(record.serial);
        const facts = { severity: 'warning', from: serial, to: serial, count: 1 } as const;
        lost('reassembly', `A record of audit event ${serial} came after the event had been given up.`, facts);
      },
    },
  );

  let ended = false;
  while (!ended && shared.order('abandon') === 0) {
    ring.waitForRecords(idleMs);
    const nowMs = performance.now();
    ring.take(batchEvents, (type, payload, arrivedUs, truncated) => {
      arrivalUs = arrivedUs;
      if (type === ringMark.drained) {
        send(arrivedUs);
        return;
      }
      if (type === ringMark.overrun) {
        lost('audit-socket', 'The audit socket overran: an unknown number of records was lost.');
        return;
      }
      if (type === ringMark.end) {
        ended = true;
        return;
      }
      // Answers to our own requests are no records (NLMSG_ERROR, AUDIT_GET and the like).
      if ((type < 1100 && type !== recordType.login) || type === recordType.replace) return;
      const text = bytes.toString('latin1', payload.offset, payload.offset + payload.length);
      shared.add('auditRecords', 1);
      if (truncated) shared.add('truncatedRecords', 1);
      const record = parsePayload(type, text);
      if (!('error' in record)) {
        reassembler.push(record, nowMs);
        return;
      }
      shared.add('badRecords', 1);
      const raw = Buffer.from(record.raw.slice(0, 200), 'latin1').toString('hex');
      const facts = { severity: 'warning', count: 1 } as const;
      lost('audit-record', `A record of type ${type} could not be read (${record.error}): ${raw} (hex).`, facts);
    });
    reassembler.expire(nowMs);
    shared.set('openEvents', reassembler.open);
    // A batch must not wait for more to come.
    if (ring.used === 0) send(null);
  }
  reassembler.finish();
  send(null);
  data.toWriter.postMessage('end' satisfies AuditMessage);
  data.toWriter.close();
}
