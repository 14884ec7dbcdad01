import fc from 'fast-check';
import { expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import { interleaving } from '../support/interleaving.ts';
import type { AuditRecord } from '../support/log-records.ts';
import { reassemblerFor } from '../support/reassembly.ts';

const bodyTypes = [recordType.cwd, recordType.path, recordType.execve, recordType.proctitle] as const;

/** Whole events with serials in a row from `first`, each as the records the kernel sends for it. */
const events = fc
  .tuple(
    fc.nat({ max: 0xffff_ffff }),
    fc.array(fc.array(fc.constantFrom(...bodyTypes), { maxLength: 4 }), { minLength: 1, maxLength: 8 }),
  )
  .map(([first, bodies]) =>
    bodies.map((types, index): AuditRecord[] => {
      const serial = (first + index) >>> 0;
      const all = [recordType.syscall, ...types, recordType.eoe];
      return all.map((type, item) => ({ type, ms: 1000 + index, serial, body: `item=${item}` }));
    }),
  );

const bySerial = (all: readonly { ms: number }[]) => all.toSorted((a, b) => a.ms - b.ms);

it('any interleaving of the records of some events gives the same events, and no gap', () => {
  fc.assert(
    fc.property(
      events.chain((all) => fc.tuple(fc.constant(all), interleaving(all))),
      ([all, stream]) => {
        const decoder = reassemblerFor();
        decoder.push(stream);
        decoder.finish();

        expect(bySerial(decoder.events)).toEqual(
          all.map((records) => ({
            ms: records[0]?.ms,
            serial: records[0]?.serial,
            records: records.slice(0, -1),
            incomplete: null,
          })),
        );
        expect([...decoder.gaps, ...decoder.late]).toEqual([]);
      },
    ),
  );
});

it('every record comes out once, as part of an event or as late, whatever is lost and whenever the clock looks', () => {
  const step = fc.record({ keep: fc.boolean(), clock: fc.nat({ max: 30 }) });
  fc.assert(
    fc.property(
      events.chain((all) => fc.tuple(interleaving(all), fc.array(step, { minLength: 1, maxLength: 60 }))),
      ([stream, steps]) => {
        const decoder = reassemblerFor({ timeoutMs: 50, maxOpen: 3 });
        let now = 0;
        const given = stream.filter((record, index) => {
          const { keep, clock } = steps[index % steps.length] ?? { keep: true, clock: 0 };
          now += clock;
          decoder.expire(now);
          if (keep) decoder.push([record], now);
          return keep && record.type !== recordType.eoe;
        });
        decoder.finish();

        const taken = [...decoder.events.flatMap(({ records }) => records), ...decoder.late];
        const heads = (all: readonly Omit<AuditRecord, 'body'>[]) =>
          all.map(({ type, ms, serial }) => ({ type, ms, serial })).toSorted((a, b) => a.ms - b.ms || a.type - b.type);
        expect(heads(taken)).toEqual(heads(given));
      },
    ),
  );
});
