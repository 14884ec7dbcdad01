import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kernelDecoder, logDecoder } from '../../src/audit/audit-decoder.ts';
import { recordType } from '../../src/audit/record-types.ts';
import type { AuditEvent } from '../../src/events.ts';
import { cwdRecord, pathRecord, syscallRecord } from '../support/audit-records.ts';
import { loggedOpen } from '../support/log-lines.ts';
import type { AuditRecord } from '../support/log-records.ts';
import { packed, packetOf } from '../support/packed-records.ts';
import { Decoding, decodedRecords, decodedText } from '../support/sink-calls.ts';

/** An open in this directory on this device by this task, with its end. */
function openOf(serial: number, directory: string, dev: string, comm: string): AuditRecord[] {
  const open = syscallRecord({ name: 'openat', exit: 3, arguments: 'ffffff9c 0 241 1b6' });
  return [
    { ...open, body: open.body.replace('comm="sh"', `comm="${comm}"`) },
    cwdRecord(`"${directory}"`),
    pathRecord(`item=0 name="out" inode=7 dev=${dev} mode=0100644 nametype=CREATE`),
    { ...open, type: recordType.eoe, body: '' },
  ].map((record) => ({ ...record, serial }));
}

const told = (event: AuditEvent) => event.kind === 'open' && [event.path, event.dev, event.caller.comm];

describe('texts and callers are right, however many there are:', () => {
  it('a directory of its own for each of 70,000 events', () => {
    const names = Array.from({ length: 70_000 }, (_, index) => `/srv/${index}`);
    const decoding = new Decoding(kernelDecoder(false));
    for (let from = 0; from < names.length; from += 1_000) {
      const part = names.slice(from, from + 1_000);
      decoding.records(packed(part.flatMap((name, index) => openOf(from + index, name, 'fe:00', 'sh')).map(packetOf)));
    }

    expect(decoding.events.map(told)).toEqual(names.map((name) => [`${name}/out`, 'fe:00', 'sh']));
  });

  it('a caller of its own for each of 20,000 events, twice', () => {
    const names = Array.from({ length: 40_000 }, (_, index) => `task-${index % 20_000}`);
    const packets = names.flatMap((comm, index) => openOf(index, '/srv', 'fe:00', comm)).map(packetOf);
    const decoding = decodedRecords(kernelDecoder(false), packed(packets));

    expect(decoding.events.map(told)).toEqual(names.map((comm) => ['/srv/out', 'fe:00', comm]));
  });

  it('directories of four thousand bytes, of which the tables hold a few hundred', () => {
    const names = Array.from({ length: 1_500 }, (_, index) => `/${String(index % 700).padStart(4_000, 'd')}`);
    const packets = names.flatMap((name, index) => openOf(index, name, `${index}:0`, 'sh')).map(packetOf);
    const decoding = decodedRecords(kernelDecoder(false), packed(packets));

    expect(decoding.events.map(told)).toEqual(names.map((name, index) => [`${name}/out`, `${index}:0`, 'sh']));
  });

  it('in a log, where events wait for their order', () => {
    const count = 12_000;
    const lines = Array.from({ length: count }, (_, index) =>
      loggedOpen({ ms: index >> 3, serial: index + 1, pid: 20, comm: `t${index % 6_000}` }, 3, `${index}`),
    );
    const [first = [], ...others] = lines;
    // The first event comes last.
    const decoding = decodedText(logDecoder('host-1'), [...others, first].flat().join('\n'));

    expect(decoding.events.map(told)).toEqual(lines.map((_, index) => [`/srv/${index}`, 'fe:00', `t${index % 6_000}`]));
  });

  it('when events that began before the tables were emptied end behind it, in any order', () => {
    const early = Array.from({ length: 30 }, (_, index) =>
      openOf(index, `/early/${index}`, `e:${index}`, `early${index}`),
    );
    const filling = Array.from({ length: 9_000 }, (_, index) =>
      openOf(100 + index, `/fill/${index}`, 'f:0', `f${index}`),
    );
    const order = fc.shuffledSubarray(early, { minLength: early.length });
    const parts = fc.array(fc.nat({ max: filling.length }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(order, parts, (ends, places) => {
        // Their heads, spread among the others; then their ends.
        const heads = early.map((records, index) => ({
          records: records.slice(0, -1),
          at: places[index % places.length] ?? 0,
        }));
        const stream = filling.flatMap((records, index) => [
          ...heads.filter(({ at }) => at === index).flatMap((head) => head.records),
          ...records,
        ]);
        const late = heads.filter(({ at }) => at >= filling.length).flatMap((head) => head.records);
        const all = [...stream, ...late, ...ends.flatMap((records) => records.slice(-1))];
        const { events } = decodedRecords(kernelDecoder(false), packed(all.map(packetOf)));

        const expected = ends.map(([open]) => open?.serial ?? -1);
        expect(events.slice(-ends.length).map(told)).toEqual(
          expected.map((serial) => [`/early/${serial}/out`, `e:${serial}`, `early${serial}`]),
        );
        expect(events.slice(0, -ends.length).map(told)).toEqual(
          filling.map((_, index) => [`/fill/${index}/out`, 'f:0', `f${index}`]),
        );
      }),
      { numRuns: 10 },
    );
  });
});
