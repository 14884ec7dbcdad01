import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagDecoder, kernelDecoder } from '../../src/audit/audit-decoder.ts';
import { recordType } from '../../src/audit/record-types.ts';
import { diagLines } from '../../src/diag/diag-line.ts';
import type { AuditEvent, BinaryString } from '../../src/events.ts';
import { syscallRecord } from '../support/audit-records.ts';
import { fixtureLines, fixtureRecords } from '../support/fixtures.ts';
import { interleaving } from '../support/interleaving.ts';
import { type AuditRecord, lineOf } from '../support/log-records.ts';
import { packed, packetOf } from '../support/packed-records.ts';
import { Decoding, decodedText } from '../support/sink-calls.ts';

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array).toString('latin1'));
/** Bodies as the kernel writes them: no blanks at the ends, no line ends, and never what auditd begins its own part with. */
const body = bytes.map((text) => text.replace(/[\0-\x20]/g, ' ').trim());
const other = fc.record({
  type: fc.constantFrom(recordType.cwd, recordType.path, recordType.execve, recordType.openat2, 1327, 1399),
  body: fc.oneof(body, fc.constantFrom('cwd="/srv"', 'item=0 name="out" inode=7', 'argc=1 a0="sh"', 'oflag=0101')),
});
const alone = fc.record({ type: fc.constantFrom(recordType.login, 1305, 1319, 2500), body });
const call = fc
  .record({
    name: fc.constantFrom('execve', 'openat', 'openat2', 'write', 'close', 'pivot_root', 'clone'),
    exit: fc.integer({ min: -2, max: 5 }),
  })
  .map(({ name, exit }) => syscallRecord({ name, exit, arguments: 'ffffff9c 3 241 0' }));

/** Events with their records; `ends`: EOE comes. */
const events = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ first: call, others: fc.array(other, { maxLength: 4 }), ends: fc.boolean() }),
      },
      { weight: 1, arbitrary: fc.record({ first: alone, others: fc.constant([]), ends: fc.constant(false) }) },
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((all) =>
    all.map(({ first, others, ends }, index): AuditRecord[] => {
      const stamp = { ms: 1_700_000_000_000 + index, serial: index + 1 };
      const end = ends ? [{ type: recordType.eoe, body: '' }] : [];
      return [first, ...others, ...end].map(({ type, body: text }) => ({ ...stamp, type, body: text }));
    }),
  );

/** What the live listener takes for a --diag file. */
function keptFrom(records: readonly AuditRecord[], maxOpen = 100): AuditEvent[] {
  const decoding = new Decoding(kernelDecoder(true, { maxOpen }), { keepLines: true });
  for (const record of records) decoding.records(packed([packetOf(record)]));
  decoding.finish();
  return decoding.events;
}

const replayed = (lines: readonly BinaryString[]) =>
  decodedText(diagDecoder(), lines.map((line) => `${line}\n`).join(''));

/** An event without what only a --diag file is written from. */
function withoutLines({ lines, alone: isAlone, ...event }: AuditEvent): object {
  return event;
}

describe('records that are kept for a --diag file', () => {
  const streams = events.chain((all) => fc.tuple(fc.constant(all), interleaving(all), fc.constantFrom(2, 100)));

  it('are the lines of their event, in their order', () => {
    fc.assert(
      fc.property(
        events.chain((all) => fc.tuple(fc.constant(all), interleaving(all))),
        ([all, stream]) => {
          const lines = new Map(keptFrom(stream).map((event) => [event.serial, event.lines]));

          expect(lines).toEqual(
            new Map(
              all.map((records) => [
                records[0]?.serial,
                records.filter(({ type }) => type !== recordType.eoe).map(lineOf),
              ]),
            ),
          );
        },
      ),
    );
  });

  it('make the same events again, also of what was given up', () => {
    fc.assert(
      fc.property(streams, ([, stream, maxOpen]) => {
        const kept = keptFrom(stream, maxOpen);
        const again = replayed(kept.flatMap(diagLines));

        expect(again.events).toEqual(kept.filter(({ kind }) => kind !== 'other').map(withoutLines));
        expect(again.told('bad')).toEqual([]);
        expect(again.totals.events).toBe(kept.length);
      }),
    );
  });

  it('are the recorded ones to the byte', () => {
    for (const name of [
      'open-name-not-utf8.log',
      'exec-empty-argument.log',
      'open-relative-to-directory-descriptor.log',
    ]) {
      expect(keptFrom(fixtureRecords(name)).flatMap(({ lines }) => lines)).toEqual(fixtureLines(name));
    }
  });

  it('may hold bytes that would break a line, which become blanks', () => {
    const tty = { type: 1319, ms: 1000, serial: 2, body: 'data=a\nb\rc\0d\x1de' };

    expect(keptFrom([tty]).map(({ lines }) => lines)).toEqual([['type=TTY msg=audit(1.000:2): data=a b c d\x1de']]);
  });
});

describe('a line of a --diag file that is no record', () => {
  const own = (length: number) => `type=GODO_LOSS msg=audit(1.000:0): ${'x'.repeat(length)}`;

  it('is given as it stands, of any length up to the longest line, and told with its number', () => {
    const lines = [1, 65_501, 65_502, 200_000, 12 * 1024 * 1024].map(own);
    const { calls } = replayed(['rubbish', ...lines]);

    expect(calls.slice(1)).toEqual(lines.map((line, index) => ['diagLine', line, index + 2]));
  });

  it('that is longer is given cut off', () => {
    const most = 16 * 1024 * 1024;
    const { calls } = replayed([own(most), own(3)]);

    expect(calls).toEqual([
      ['diagLine', own(most).slice(0, most), 1],
      ['diagLine', own(3), 2],
    ]);
  });

  it('ends the event that it names, with its reason, and no other', () => {
    const write = (serial: number) =>
      lineOf({ ...syscallRecord({ name: 'write', exit: 6, arguments: '3 0 0 0' }), ms: 1000, serial });
    const mark = (serial: number, reason: string) =>
      `type=GODO_INCOMPLETE msg=audit(1.000:${serial}): {"reason":"${reason}"}`;
    const { events: told } = replayed([
      write(1),
      write(2),
      mark(9, 'nobody'),
      mark(2, 'caf\xc3\xa9'),
      mark(2, 'again'),
      write(3),
    ]);

    expect(told.map(({ serial, incomplete }) => [serial, incomplete])).toEqual([
      [2, 'caf\u00e9'],
      [1, 'the input ended before it did'],
      [3, 'the input ended before it did'],
    ]);
  });
});
