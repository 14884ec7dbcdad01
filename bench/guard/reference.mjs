/**
 * The yardstick of the regression guard: a fixed piece of work on the lines of an audit.log, of the kind that a reader
 * in JavaScript has to do (split, take apart, group by serial, make JSON). What godo costs is told in multiples of this,
 * in the same run, so that neither the machine nor what else it does decides. It is not to be changed: the bound in
 * test/bench.test.ts hangs on it.
 *
 *     node bench/guard/reference.mjs FILE
 */

import { closeSync, openSync, readSync } from 'node:fs';

const chunk = Buffer.allocUnsafe(1 << 20);
const file = openSync(process.argv[2], 'r');
const events = new Map();
let rest = '';
let checksum = 0;

for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
  const lines = (rest + chunk.latin1Slice(0, length)).split('\n');
  rest = lines.pop();
  for (const line of lines) take(line);
}
closeSync(file);
for (const records of events.values()) finish(records);
process.stdout.write(`${checksum}\n`);

function take(line) {
  const [, type, serial, text] = /^type=(\S+) msg=audit\(\d+\.\d+:(\d+)\): (.*)$/.exec(line);
  const records = events.get(serial) ?? [];
  if (records.length === 0) events.set(serial, records);
  const fields = {};
  for (const [, name, value] of text.matchAll(/([a-z0-9_-]+)=("[^"]*"|\S+)/g)) fields[name] = value;
  records.push({ type, fields });
  if (events.size < 256) return;
  const [oldest] = events.keys();
  finish(events.get(oldest));
  events.delete(oldest);
}

function finish(records) {
  checksum = (checksum + JSON.stringify(records).length) % 1_000_003;
}
