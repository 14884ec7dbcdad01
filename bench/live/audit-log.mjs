/** What stands in the logs that other listeners wrote. */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

const serialPattern = /audit\(\d+\.\d+:(\d+)\)/;

/**
 * Of an audit.log: { lines, records (with the end-of-event records, which auditd does not write), bytes, missingSerials, found } where `found` is how many lines
 * `matches`. auditd's own events have numbers of their own.
 */
export async function readAuditLog(file, matches) {
  const serials = new Set();
  let [lines, bytes, found] = [0, 0, 0];
  for await (const line of linesOf(file)) {
    const serial = serialPattern.exec(line)?.[1];
    if (serial === undefined) continue;
    lines += 1;
    bytes += Buffer.byteLength(line) + 1;
    if (!line.startsWith('type=DAEMON_')) serials.add(Number(serial));
    if (matches(line)) found += 1;
  }
  return { lines, records: lines + serials.size, bytes, missingSerials: missing(serials), found };
}

/**
 * Of a log with one JSON object an event: the same with `events` for `lines`. `serialOf` may give null, `recordsOf` tells
 * how many records an event had.
 */
export async function readJsonLog(files, { serialOf, recordsOf, matches }) {
  const serials = new Set();
  let [events, records, bytes, found] = [0, 0, 0, 0];
  for (const file of files) {
    for await (const line of linesOf(file)) {
      const event = JSON.parse(line);
      const serial = serialOf(event);
      events += 1;
      records += recordsOf(event) + 1;
      bytes += Buffer.byteLength(line) + 1;
      if (serial !== null) serials.add(serial);
      if (matches(event)) found += 1;
    }
  }
  return { events, records, bytes, missingSerials: missing(serials), found };
}

function missing(serials) {
  if (serials.size === 0) return 0;
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const serial of serials) {
    if (serial < first) first = serial;
    if (serial > last) last = serial;
  }
  return last - first + 1 - serials.size;
}

function linesOf(file) {
  return createInterface({
    input: createReadStream(file, { highWaterMark: 1 << 20 }),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
}
