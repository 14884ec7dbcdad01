import { describe, expect, it } from 'vitest';
import { recordType } from '../../src/audit/record-types.ts';
import type { AuditRecord } from '../support/log-records.ts';
import { reassemblerFor } from '../support/reassembly.ts';

const { syscall, cwd, path, eoe, login } = recordType;
const record = (type: number, serial: number, ms = 1000): AuditRecord => ({ type, ms, serial, body: `s${serial}` });
const head = (type: number, serial: number, ms = 1000) => ({ type, ms, serial });

describe('records of the kernel', () => {
  it('are one event from the first to its EOE, however they interleave with those of another', () => {
    const decoder = reassemblerFor();

    decoder.push([
      record(syscall, 1),
      record(syscall, 2),
      record(cwd, 1),
      record(path, 2),
      record(eoe, 2),
      record(eoe, 1),
    ]);

    expect(decoder.events).toEqual([
      { ms: 1000, serial: 2, records: [record(syscall, 2), record(path, 2)], incomplete: null },
      { ms: 1000, serial: 1, records: [record(syscall, 1), record(cwd, 1)], incomplete: null },
    ]);
  });

  it('belong together by stamp and serial: after a wrap the serial alone may be another event', () => {
    const decoder = reassemblerFor();

    decoder.push([record(syscall, 7, 1000), record(syscall, 7, 9000), record(eoe, 7, 9000), record(eoe, 7, 1000)]);

    expect(decoder.events.map(({ ms, serial }) => [ms, serial])).toEqual([
      [9000, 7],
      [1000, 7],
    ]);
  });

  it('that stand alone are whole events, even where a system call with the same serial follows', () => {
    const decoder = reassemblerFor();

    decoder.push([record(login, 5), record(syscall, 5), record(eoe, 5)]);

    expect(decoder.events).toEqual([
      { ms: 1000, serial: 5, records: [record(login, 5)], incomplete: null },
      { ms: 1000, serial: 5, records: [record(syscall, 5)], incomplete: null },
    ]);
    expect(decoder.late).toEqual([]);
  });

  it('without their end are given up after the time limit of the clock on arrival, with the reason', () => {
    const decoder = reassemblerFor({ timeoutMs: 2000 });

    decoder.push([record(syscall, 1)], 50_000);
    decoder.expire(51_999);
    expect(decoder.events).toEqual([]);
    expect(decoder.open).toBe(1);

    decoder.expire(52_000);
    expect(decoder.events).toEqual([
      { ms: 1000, serial: 1, records: [record(syscall, 1)], incomplete: 'its end did not come in time' },
    ]);
    expect(decoder.open).toBe(0);
  });

  it('are given up oldest first when too many events are open', () => {
    const decoder = reassemblerFor({ maxOpen: 2 });

    decoder.push([record(syscall, 1), record(syscall, 2), record(syscall, 3)]);

    expect(decoder.events).toEqual([
      { ms: 1000, serial: 1, records: [record(syscall, 1)], incomplete: 'too many events open at once' },
    ]);
    expect(decoder.open).toBe(2);
  });

  it('that come after their event was given up are told as late, their EOE is not', () => {
    const decoder = reassemblerFor({ timeoutMs: 10 });

    decoder.push([record(syscall, 1)], 0);
    decoder.expire(10);
    decoder.push([record(path, 1), record(eoe, 1)], 11);

    expect(decoder.events).toHaveLength(1);
    expect(decoder.late).toEqual([head(path, 1)]);
  });

  it('that come after a lonely EOE are late', () => {
    const decoder = reassemblerFor();

    decoder.push([record(eoe, 1), record(path, 1)]);

    expect(decoder.events).toEqual([]);
    expect(decoder.late).toEqual([head(path, 1)]);
  });

  it('are remembered as emitted for the last four thousand events', () => {
    const decoder = reassemblerFor({ maxOpen: 10_000 });

    for (let serial = 1; serial <= 5000; serial += 1) decoder.push([record(syscall, serial), record(eoe, serial)]);
    decoder.push([record(path, 1000), record(path, 5000)]);

    expect(decoder.late).toEqual([head(path, 1000), head(path, 5000)]);
  });

  it('are emitted with the reason when the input ends before they do', () => {
    const decoder = reassemblerFor();

    decoder.push([record(syscall, 1), record(syscall, 2)]);
    decoder.finish();

    expect(decoder.events.map(({ serial, incomplete }) => [serial, incomplete])).toEqual([
      [1, 'the input ended before it did'],
      [2, 'the input ended before it did'],
    ]);
    expect(decoder.open).toBe(0);
  });
});

describe('records of an audit.log, which has no EOE', () => {
  it('are whole events when the log is further by the time limit', () => {
    const decoder = reassemblerFor({ timeIsTheEnd: true, timeoutMs: 2000 });

    decoder.push([record(syscall, 1), record(path, 1)], 1000);
    decoder.expire(3000);

    expect(decoder.events).toEqual([
      { ms: 1000, serial: 1, records: [record(syscall, 1), record(path, 1)], incomplete: null },
    ]);
  });

  it('are whole events when too many are open: no end is missing', () => {
    const decoder = reassemblerFor({ timeIsTheEnd: true, maxOpen: 1 });

    decoder.push([record(syscall, 1), record(syscall, 2)]);

    expect(decoder.events).toEqual([{ ms: 1000, serial: 1, records: [record(syscall, 1)], incomplete: null }]);
  });

  it('are whole events at the end of the log', () => {
    const decoder = reassemblerFor({ timeIsTheEnd: true });

    decoder.push([record(syscall, 1)]);
    decoder.finish();

    expect(decoder.events).toEqual([{ ms: 1000, serial: 1, records: [record(syscall, 1)], incomplete: null }]);
  });
});
