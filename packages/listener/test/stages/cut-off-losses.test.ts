import { describe, expect, it } from 'vitest';
import type { RunState } from '../../src/kernel/run-file.ts';
import { cutOffLosses } from '../../src/stages/cut-off-losses.ts';

const untilNs = 1_700_000_100_000_000_000n;
const began = '2023-11-14T22:13:20.000000000Z';
const stored = '2023-11-14T22:14:10.500000000Z';
const until = '2023-11-14T22:15:00.000000000Z';
const run: RunState = {
  pid: 4711,
  startTicks: 1,
  sessionId: 's1',
  started: began,
  intake: 'unicast',
  store: '/var/lib/godo',
  found: { enabled: 0, failure: 1, backlogLimit: 64, backlogWaitTime: 0 },
  updated: began,
  counters: {},
};
const sentence = (from: string, to = until) =>
  `The listener before this one (pid 4711, session s1) was cut off: what happened between ${from} and ${to} is not in the database or only in part.`;
const ended = (serial: number | null, lost = 0) => ({ endOfRules: { serial, lost } });

describe('a listener that was cut off', () => {
  const gap = { source: 'listener', from: began, to: until, reason: sentence(began) };

  it.each([
    ['nothing was noted', {}],
    ['it is not known by which serial its rules were gone', { counters: { storedSerial: 5 }, ...ended(null) }],
    ['it had received nothing', ended(7)],
    // Somebody has written a note, or audit began anew.
    ['its rules were gone before what is stored', { counters: { storedSerial: 900 }, ...ended(880) }],
  ])('has left a gap in time where %s', (_, note) => {
    expect(cutOffLosses({ ...run, ...note }, untilNs)).toEqual([gap]);
  });

  it('has left as many events as serials were given after the last that is stored, until its rules were gone', () => {
    const counters = { storedUntilMs: Date.parse(stored), firstSerial: 100, storedSerial: 900 };
    const events = `Until its rules were gone audit has made these: 100 event(s) at most, serials 901 to 1000; those of changes to audit and of others' rules are among them.`;
    const reason = `${sentence(stored)} ${events}`;
    const counted = { source: 'listener', from: stored, to: until, count: 100, unit: 'events', reason };
    expect(cutOffLosses({ ...run, counters, ...ended(1000) }, untilNs)).toEqual([counted]);
  });

  it.each([
    [
      'all since the first that it got, where none is known to be stored',
      { firstSerial: 901 },
      1000,
      100,
      '901 to 1000',
    ],
    ['them where serials begin anew', { storedSerial: 2 ** 32 - 1 }, 4, 5, '0 to 4'],
    ['none where all are stored', { storedSerial: 1000 }, 1000, 0, 'these: none;'],
  ])('has left %s', (_, counters, last, count, words) => {
    const [loss] = cutOffLosses({ ...run, counters, ...ended(last) }, untilNs);
    expect([loss?.count, loss?.reason]).toEqual([count, expect.stringContaining(words)]);
  });

  it('has left a time that begins before it ends, also where the clock was set back', () => {
    const counters = { storedUntilMs: Date.parse('2027-01-01T00:00:00.000Z') };
    const [loss] = cutOffLosses({ ...run, counters }, untilNs);
    expect([loss?.from, loss?.to]).toEqual([until, '2027-01-01T00:00:00.000000000Z']);
  });

  it.each([
    ['since its start', 10, 0, 10],
    ['since its last statement that is stored', 10, 25, 25],
    ['since that, where somebody has made the kernel count anew', 40, 25, 25],
    ['since the boot, where it had lost nothing', 0, 0, 0],
    ['since its start, also where the statement of the run before is what is stored', 30, 25, 30],
  ])('has not stated what the kernel lost %s', (_, lostBefore, storedLost, from) => {
    const [lost, last, ...more] = cutOffLosses(
      { ...run, lostBefore, counters: { storedLost }, ...ended(null, 32) },
      untilNs,
    );
    expect(lost).toMatchObject({
      source: 'audit-kernel',
      from: `${from}`,
      to: '32',
      count: 32 - from,
      unit: 'records',
    });
    expect([last?.source, more]).toEqual(['listener', []]);
  });

  it.each([
    ['what the kernel has lost by then is stated', { lostBefore: 32, ...ended(null, 32) }],
    ['somebody has made the kernel forget it', { lostBefore: 40, ...ended(null, 3) }],
    ['an older godo did not note what had been lost before', ended(null, 12_345)],
  ])('has left no lost records unstated where %s', (_, note) => {
    expect(cutOffLosses({ ...run, ...note }, untilNs)).toHaveLength(1);
  });
});
