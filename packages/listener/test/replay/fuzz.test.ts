/** Inputs of a hostile sender: whatever comes, nothing throws, and what is made can be kept. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzzing, fuzzTimeoutMs } from '../../../evidence/test/support/fuzzing.ts';
import { diagLines } from '../../src/diag/diag-line.ts';
import { ConnectorMessages } from '../../src/stages/connector-message.ts';
import { anyBytes, anyCuts, anyLog, cutAt } from '../support/any-log.ts';
import { decodingFor } from '../support/decoding.ts';
import {
  became,
  close,
  exec,
  exit,
  fork,
  loss,
  open,
  operation,
  rescan,
  sessionEnd,
  sessionStart,
  snapshot,
} from '../support/events.ts';
import { replayDiag, replayLog, replayPieces } from '../support/replaying.ts';

const [start = ''] = diagLines(sessionStart());

it(
  'bytes of any kind, cut anywhere, are a log',
  async () => {
    const bytes = fc.oneof(anyBytes({ maxLength: 3000 }), anyLog);
    await fc.assert(
      fc.asyncProperty(bytes, anyCuts, async (text, cuts) => {
        const { counters } = await replayPieces(cutAt(text, cuts));
        expect(counters.badLines).toBeLessThanOrEqual(counters.lines);
      }),
      fuzzing(200),
    );
  },
  fuzzTimeoutMs,
);

const told = [
  sessionStart(),
  fork(10, { tgid: 20, parentTgid: 1 }),
  became(11, { tgid: 20 }),
  snapshot(5, { tgid: 7 }),
  rescan(12, [20]),
  loss(13),
  exit(20, { tgid: 20 }),
  sessionEnd(30),
].flatMap(diagLines);
const around = [open(14, 20), close(15, 20, 3), exec(16, 20), operation(17, 20)].flatMap(diagLines);

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(-1, 0, 2 ** 31, 2 ** 53, 1e308, '9223372036854775807', '-1', '', 'x'.repeat(70_000), [], {}, null),
  fc.constantFrom('\u0000', '\ud800', '__proto__', '/', '../..', [[[]]]),
);

/** A line with one of its values, on any level, something else; or with a field more. */
const damagedEvent = fc
  .record({ line: fc.constantFrom(...told), place: fc.nat(), value: junk, name: fc.string() })
  .map(({ line, place, value, name }) => {
    const at = line.indexOf('{');
    const content = JSON.parse(line.slice(at)) as Record<string, unknown>;
    const places: [Record<string, unknown>, string][] = [[content, name]];
    const walk = (node: unknown) => {
      if (typeof node !== 'object' || node === null) return;
      for (const [field, inner] of Object.entries(node)) {
        if (field !== 'kind') places.push([node as Record<string, unknown>, field]);
        walk(inner);
      }
    };
    walk(content);
    const [node, field] = places[place % places.length] ?? [content, name];
    node[field] = value;
    return line.slice(0, at) + Buffer.from(JSON.stringify(content)).toString('latin1');
  });
const damagedBytes = fc
  .tuple(fc.constantFrom(...told, ...around), fc.nat(), fc.nat({ max: 9 }), anyBytes({ maxLength: 6 }))
  .map(([line, from, length, put]) => {
    const at = from % (line.length + 1);
    return line.slice(0, at) + put + line.slice(at + length);
  });

it(
  'a --diag file in which values are something else is read to its end',
  () => {
    const line = fc.oneof(damagedEvent, damagedEvent, damagedBytes, fc.constantFrom(...told, ...around));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const { sessions, counters } = replayDiag([start, ...lines]);
        expect(sessions.filter(({ phase }) => phase === 'start').length).toBe(1);
        expect(counters.lines).toBeGreaterThan(lines.length);
      }),
      fuzzing(400),
    );
  },
  fuzzTimeoutMs,
);

it(
  'lines nested as deeply as they like, and keys of prototypes, are bad lines or none',
  () => {
    const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const line = (json: string) => `type=GODO_LOSS msg=audit(1.000:0): ${json}`;
    const lines = [deep(50), deep(5000), '['.repeat(100_000), '{"__proto__":{"kind":"loss"}}', '{"kind":"__proto__"}'];
    const { counters } = replayDiag([start, ...lines.map(line)]);
    expect(counters).toMatchObject({ lines: 6, badLines: 5 });
    // An audit.log has them from elsewhere: they are passed over, but for the one that is too long for a record.
    expect(replayLog(lines.map(line)).counters).toMatchObject({ lines: 5, badLines: 1 });
  },
  fuzzTimeoutMs,
);

it(
  'packets of any bytes are records that cannot be read',
  () => {
    const packet = fc.record({
      type: fc.integer({ min: 1000, max: 2200 }),
      payload: fc.oneof(anyBytes({ maxLength: 200 }), anyLog),
    });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 20 }), (packets) => {
        const { pushPackets, finish, totals, events, bad } = decodingFor({ keepRecords: true });
        pushPackets(packets.map(({ type, payload }) => ({ type, payload: payload.slice(0, 8000) })));
        finish();
        expect(totals.bad).toBe(bad.length);
        expect(events.length).toBeLessThanOrEqual(totals.records);
      }),
      fuzzing(200),
    );
  },
  fuzzTimeoutMs,
);

it(
  'memory of any content is messages of the connector',
  () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 700 }), (bytes) => {
        const memory = new Uint8Array(bytes.length);
        memory.set(bytes);
        const messages = new ConnectorMessages(memory);
        for (let index = 0; index < Math.floor(bytes.length / 64) + 1; index += 1) {
          const read = [messages.what(index), messages.cpu(index), messages.seq(index), messages.data(index, 5)];
          expect(read.every((value) => Number.isSafeInteger(value) && value >= 0)).toBe(true);
          expect(typeof messages.monotonicNs(index)).toBe('bigint');
        }
      }),
      fuzzing(100),
    );
  },
  fuzzTimeoutMs,
);
