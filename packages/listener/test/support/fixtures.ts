import { readFileSync } from 'node:fs';
import { type AuditRecord, parseLogLine } from '../../src/audit/record.ts';
import type { BinaryString } from '../../src/events.ts';

/** Lines of a file in test/fixtures, as binary strings. */
export function fixtureLines(name: string): BinaryString[] {
  const text = readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'latin1');
  return text.split('\n').slice(0, -1);
}

export function recordOf(line: BinaryString): AuditRecord {
  const record = parseLogLine(line);
  if ('error' in record) throw new Error(`${record.error}: ${line}`);
  const { type, ms, serial, body } = record;
  return { type, ms, serial, body };
}

export function fixtureRecords(name: string): AuditRecord[] {
  return fixtureLines(name).map(recordOf);
}
