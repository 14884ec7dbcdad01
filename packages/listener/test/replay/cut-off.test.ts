/** A file that was cut off, at any byte of its end: what was before the cut is told as it was, and that there was a cut. */

import { createHash } from 'node:crypto';
import { type RawEntry, rawDocumentOf } from '@godo/evidence';
import { expect, it } from 'vitest';
import { diagLines } from '../../src/diag/diag-line.ts';
import { DiagReplay } from '../../src/replay/diag-replay.ts';
import { LogReplay } from '../../src/replay/log-replay.ts';
import type { Replay } from '../../src/replay/replay.ts';
import { became, close, exec, exit, fork, loss, open, operation, sessionEnd, sessionStart } from '../support/events.ts';
import { fixtureLines } from '../support/fixtures.ts';

/** Documents by their ids, those of the chain left out: it tells of others. */
function documentsOf(replayFor: (emit: (entry: RawEntry) => void) => Replay, bytes: Uint8Array) {
  const entries: RawEntry[] = [];
  const replay = replayFor((entry) => entries.push(entry));
  for (let from = 0, again = true; again; ) {
    const taken = replay.take(bytes, from, bytes.length, true);
    from += taken.used;
    again = taken.again;
  }
  while (!replay.finish());
  const others = entries.filter(({ collection }) => collection !== 'chain');
  const documents = new Map(others.map((entry) => [`${entry.collection} ${rawDocumentOf(entry)._id}`, entry]));
  return { documents, endsWithinLine: replay.endsWithinLine, counters: replay.counters };
}

const bytesOf = (lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
const digestOf = (entry: RawEntry) =>
  createHash('sha256')
    .update(JSON.stringify(rawDocumentOf(entry), (_, value) => (typeof value === 'bigint' ? `${value}` : value)))
    .digest('hex');

/** Every length from where the last lines begin to the whole. */
function lengthsOf(bytes: Buffer, lines: number): number[] {
  let begin = bytes.length;
  for (let line = 0; line <= lines && begin > 0; line += 1) begin = bytes.lastIndexOf('\n', begin - 1);
  return Array.from({ length: bytes.length - Math.max(begin, 0) + 1 }, (_, more) => Math.max(begin, 0) + more);
}

it.each(['enriched-node-shell-redirects.log', 'io-uring.log', 'open-name-not-utf8.log'])('a log: %s', (name) => {
  const bytes = bytesOf(fixtureLines(name));
  const replayFor = (emit: (entry: RawEntry) => void) =>
    new LogReplay({ host: 'host-1', stars: [], engines: [] }, emit);
  const whole = documentsOf(replayFor, bytes);
  expect(whole.endsWithinLine).toBe(false);
  for (const length of lengthsOf(bytes, 3)) {
    const { documents, endsWithinLine, counters } = documentsOf(replayFor, bytes.subarray(0, length));
    const isCut = bytes[length - 1] !== 0x0a;
    const told = [...documents.values()].filter(
      (entry) =>
        entry.collection === 'losses' && /^Line \d+, the last one, has no end/.test(entry.document.reason ?? ''),
    );
    expect([length, endsWithinLine, told.length]).toEqual([length, isCut, isCut ? 1 : 0]);
    expect(counters.badLines).toBeLessThanOrEqual(isCut ? 1 : 0);
  }
});

it('a --diag file', () => {
  const events = [
    sessionStart(),
    fork(10, { tgid: 20, parentTgid: 1 }),
    became(11, { tgid: 20 }),
    exec(12, 20),
    open(14, 20),
    operation(15, 20),
    loss(16),
    close(17, 20, 3),
    exit(20, { tgid: 20 }),
    open(22, 21, { fd: 4 }),
    sessionEnd(30),
  ];
  for (let count = 2; count <= events.length; count += 1) {
    const bytes = bytesOf(events.slice(0, count).flatMap(diagLines));
    const before = documentsOf((emit) => new DiagReplay(emit), bytesOf(events.slice(0, count - 1).flatMap(diagLines)));
    const whole = documentsOf((emit) => new DiagReplay(emit), bytes);
    const lines = diagLines(events[count - 1] as (typeof events)[number]).length;
    for (const length of lengthsOf(bytes, lines).slice(1, -1)) {
      const cut = documentsOf((emit) => new DiagReplay(emit), bytes.subarray(0, length));
      expect(cut.endsWithinLine).toBe(bytes[length - 1] !== 0x0a);
      for (const [name, entry] of cut.documents) {
        const known = [before, whole].flatMap(({ documents }) => documents.get(name) ?? []).map(digestOf);
        const { warnings = [] } = rawDocumentOf(entry) as { warnings?: readonly string[] };
        // The beginning of an event says what it has, and that this may not be all.
        expect(known.includes(digestOf(entry)) || warnings.length > 0, `${name} cut at ${length}`).toBe(true);
      }
      for (const name of before.documents.keys()) {
        if (!/^(fds|files) /.test(name)) expect([...cut.documents.keys()]).toContain(name);
      }
    }
  }
});
