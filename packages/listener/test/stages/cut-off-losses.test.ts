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
const sentence = (from: string) =>
  `The listener before this one (pid 4711, session s1) was cut off: what happened between ${from} and ${until} is not in the database or only in part.`;

describe('a listener that was cut off', () => {
  it('has left a gap since its start, where nothing is known to be stored', () => {
    const gap = { source: 'listener', from: began, to: until, reason: sentence(began) };
    expect(cutOffLosses(run, untilNs)).toEqual([gap]);
    const unknown = { ...run, counters: { storedSerial: 5 }, endOfRules: { serial: null, lost: 0 } };
    expect(cutOffLosses(unknown, untilNs)).toEqual([gap]);
  });

  it('has left as many events as serials were given after the last that is stored, until its rules were gone', () => {
    const counters = { storedUntilMs: Date.parse(stored), storedSerial: 900, storedEvents: 800 };
    const reason = `${sentence(stored)} Of audit these are 100 event(s) at most (serials 901 to 1000, with those of changes to audit and of others' rules), until its rules were gone; then there are none.`;
    const gap = { source: 'listener', from: stored, to: until, count: 100, unit: 'events', reason };
    expect(cutOffLosses({ ...run, counters, endOfRules: { serial: 1000, lost: 0 } }, untilNs)).toEqual([gap]);
  });

  it('has left all since the first that it got, where none is known to be stored', () => {
    const state = { ...run, counters: { firstSerial: 901 }, endOfRules: { serial: 1000, lost: 0 } };
    const [gap] = cutOffLosses(state, untilNs);
    expect([gap?.count, gap?.from, gap?.reason]).toEqual([100, began, expect.stringContaining('serials 901 to 1000')]);
  });

  it('may have left them where serials begin anew', () => {
    const state = { ...run, counters: { storedSerial: 2 ** 32 - 1 }, endOfRules: { serial: 4, lost: 0 } };
    const [gap] = cutOffLosses(state, untilNs);
    expect([gap?.count, gap?.reason]).toEqual([5, expect.stringContaining('serials 0 to 4')]);
  });

  it.each([
    ['since its start', 10, 0, 10],
    ['since its last statement that is stored', 10, 25, 25],
  ])('has not stated what the kernel lost %s', (_, lostBefore, storedLost, from) => {
    const state = { ...run, lostBefore, counters: { storedLost }, endOfRules: { serial: null, lost: 32 } };
    const [, lost, ...more] = cutOffLosses(state, untilNs);
    expect(lost).toMatchObject({
      source: 'audit-kernel',
      from: `${from}`,
      to: '32',
      count: 32 - from,
      unit: 'records',
    });
    expect(more).toEqual([]);
  });

  it('is not said to have left out what somebody has made the kernel forget', () => {
    expect(cutOffLosses({ ...run, lostBefore: 40, endOfRules: { serial: null, lost: 3 } }, untilNs)).toHaveLength(1);
  });
});
