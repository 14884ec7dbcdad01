import { recordType } from '../../src/audit/record-types.ts';
import type { AuditEvent } from '../../src/events.ts';
import { decodingFor } from './decoding.ts';
import type { AuditRecords } from './log-records.ts';

/** What an event is to godo; null where it is nothing. */
export function interpret({ ms, serial, records }: AuditRecords, { keepLines = false } = {}): AuditEvent | null {
  const { push, finish, events } = decodingFor({ keepRecords: keepLines });
  push([...records, { type: recordType.eoe, ms, serial, body: '' }]);
  finish();
  return events[0] ?? null;
}
