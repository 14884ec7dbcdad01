/** Audit records as tests write them down: values, lines of a log, and events made of them by the decoder. */

import { formatStamp } from '../../src/audit/record.ts';
import { recordTypeName, recordTypeNumbers } from '../../src/audit/record-types.ts';
import type { BinaryString } from '../../src/events.ts';

export interface AuditRecord {
  readonly type: number;
  /** ms since the epoch. */
  readonly ms: number;
  readonly serial: number;
  readonly body: BinaryString;
}

export interface AuditRecords {
  readonly ms: number;
  readonly serial: number;
  readonly records: readonly AuditRecord[];
  readonly incomplete: string | null;
}

export function lineOf({ type, ms, serial, body }: AuditRecord): BinaryString {
  return `type=${recordTypeName(type)} msg=audit(${formatStamp(ms, serial)}): ${body}`;
}

/** The record of a line, without the host before it and auditd's interpretation behind it. */
export function recordOf(whole: BinaryString): AuditRecord {
  const [line = ''] = whole.replace(/^node=\S+ /, '').split('\x1d');
  const [head, name = '', seconds, millis, serial] = /^type=(\S+) msg=audit\((\d+)\.(\d{3}):(\d+)\):/.exec(line) ?? [];
  if (head === undefined) throw new Error(`no line of a record: ${line}`);
  const number = recordTypeNumbers[name] ?? Number(/^UNKNOWN\[(\d+)\]$/.exec(name)?.[1]);
  const ms = Number(seconds) * 1000 + Number(millis);
  return { type: number, ms, serial: Number(serial), body: line.slice(head.length).trim() };
}
