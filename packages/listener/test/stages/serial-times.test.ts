import { expect, it } from 'vitest';
import { SerialTimes } from '../../src/stages/serial-times.ts';

const ns = (ms: number) => BigInt(ms) * 1_000_000n;
const between = (sinceMs: number, untilMs: number) => ({ sinceNs: ns(sinceMs), untilNs: ns(untilMs) });

type Seen = readonly [serial: number, ms: number, readMs?: number];

/** `readMs`: where it is not said, the stamp. Looked at at `nowMs`. */
function seen(nowMs: number, ...events: readonly Seen[]): SerialTimes {
  let now = 1_000;
  const times = new SerialTimes(() => now);
  for (const [serial, ms, readMs = ms] of events) {
    now = readMs;
    times.see(serial, ms);
  }
  now = nowMs;
  return times;
}

it('serials that never came were given between an event before them and the time when one behind them was read', () => {
  const events = [
    [10, 2_000],
    [11, 2_100],
    [15, 2_200, 2_250],
  ] as const;

  expect(seen(9_000, ...events).between(12, 14)).toEqual(between(2_100, 2_250));
});

it('or by the latest stamp of those behind, where that was read late', () => {
  const events = [
    [10, 2_000],
    [11, 2_100],
    [15, 2_200, 5_000],
    [16, 2_300, 5_000],
    [17, 2_400, 5_000],
  ] as const;

  expect(seen(9_000, ...events).between(12, 14)).toEqual(between(2_100, 2_400));
});

it('of events that follow each other quickly the first is remembered, which makes the time longer and never shorter', () => {
  const times = seen(9_000, [10, 2_000], [11, 2_005], [15, 2_006], [16, 2_030]);

  expect(times.between(12, 14)).toEqual(between(2_000, 2_030));
});

it('where nothing came behind them they were given by now', () => {
  expect(seen(9_000, [10, 2_000]).between(11, 14)).toEqual(between(2_000, 9_000));
});

it('calls that blocked, of which the stamps are old, say nothing of the time', () => {
  const blocked = (from: number) =>
    Array.from({ length: 2_000 }, (_, at): Seen => [from + at, 3_000 - (at % 2) * 1_500, 9_000]);
  const events = [...blocked(15), [3_000, 9_000]] as const;
  const behind: Seen[] = [[10, 8_000], ...events.map(([serial, ms]): Seen => [serial, ms, 9_000])];

  expect(seen(9_100, ...behind).between(11, 14)).toEqual(between(8_000, 9_000));
  expect(seen(9_100, ...behind).sinceLast()).toEqual(between(9_000, 9_100));
});

it('of one behind them that blocked the stamp is no end of theirs', () => {
  expect(seen(9_000, [10, 2_000], [15, 2_100, 6_000]).between(11, 14)).toEqual(between(2_000, 6_000));
});

it('where nothing that came before them is remembered, they may have been given at any time', () => {
  expect(seen(9_000, [15, 2_000]).between(11, 14)).toEqual(between(1_000, 2_000));
});

it('serials go on at 0 after 4294967295', () => {
  const times = seen(9_000, [4_294_967_290, 2_000], [3, 2_100]);

  expect(times.between(4_294_967_291, 2)).toEqual(between(2_000, 2_100));
});

it('a clock that is set back does not stop it, and its times before and after are in the one of what was missed', () => {
  const events: readonly Seen[] = [
    [10, 9_000_000],
    [15, 2_000],
    [16, 2_100],
  ];

  expect(seen(2_500, ...events).between(11, 14)).toEqual(between(2_000, 9_000_000));
  expect(seen(2_500, ...events).between(17, 18)).toEqual(between(2_100, 2_500));
});

it('more events than are remembered leave the latest', () => {
  const times = seen(999_999, ...Array.from({ length: 3_000 }, (_, at) => [at * 10, 2_000 + at * 100] as const));

  expect(times.between(29_981, 29_989)).toEqual(between(2_000 + 2_998 * 100, 2_000 + 2_999 * 100));
});

it('what was missed after the last event is from then on', () => {
  expect(seen(5_000).sinceLast()).toEqual(between(1_000, 5_000));
  expect(seen(5_000, [1, 2_000]).sinceLast()).toEqual(between(2_000, 5_000));
});
