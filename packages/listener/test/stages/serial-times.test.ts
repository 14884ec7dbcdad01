import { expect, it } from 'vitest';
import { SerialTimes } from '../../src/stages/serial-times.ts';

const ns = (ms: number) => BigInt(ms) * 1_000_000n;
const between = (sinceMs: number, untilMs: number) => ({ sinceNs: ns(sinceMs), untilNs: ns(untilMs) });

function seen(...events: readonly (readonly [serial: number, ms: number])[]): SerialTimes {
  const times = new SerialTimes(1_000);
  for (const [serial, ms] of events) times.see(serial, ms);
  return times;
}

it('serials that never came were given between an event before them and one behind them', () => {
  const times = seen([10, 2_000], [11, 2_100], [15, 2_200], [16, 2_300]);

  expect(times.between(12, 14, 9_000)).toEqual(between(2_100, 2_200));
});

it('of events that follow each other quickly the first is remembered, which makes the time longer and never shorter', () => {
  const times = seen([10, 2_000], [11, 2_005], [15, 2_006], [16, 2_030]);

  expect(times.between(12, 14, 9_000)).toEqual(between(2_000, 2_030));
});

it('where nothing came behind them they were given by now', () => {
  expect(seen([10, 2_000]).between(11, 14, 9_000)).toEqual(between(2_000, 9_000));
});

it('where nothing that came before them is remembered, they may have been given at any time', () => {
  expect(seen([15, 2_000]).between(11, 14, 9_000)).toEqual(between(1_000, 2_000));
});

it('serials go on at 0 after 4294967295', () => {
  const times = seen([4_294_967_290, 2_000], [3, 2_100]);

  expect(times.between(4_294_967_291, 2, 9_000)).toEqual(between(2_000, 2_100));
});

it('a clock that is set back does not stop it, and makes no time that ends before it begins', () => {
  const times = seen([10, 9_000_000], [15, 2_000], [16, 2_100]);

  expect(times.between(11, 14, 9_000)).toEqual(between(9_000_000, 9_000_000));
  expect(times.between(17, 18, 2_500)).toEqual(between(2_100, 2_500));
});

it('more events than are remembered leave the latest', () => {
  const times = seen(...Array.from({ length: 3_000 }, (_, at) => [at * 10, 2_000 + at * 100] as const));

  expect(times.between(29_981, 29_989, 999_999)).toEqual(between(2_000 + 2_998 * 100, 2_000 + 2_999 * 100));
});

it('what was missed after the last event is from then on', () => {
  expect(seen().sinceLast(5_000)).toEqual(between(1_000, 5_000));
  expect(seen([1, 2_000]).sinceLast(5_000)).toEqual(between(2_000, 5_000));
});
