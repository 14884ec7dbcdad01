import { auditEntryRoomBytes } from '@godo/native';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzzing, fuzzTimeoutMs } from '../../../evidence/test/support/fuzzing.ts';
import { diagDecoder, kernelDecoder, logDecoder } from '../../src/audit/audit-decoder.ts';
import { recordType } from '../../src/audit/record-types.ts';
import type { BinaryString } from '../../src/events.ts';
import { anyCuts, anyLog, cutAt } from '../support/any-log.ts';
import { shellCaller, syscallRecord } from '../support/audit-records.ts';
import { loggedExec, loggedOpen, loggedWrite } from '../support/log-lines.ts';
import type { AuditRecord } from '../support/log-records.ts';
import { packed, packetOf } from '../support/packed-records.ts';
import { Decoding, decodedRecords, decodedText } from '../support/sink-calls.ts';

/** Rooms for the entries of call after call, from the least that is allowed. */
const rooms = fc
  .array(fc.oneof(fc.constant(0), fc.nat({ max: 4_000 }), fc.nat({ max: 300_000 })), { minLength: 1, maxLength: 6 })
  .map((more) => () => {
    let call = 0;
    return () => auditEntryRoomBytes + 8 * ((more[call++ % more.length] ?? 0) >> 3);
  });

/** Everything a decoder tells of a text that comes in pieces. */
function inPieces(
  decoder: ConstructorParameters<typeof Decoding>[0],
  pieces: readonly BinaryString[],
  room: () => number,
) {
  const decoding = new Decoding(decoder, { room });
  for (const piece of pieces) decoding.text(piece);
  decoding.finish();
  return decoding;
}

describe('a text tells the same, cut anywhere and with any room for its entries:', () => {
  it.each([
    ['a log', () => logDecoder('host-1')],
    ['a log of which few events may wait', () => logDecoder('host-1', { maxOpen: 2, timeoutMs: 300 })],
    ['a log whose lines may not be long', () => logDecoder('host-1', { mostLineBytes: 70 })],
    ['a --diag file', () => diagDecoder()],
    ['a --diag file whose lines may not be long', () => diagDecoder({ mostLineBytes: 200 })],
  ])(
    '%s',
    (_, decoder) => {
      fc.assert(
        fc.property(anyLog, anyCuts, rooms, (text, cuts, room) => {
          const whole = decodedText(decoder(), text, { room: () => 4 * 1024 * 1024 });
          const pieces = inPieces(decoder(), cutAt(text, cuts), room());

          expect(pieces.calls).toEqual(whole.calls);
          expect(pieces.totals).toEqual(whole.totals);
        }),
        fuzzing(100),
      );
    },
    fuzzTimeoutMs,
  );

  it('one byte at a time', () => {
    const text = [
      ...loggedOpen({ ms: 10, pid: 20 }, 3, 'out'),
      'rubbish',
      ...loggedExec({ ms: 12, pid: 20 }, 'sh', '-c', ''),
    ].join('\r\n');
    const whole = decodedText(logDecoder('host-1'), text);

    expect(inPieces(logDecoder('host-1'), [...text], () => auditEntryRoomBytes).calls).toEqual(whole.calls);
    expect(whole.told('event')).toHaveLength(2);
  });

  it('of many events, which need the room many times over', () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => {
      const call = { ms: index, serial: index + 1, pid: 20 + (index % 900) };
      return [...loggedOpen(call, 3, `out-${index}`), ...loggedWrite({ ...call, serial: 10_000 + index }, 3, 6)];
    });
    const text = `${lines.flat().join('\n')}\n`;
    const whole = decodedText(logDecoder('host-1'), text, { room: () => 64 * 1024 * 1024 });
    fc.assert(
      fc.property(anyCuts, rooms, (cuts, room) => {
        expect(inPieces(logDecoder('host-1'), cutAt(text, cuts), room()).calls).toEqual(whole.calls);
      }),
      { numRuns: 8 },
    );
    expect(whole.told('event')).toHaveLength(6_000);
  });
});

describe('records of the kernel tell the same', () => {
  const bodyOf = fc.oneof(
    fc.nat({ max: 300 }).map((length) => `cwd="/${'d'.repeat(length)}"`),
    fc.nat({ max: 8_000 }).map((length) => `a0="${'x'.repeat(length)}"`),
  );
  const calls = fc.constantFrom('execve', 'openat', 'write', 'close', 'pivot_root');
  const event = fc.tuple(
    calls,
    fc.array(fc.tuple(fc.constantFrom(recordType.cwd, recordType.execve, recordType.path, 1399), bodyOf), {
      maxLength: 6,
    }),
    fc.integer({ min: 1, max: 3 }),
    fc.boolean(),
  );
  const stream = fc.array(event, { maxLength: 60 }).map((all) => {
    let serial = 4294967280;
    return all.flatMap(([name, others, step, ends]): AuditRecord[] => {
      serial = (serial + step) >>> 0;
      const stamp = { ms: 1000 + (serial % 7), serial };
      const first = { ...syscallRecord({ name, exit: 3, arguments: 'ffffff9c 0 241 0' }), ...stamp };
      const rest = others.map(([type, body]) => ({ ...stamp, type, body }));
      return [first, ...rest, ...(ends ? [{ ...stamp, type: recordType.eoe, body: '' }] : [])];
    });
  });

  it.each([false, true])(
    'given one by one or all at once, with any room (records kept: %s)',
    (keepRecords) => {
      const decoder = () => kernelDecoder(keepRecords, { maxOpen: 20 });
      fc.assert(
        fc.property(stream, fc.array(fc.nat({ max: 30 })), rooms, (records, counts, room) => {
          const packets = records.map(packetOf);
          const whole = decodedRecords(decoder(), packed(packets), {
            keepLines: keepRecords,
            room: () => 8 * 1024 * 1024,
          });

          const parts = new Decoding(decoder(), { keepLines: keepRecords, room: room() });
          for (let from = 0, part = 0; from < packets.length; part += 1) {
            const count = counts[part] ?? packets.length;
            const input = packed(packets.slice(from, from + count));
            expect(parts.records(input)).toBe(input.length);
            input.fill(0xdd);
            from += count;
          }
          parts.finish();

          expect(parts.calls).toEqual(whole.calls);
          expect(parts.totals).toEqual(whole.totals);
        }),
        fuzzing(100),
      );
    },
    fuzzTimeoutMs,
  );

  it('also where the last of them is not all there yet: it is left', () => {
    const input = packed([packetOf({ ...syscallRecord({ name: 'write', exit: 6, arguments: '3 0 0 0' }) })]);
    const decoding = new Decoding(kernelDecoder(false));

    for (let length = 0; length < input.length; length += 1)
      expect(decoding.records(input.subarray(0, length))).toBe(0);
    expect(decoding.records(input)).toBe(input.length);
    decoding.finish();
    expect(decoding.events).toMatchObject([{ kind: 'write', fd: 3, bytes: 6, caller: shellCaller }]);
  });
});
