import { describe, expect, it } from 'vitest';
import type { MissedSpan } from '../src/missed-times.ts';
import { MissedTimes, missedSpan } from '../src/missed-times.ts';
import type { LossDocument } from '../src/raw-documents.ts';

const span = (sinceMs: number, untilMs: number, toldMs = untilMs, sessionId = 'run-1'): MissedSpan => {
  return { sessionId, sinceMs, untilMs, toldMs };
};
const times = (...spans: readonly MissedSpan[]) => new MissedTimes(spans);
const file = (opened: number, closed: number | null, sessionId = 'run-1') => ({
  origin: { host: 'h', machineId: null, bootId: 'b', sessionId },
  opened: { ms: opened, ns: 0 },
  closed: closed === null ? null : { ms: closed, ns: 0 },
});

describe('a session that had ended when it was learnt that calls were missed', () => {
  it.each([
    ['was open all the time', file(100, 3_000), 1_000],
    ['ended in it', file(100, 1_500), 1_000],
    ['began in it', file(1_500, 3_000), 1_500],
    ['ended when it was learnt', file(100, 4_900), 1_000],
    ['ended before it', file(100, 980), null],
    ['ended before it by the stamp, which lags', file(100, 995), 1_000],
    ['began after it', file(2_001, 3_000), null],
    ['went on after it was learnt, so that the listener knew', file(100, 5_001), null],
    ['has not ended', file(100, null), null],
    ['is of another run', file(100, 3_000, 'run-2'), null],
  ])('and %s', (_, session, since) => {
    expect(times(span(1_000, 2_000, 4_000)).since(session)).toBe(since);
  });

  it('has missed them since the first of several times', () => {
    const several = times(span(500, 600, 5_000), span(1_000, 1_100), span(50, 60), span(1_050, 1_200));

    expect(several.since(file(100, 2_000))).toBe(500);
    expect(several.since(file(700, 2_000))).toBe(1_000);
  });

  it('may be of any run, where that is not asked', () => {
    const several = times(span(500, 600), span(550, 700, 700, 'run-2'));

    expect([several.mayConcern(650, 800), several.since(file(650, 800))]).toEqual([true, null]);
    expect(several.mayConcern(701, 800)).toBe(false);
  });
});

describe('what a loss tells of missed calls', () => {
  const loss = (missed: unknown) => missedSpan({ sessionId: 'run-1', timeNs: 5_000_000_000n, missed } as LossDocument);

  it('is when they were made, and when that was told', () => {
    expect(loss({ sinceNs: 1_000_000_000n, untilNs: 2_000_000_000n })).toEqual(span(1_000, 2_000, 5_000));
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'x'],
    ['an object without times', {}],
    ['a number as a time', { sinceNs: 1 }],
    ['a text as a time', { sinceNs: 1n, untilNs: '2' }],
  ])('is nothing where there is %s', (_, missed) => {
    expect(loss(missed)).toBeNull();
  });
});
