/** Parsing of one audit *record*: the text of one netlink message, or one line of an audit.log. */

import type { BinaryString } from '../events.ts';
import { recordTypeName, recordTypeNumber } from './record-types.ts';

/** One record. `body` is what follows `audit(…): `, without auditd's interpreted copies. */
export interface AuditRecord {
  readonly type: number;
  /** ms since the epoch. */
  readonly ms: number;
  readonly serial: number;
  readonly body: BinaryString;
}

export interface LogRecord extends AuditRecord {
  /** Name of the host in a `node=` prefix, or null. */
  readonly node: string | null;
}

/** A record that could not be read: kept with its bytes, counted, and work goes on. */
export interface BadRecord {
  readonly error: string;
  readonly raw: BinaryString;
}

const enrichmentMark = '\x1d';

/**
 * Reads `audit(SECONDS.MMM:SERIAL): BODY`, the payload of a netlink message (audit_log_format in kernel/audit.c).
 * A trailing NUL or newline is not part of it.
 */
export function parsePayload(type: number, text: BinaryString): AuditRecord | BadRecord {
  if (!text.startsWith('audit(')) return { error: 'no audit( stamp', raw: text };
  const dot = text.indexOf('.', 6);
  const colon = dot < 0 ? -1 : text.indexOf(':', dot);
  const end = colon < 0 ? -1 : text.indexOf(')', colon);
  if (end < 0) return { error: 'stamp not complete', raw: text };
  const seconds = decimal(text, 6, dot);
  const millis = decimal(text, dot + 1, colon);
  const serial = decimal(text, colon + 1, end);
  if (Number.isNaN(seconds + millis + serial) || colon - dot !== 4 || serial > 0xffff_ffff) {
    return { error: 'stamp not a number', raw: text };
  }
  let from = end + 1;
  if (text.charCodeAt(from) === 58) from += 1;
  while (text.charCodeAt(from) === 32) from += 1;
  let to = text.length;
  while (to > from && text.charCodeAt(to - 1) <= 32) to -= 1;
  return { type, ms: seconds * 1000 + millis, serial, body: text.slice(from, to) };
}

/**
 * Reads one line of an audit.log: `[node=HOST ]type=NAME msg=audit(…): BODY`, raw or ENRICHED (what follows 0x1d is
 * auditd's interpretation and is left out).
 */
export function parseLogLine(line: BinaryString): LogRecord | BadRecord {
  let at = 0;
  let node: string | null = null;
  if (line.startsWith('node=')) {
    const blank = line.indexOf(' ');
    if (blank < 0) return { error: 'node= alone', raw: line };
    node = line.slice(5, blank);
    at = blank + 1;
  }
  if (!line.startsWith('type=', at)) return { error: 'no type=', raw: line };
  const blank = line.indexOf(' ', at);
  if (blank < 0 || !line.startsWith('msg=', blank + 1)) return { error: 'no msg=', raw: line };
  const type = recordTypeNumber(line.slice(at + 5, blank));
  if (type === null) return { error: 'unknown record type', raw: line };
  const mark = line.indexOf(enrichmentMark, blank);
  const record = parsePayload(type, mark < 0 ? line.slice(blank + 5) : line.slice(blank + 5, mark));
  return 'error' in record ? { error: record.error, raw: line } : { ...record, node };
}

/** The record as a line of an audit.log. Bytes that would break the line become blanks. */
export function formatLogLine(record: AuditRecord): BinaryString {
  return `type=${recordTypeName(record.type)} msg=audit(${formatStamp(record.ms, record.serial)}): ${record.body.replace(/[\n\r\0]/g, ' ')}`;
}

/** `SECONDS.MMM:SERIAL`. */
export function formatStamp(ms: number, serial: number): string {
  const millis = ms % 1000;
  return `${(ms - millis) / 1000}.${String(millis).padStart(3, '0')}:${serial}`;
}

/**
 * The value of a field as it stands in the record, quotes included; undefined when it is not there.
 * Only whole names match: `pid` does not find `ppid`. Values never contain blanks: the kernel writes those as hex.
 */
export function rawField(body: BinaryString, name: string): string | undefined {
  const wanted = `${name}=`;
  let at = body.startsWith(wanted) ? 0 : body.indexOf(` ${wanted}`) + 1;
  if (at === 0 && !body.startsWith(wanted)) return undefined;
  at += wanted.length;
  if (body.charCodeAt(at) === 34) {
    const close = body.indexOf('"', at + 1);
    return body.slice(at, close < 0 ? body.length : close + 1);
  }
  const blank = body.indexOf(' ', at);
  return body.slice(at, blank < 0 ? body.length : blank);
}

/** A field that holds text which a user may have chosen. Quoted: as it stands; otherwise hex of its bytes. */
export function textField(body: BinaryString, name: string): BinaryString | null {
  const raw = rawField(body, name);
  return raw === undefined ? null : decodeText(raw);
}

/** Decides by the quotes alone whether a value is text or hex. null for `(null)`, `(none)`, `?` and bad hex. */
export function decodeText(raw: BinaryString): BinaryString | null {
  if (raw.charCodeAt(0) === 34) return raw.slice(1, raw.endsWith('"') && raw.length > 1 ? -1 : undefined);
  if (raw.length === 0 || raw.length % 2 !== 0 || !/^[0-9A-Fa-f]+$/.test(raw)) return null;
  return Buffer.from(raw, 'hex').toString('latin1');
}

/** A decimal field; NaN when it is missing or not a number. */
export function decimalField(body: BinaryString, name: string): number {
  const raw = rawField(body, name);
  return raw === undefined || raw === '' ? Number.NaN : Number(raw);
}

/** The lowest 32 bits of a hexadecimal argument (`a0`…`a3`), unsigned; null when it is missing. */
export function argumentField(body: BinaryString, name: 'a0' | 'a1' | 'a2' | 'a3'): number | null {
  const raw = rawField(body, name);
  if (raw === undefined || !/^[0-9a-f]{1,16}$/.test(raw)) return null;
  return Number.parseInt(raw.slice(-8), 16);
}

function decimal(text: string, from: number, to: number): number {
  if (to <= from || to - from > 15) return Number.NaN;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
