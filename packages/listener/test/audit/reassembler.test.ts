import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../src/audit/record.ts';
import { recordType } from '../../src/audit/record-types.ts';
import { reassemblerFor } from '../support/reassembly.ts';

const { syscall, cwd, path, eoe, login } = recordType;
const record = (type: number, serial: number, ms = 1000): AuditRecord => ({ type, ms, serial, body: `s${serial}` });

describe('records of the kernel', () => {
  it('are one event from the first to its EOE, however they interleave with those of another', () => {
    const { push, events } = reassemblerFor();

    push([record(syscall, 1), record(syscall, 2), record(cwd, 1), record(path, 2), record(eoe, 2), record(eoe, 1)]);

    expect(events).toEqual([
      { ms: 1000, serial: 2, records: [record(syscall, 2), record(path, 2)], incomplete: null },
      { ms: 1000, serial: 1, records: [record(syscall, 1), record(cwd, 1)], incomplete: null },
    ]);
  });

  it('belong together by stamp and serial: after a wrap the serial alone may be another event', () => {
    const { push, events } = reassemblerFor();

    push([record(syscall, 7, 1000), record(syscall, 7, 9000), record(eoe, 7, 9000), record(eoe, 7, 1000)]);

    expect(events.map(({ ms, serial }) => [ms, serial])).toEqual([
      [9000, 7],
      [1000, 7],
    ]);
  });

  it('that stand alone are whole events, even where a system call with the same serial follows', () => {
    const { push, events, late } = reassemblerFor();

    push([record(login, 5), record(syscall, 5), record(eoe, 5)]);

    expect(events).toEqual([
      { ms: 1000, serial: 5, records: [record(login, 5)], incomplete: null },
      { ms: 1000, serial: 5, records: [record(syscall, 5)], incomplete: null },
    ]);
    expect(late).toEqual([]);
  });

  it('without their end are given up after the time limit of the clock on arrival, with the reason', () => {
    const { push, events, reassembler } = reassemblerFor({ timeoutMs: 2000 });

    push([record(syscall, 1)], 50_000);
    reassembler.expire(51_999);
    expect(events).toEqual([]);
    expect(reassembler.open).toBe(1);

    reassembler.expire(52_000);
    expect(events).toEqual([
      { ms: 1000, serial: 1, records: [record(syscall, 1)], incomplete: 'its end did not come in time' },
    ]);
    expect(reassembler.open).toBe(0);
  });

  it('are given up oldest first when too many events are open', () => {
    const { push, events, reassembler } = reassemblerFor({ maxOpen: 2 });

    push([record(syscall, 1), record(syscall, 2), record(syscall, 3)]);

    expect(events).toEqual([
      { ms: 1000, serial: 1, records: [record(syscall, 1)], incomplete: 'too many events open at once' },
    ]);
    expect(reassembler.open).toBe(2);
  });

  it('that come after their event was given up are told as late, their EOE is not', () => {
    const { push, events, late, reassembler } = reassemblerFor({ timeoutMs: 10 });

    push([record(syscall, 1)], 0);
    reassembler.expire(10);
    push([record(path, 1), record(eoe, 1)], 11);

    expect(events).toHaveLength(1);
    expect(late).toEqual([record(path, 1)]);
  });

  it('that come after a lonely EOE are late', () => {
    const { push, events, late } = reassemblerFor();

    push([record(eoe, 1), record(path, 1)]);

    expect(events).toEqual([]);
    expect(late).toEqual([record(path, 1)]);
  });

  it('are remembered as emitted for the last four thousand events', () => {
    const { push, late } = reassemblerFor({ maxOpen: 10_000 });

    for (let serial = 1; serial <= 5000; serial += 1) push([record(syscall, serial), record(eoe, serial)]);
    push([record(path, 1000), record(path, 5000)]);

    expect(late).toEqual([record(path, 1000), record(path, 5000)]);
  });

  it('are emitted with the reason when the input ends before they do', () => {
    const { push, events, reassembler } = reassemblerFor();

    push([record(syscall, 1), record(syscall, 2)]);
    reassembler.finish();

    expect(events.map(({ serial, incomplete }) => [serial, incomplete])).toEqual([
      [1, 'the input ended before it did'],
      [2, 'the input ended before it did'],
    ]);
    expect(reassembler.open).toBe(0);
  });

  it('are ended by the mark of a --diag file, with its reason', () => {
    const { push, events, reassembler } = reassemblerFor();

    push([record(syscall, 1)]);
    reassembler.end(1000, 1, 'its end did not come in time');
    reassembler.end(1000, 2, 'there is no such event');

    expect(events.map(({ serial, incomplete }) => [serial, incomplete])).toEqual([[1, 'its end did not come in time']]);
  });
});

describe('records of an audit.log, which has no EOE', () => {
  it('are whole events when the log is further by the time limit', () => {
    const { push, events, reassembler } = reassemblerFor({ timeIsTheEnd: true, timeoutMs: 2000 });

    push([record(syscall, 1), record(path, 1)], 1000);
    reassembler.expire(3000);

    expect(events).toEqual([{ ms: 1000, serial: 1, records: [record(syscall, 1), record(path, 1)], incomplete: null }]);
  });

  it('are whole events when too many are open: no end is missing', () => {
    const { push, events } = reassemblerFor({ timeIsTheEnd: true, maxOpen: 1 });

    push([record(syscall, 1), record(syscall, 2)]);

    expect(events).toEqual([{ ms: 1000, serial: 1, records: [record(syscall, 1)], incomplete: null }]);
  });

  it('are whole events at the end of the log', () => {
    const { push, events, reassembler } = reassemblerFor({ timeIsTheEnd: true });

    push([record(syscall, 1)]);
    reassembler.finish();

    expect(events).toEqual([{ ms: 1000, serial: 1, records: [record(syscall, 1)], incomplete: null }]);
  });
});
