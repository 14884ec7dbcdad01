import { describe, expect, it } from 'vitest';
import { kernelDecoder, logDecoder } from '../../src/audit/audit-decoder.ts';
import { recordType } from '../../src/audit/record-types.ts';
import { pathRecord, stamp, syscallRecord } from '../support/audit-records.ts';
import { loggedClose, onNode } from '../support/log-lines.ts';
import type { AuditRecord } from '../support/log-records.ts';
import { packed, packetOf } from '../support/packed-records.ts';
import { Decoding, decodedRecords, decodedText } from '../support/sink-calls.ts';

/** A record that is a whole event. */
const whole = (serial: number): AuditRecord => ({ ms: 1000, serial, type: recordType.login, body: '' });
const pack = (...records: AuditRecord[]) => packed(records.map(packetOf));

describe('what a decoder keeps is bounded:', () => {
  it('PATH records of one event; it says that there were more', () => {
    const items = Array.from({ length: 300 }, (_, index) =>
      pathRecord(`item=${index} name="/${index}" nametype=NORMAL`),
    );
    const open = syscallRecord({ name: 'open', exit: 3, arguments: '0 1 0 0' });
    const { events } = decodedRecords(kernelDecoder(false), pack(open, ...items, { ...open, type: recordType.eoe }));

    expect(events).toMatchObject([{ path: '/255', warnings: ['it has more PATH records than are kept'] }]);
  });

  it('the bytes of PATH records', () => {
    const items = Array.from({ length: 4 }, (_, index) =>
      pathRecord(`item=${index} name="/${'x'.repeat(40_000)}${index}" nametype=NORMAL`),
    );
    const open = syscallRecord({ name: 'open', exit: 3, arguments: '0 1 0 0' });
    const { events } = decodedRecords(kernelDecoder(false), pack(open, ...items, { ...open, type: recordType.eoe }));

    expect(events).toMatchObject([
      { path: `/${'x'.repeat(40_000)}1`, warnings: ['it has more PATH records than are kept'] },
    ]);
  });

  it('a line of 64 KiB is a record, a longer one is bad, and the next is read again', () => {
    const line = (serial: number, length: number) => {
      const [close = ''] = loggedClose({ ms: 10, serial, pid: 20 }, 3);
      return `${close} subj=`.padEnd(length, 'x');
    };
    const { calls } = decodedText(logDecoder('host-1'), [line(1, 65_536), line(2, 65_537), line(3, 400)].join('\n'));
    const told = calls.filter(([name]) => name === 'event' || name === 'bad');

    expect(told).toMatchObject([
      ['bad', { error: 'longer than an audit record', position: 2, hex: expect.stringMatching(/^[0-9a-f]{400}$/) }],
      ['event', { serial: 1 }],
      ['event', { serial: 3 }],
    ]);
  });

  it('hosts of one log; lines of more are bad', () => {
    const lines = Array.from({ length: 4_100 }, (_, index) => onNode(`h${index}`, loggedClose({ ms: 10, pid: 20 }, 3)));
    const decoding = decodedText(
      logDecoder('host-1'),
      [...lines, ...onNode('h7', loggedClose({ ms: 11, pid: 20 }, 3))].flat().join('\n'),
    );

    expect(decoding.told('runEnd')).toHaveLength(4_096);
    expect(decoding.events).toHaveLength(4_097);
    expect(decoding.told('bad')).toMatchObject(
      [4_097, 4_098, 4_099, 4_100].map((position) => ({ error: 'too many hosts in one log', position })),
    );
  });

  it('gaps that are waited for; of more, the oldest are told, and none is lost', () => {
    const decoding = new Decoding(kernelDecoder(false));
    const serials = Array.from({ length: 10_000 }, (_, index) => 2 * index);
    decoding.records(pack(...serials.map(whole)));
    const early = decoding.told('gap').length;
    decoding.finish();

    expect(early).toBe(9_999 - 4_096);
    expect(decoding.told('gap')).toEqual(
      serials.slice(1).map((serial) => ({ from: serial - 1, to: serial - 1, count: 1 })),
    );
  });

  it('a gap that falls into more and more parts', () => {
    const decoding = new Decoding(kernelDecoder(false));
    const late = Array.from({ length: 20_000 }, (_, index) => 1_000_000_000 - 2 * index);
    decoding.records(pack(whole(0), whole(1_000_000_002), ...late.map(whole)));
    decoding.finish();
    const gaps = decoding.told('gap') as { from: number; to: number; count: number }[];

    expect(gaps.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(1_000_000_001 - late.length);
    expect(gaps.every(({ from, to, count }) => to - from + 1 === count)).toBe(true);
  });

  it('the bytes of events that are open: the oldest go, and say that they may be incomplete', () => {
    const decoding = new Decoding(kernelDecoder(false));
    const first = syscallRecord({ name: 'close', arguments: '3 0 0 0' });
    decoding.records(pack(first, { ...syscallRecord({ name: 'execve' }), ...stamp, serial: stamp.serial + 1 }));
    const piece = { ...stamp, serial: stamp.serial + 1, type: recordType.execve, body: `a0="${'x'.repeat(64_000)}"` };
    const tenPieces = pack(...Array<AuditRecord>(10).fill(piece));
    let given = 0;
    for (; decoding.events.length < 1 && given < 500; given += 1) decoding.records(tenPieces);

    // The one that has all the bytes goes, too: without it there is room again.
    expect(decoding.events.map(({ kind, incomplete }) => [kind, incomplete])).toEqual([
      ['close', 'too many events open at once'],
      ['exec', 'too many events open at once'],
    ]);
    expect(given * 640_000).toBeGreaterThan(120 * 1024 * 1024);
    expect(given * 640_000).toBeLessThan(136 * 1024 * 1024);
  });
});
