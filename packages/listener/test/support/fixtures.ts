import { readFileSync } from 'node:fs';
import type { BinaryString } from '../../src/events.ts';
import { type AuditRecord, recordOf } from './log-records.ts';

/** Lines of a file in test/fixtures, as binary strings. */
export function fixtureLines(name: string): BinaryString[] {
  const text = readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'latin1');
  return text.split('\n').slice(0, -1);
}

export function fixtureRecords(name: string): AuditRecord[] {
  return fixtureLines(name).map(recordOf);
}
