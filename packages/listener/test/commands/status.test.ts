import { describe, expect, it } from 'vitest';
import { lossesOf, type Status, statusText } from '../../src/commands/status.ts';

const kernel = {
  enabled: 1,
  failure: 1,
  pid: 0,
  rateLimit: 0,
  backlogLimit: 8192,
  lost: 3,
  backlog: 2,
  featureBitmap: 127,
  backlogWaitTime: 0,
  backlogWaitTimeActual: 0,
};
const idle: Status = { kernel, rules: 0, blindSpots: [], listener: null, lost: null, leftBehind: false };
const listener = {
  pid: 77,
  startTicks: 5,
  sessionId: 'boot:run:1',
  started: '2023-11-14T22:13:20.000Z',
  intake: 'unicast',
  store: '/var/lib/godo',
  found: { enabled: 0, failure: 1, backlogLimit: 64, backlogWaitTime: 15000 },
  updated: '2023-11-14T22:13:21.000Z',
  counters: { auditRecords: 9, lost: 0 },
};

const none = { records: 0, events: 0, messages: 0, documents: 0, overruns: 0 };

describe('godo status', () => {
  it('tells of a kernel that nobody listens to', () => {
    expect(statusText(idle).split('\n')).toEqual([
      'audit         on',
      'audit role    free',
      'backlog       2 of 8192 records; a full one makes processes wait 0 jiffies',
      'lost          3 records since boot',
      'our rules     0',
      'listener      not running',
    ]);
  });

  it('tells of a running listener with its counters', () => {
    const running = {
      ...idle,
      kernel: { ...kernel, pid: 77 },
      rules: 20,
      listener,
      lost: { ...none, records: 5, events: 2 },
    };

    expect(statusText(running).split('\n')).toEqual([
      'audit         on',
      'audit role    ours (pid 77)',
      'backlog       2 of 8192 records; a full one makes processes wait 0 jiffies',
      'lost          3 records since boot',
      'our rules     20',
      'listener      pid 77 since 2023-11-14T22:13:20.000Z, unicast, writes to /var/lib/godo',
      'lost          5 records, 2 events',
      '  auditRecords          9',
      '  lost                  0',
    ]);
  });

  it('tells what a listener that was cut off left behind, and what to do', () => {
    const text = statusText({ ...idle, rules: 20, leftBehind: true });

    expect(text).toContain('our rules     20 (no listener runs: `godo cleanup` removes them)');
    expect(text).toContain('listener      not running (one was cut off: run `godo cleanup`)');
  });

  it('tells of another daemon, of locked rules, of blind spots and of what an old kernel does not say', () => {
    const strange = { ...kernel, pid: 500, enabled: 2, backlogWaitTime: null };
    const text = statusText({ ...idle, kernel: strange, blindSpots: ['First.', 'Second.'] });

    expect(text).toContain('audit         on, rules locked');
    expect(text).toContain('audit role    pid 500, not ours');
    expect(text).toContain('wait ? jiffies');
    expect(text).toContain('\nblind spot    First.\nblind spot    Second.\n');
  });

  it('adds up what is lost in units of their own, and takes no overrun for a loss where the kernel keeps what did not fit', () => {
    const counters = {
      lost: 4,
      missingSerials: 3,
      connectorMissing: 2,
      spoolLostDocuments: 1,
      refusedDocuments: 2,
      auditOverruns: 7,
    };
    const sums = { records: 4, events: 3, messages: 2, documents: 3 };

    expect(lossesOf({ counters, intake: 'unicast' })).toEqual({ ...sums, overruns: 0 });
    expect(lossesOf({ counters: { ...counters, connectorOverruns: 1 }, intake: 'multicast' })).toEqual({
      ...sums,
      overruns: 8,
    });
  });
});
