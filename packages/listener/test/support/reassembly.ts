import {
  type AuditRecords,
  Reassembler,
  type ReassemblerOptions,
  type SerialGap,
} from '../../src/audit/reassembler.ts';
import type { AuditRecord } from '../../src/audit/record.ts';

/** A reassembler as the live listener has it, and what it puts out. */
export function reassemblerFor(options: Partial<ReassemblerOptions> = {}) {
  const events: AuditRecords[] = [];
  const gaps: SerialGap[] = [];
  const late: AuditRecord[] = [];
  const reassembler = new Reassembler(
    { timeoutMs: 2000, maxOpen: 100, watchSerials: true, timeIsTheEnd: false, ...options },
    {
      event: (event) => events.push(event),
      gap: (gap) => gaps.push(gap),
      late: (record) => late.push(record),
    },
  );
  const push = (records: readonly AuditRecord[], now = 0) => {
    for (const record of records) reassembler.push(record, now);
  };
  return { reassembler, push, events, gaps, late };
}
