import { describe, expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import { shellCaller, stamp, syscallRecord } from '../support/audit-records.ts';
import { decodingFor } from '../support/decoding.ts';

const eoe = { ...stamp, type: recordType.eoe, body: '' };
const at = (serial: number) => ({ ...stamp, serial });
const writeOf = (serial: number, who = '') =>
  [
    { ...syscallRecord({ name: 'write', exit: 6, arguments: '3 7ffe 6 0' }), ...at(serial) },
    { ...eoe, ...at(serial) },
  ].map((record) => ({
    ...record,
    body: who === '' ? record.body : record.body.replace('comm="sh"', `comm="${who}"`),
  }));

describe('entries', () => {
  it('share the caller of the events of one task', () => {
    const { push, events } = decodingFor();
    push([...writeOf(1), ...writeOf(2)]);

    expect(events).toEqual(
      [1, 2].map((serial) => ({ kind: 'write', fd: 3, bytes: 6, ...at(serial), caller: shellCaller })),
    );
    expect(events[0]?.caller).toBe(events[1]?.caller);
  });

  it('of more tasks than the tables hold are right all the same', () => {
    const { push, events } = decodingFor();
    const names = Array.from({ length: 10_000 }, (_, index) => `task${index % 5_500}`);
    push(names.flatMap((name, index) => writeOf(index + 1, name)));

    expect(events.map(({ caller }) => caller.comm)).toEqual(names);
  });

  it('of events that were open while the tables were emptied are right, too', () => {
    const { push, events, finish } = decodingFor();
    const [open = eoe] = writeOf(1, 'early');
    push([open]);
    const names = Array.from({ length: 5_000 }, (_, index) => `task${index}`);
    push(names.flatMap((name, index) => writeOf(index + 2, name)));
    finish();

    expect(events.map(({ caller }) => caller.comm)).toEqual([...names, 'early']);
  });

  it('of arguments of megabytes come whole, in as many pieces as there is room for', () => {
    const { push, events } = decodingFor();
    const piece = 'x'.repeat(7_500);
    const pieces = Array.from({ length: 400 }, (_, index) => ({
      ...stamp,
      type: recordType.execve,
      body: `${index === 0 ? `argc=2 a0="sh" a1_len=${400 * 7_500} ` : ''}a1[${index}]="${piece}"`,
    }));
    push([syscallRecord({ name: 'execve' }), ...pieces, eoe]);

    expect(events).toMatchObject([{ kind: 'exec', argv: ['sh', piece.repeat(400)] }]);
    expect(events[0]).not.toHaveProperty('warnings');
  });

  it('tell what could not be read, and of which type it was', () => {
    const { pushPackets, bad, totals } = decodingFor();
    pushPackets([
      { type: 1300, payload: 'rubbish' },
      { type: 1302, payload: `audit(1.000:1): ${'x'.repeat(66_000)}` },
      { type: 1000, payload: 'an answer' },
      { type: 1329, payload: '\x01\0\0\0' },
      { type: 1320, payload: 'audit(1.000:1): ', truncated: true },
    ]);

    expect(bad).toEqual([
      { error: 'no audit( stamp', type: 1300, position: 0, hex: Buffer.from('rubbish').toString('hex') },
      { error: 'longer than an audit record', type: 1302, position: 0, hex: expect.stringMatching(/^[0-9a-f]{400}$/) },
    ]);
    expect(totals).toEqual({ records: 3, events: 0, truncated: 1, bad: 2 });
  });

  it('stop in front of a mark, and go on behind it', () => {
    const { pushPackets, progress } = decodingFor();
    pushPackets([
      { type: 1320, payload: 'audit(1.000:1): ' },
      { type: 0xfffe, payload: '' },
    ]);

    expect([progress[0], progress[2], progress[8]]).toEqual([32, 1, 5]);
  });
});
