/** The text of audit *records*, where it is read or written in TypeScript: the rest is the native decoder's. */

import type { BinaryString } from '../events.ts';

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

/** Decides by the quotes alone whether a value is text or hex. null for `(null)`, `(none)`, `?` and bad hex. */
export function decodeText(raw: BinaryString): BinaryString | null {
  if (raw.charCodeAt(0) === 34) return raw.slice(1, raw.endsWith('"') && raw.length > 1 ? -1 : undefined);
  if (raw.length === 0 || raw.length % 2 !== 0 || !/^[0-9A-Fa-f]+$/.test(raw)) return null;
  return Buffer.from(raw, 'hex').toString('latin1');
}
