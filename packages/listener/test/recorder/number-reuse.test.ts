import { describe, expect, it } from 'vitest';
import { exec, exit, fork, keyOf, snapshot } from '../support/events.ts';
import { byConnector, process, record } from '../support/recording.ts';

const init = snapshot(0, { tgid: 1, parentTgid: 0 });
const initKey = keyOf(1, -10_000);

describe('a number that is given out again', () => {
  it('is another process', () => {
    const { pids } = record(
      init,
      fork(10, { tgid: 20, parentTgid: 1 }),
      exit(20, { tgid: 20 }),
      fork(500, { tgid: 20, parentTgid: 1 }),
    );

    expect(pids.map(({ observation, key }) => [observation, key])).toEqual([
      ['snapshot', initKey],
      ['fork', keyOf(20, 10)],
      ['exit', keyOf(20, 10)],
      ['fork', keyOf(20, 500)],
    ]);
  });

  it('without an exit in between says that the exit was missed', () => {
    const { pids } = record(init, fork(10, { tgid: 20, parentTgid: 1 }), fork(500, { tgid: 20, parentTgid: 1 }));

    expect(pids[2]).toEqual({
      ...byConnector(500),
      ...process(20, 500),
      observation: 'fork',
      ppid: 1,
      parentTgid: 1,
      parentKey: initKey,
      warnings: ['the exit of the process that had this number before (boot:20:5001) was not seen'],
    });
  });

  it('does not take over what audit tells late of its former life', () => {
    const { pids } = record(
      fork(10, { tgid: 20, parentTgid: 1 }),
      exit(499, { tgid: 20 }),
      fork(500, { tgid: 20, parentTgid: 1 }),
      exec(390, 20, { argv: ['old'] }),
      exec(510, 20, { argv: ['new'] }),
      exec(495, 20, { argv: ['new, by a clock that lags'] }),
    );

    expect(pids.slice(3).map(({ key, argv }) => [key, argv?.[0]])).toEqual([
      [keyOf(20, 10), 'old'],
      [keyOf(20, 500), 'new'],
      [keyOf(20, 500), 'new, by a clock that lags'],
    ]);
  });

  it('does not take over what a clock tells of its former life that lags by more than it should', () => {
    const { pids } = record(
      fork(10, { tgid: 20, parentTgid: 1 }),
      exit(11, { tgid: 20 }),
      fork(500, { tgid: 20, parentTgid: 1 }),
      exit(501, { tgid: 20 }),
      fork(5000, { tgid: 20, parentTgid: 1 }),
      exec(489, 20, { argv: ['eleven ms before its fork'] }),
    );

    expect(pids.at(-1)?.key).toBe(keyOf(20, 500));
  });

  it('keeps several lives apart while audit lags behind all of them', () => {
    const lives = [10, 500, 1000, 1500];
    const { pids } = record(
      ...lives.flatMap((ms) => [fork(ms, { tgid: 20, parentTgid: 1 }), exit(ms + 50, { tgid: 20 })]),
      ...lives.map((ms) => exec(ms + 1, 20, { argv: [`${ms}`] })),
    );

    expect(pids.slice(2 * lives.length).map(({ key, argv }) => [key, argv?.[0]])).toEqual(
      lives.map((ms) => [keyOf(20, ms), `${ms}`]),
    );
  });

  it('keeps many lives until audit is beyond them', () => {
    const count = 6000;
    const tgidOf = (index: number) => 100 + (index % 50);
    const { pids } = record(
      ...Array.from({ length: count }, (_, index) => index).flatMap((index) => [
        fork(10 * index, { tgid: tgidOf(index), parentTgid: 1 }),
        exit(10 * index + 5, { tgid: tgidOf(index) }),
      ]),
      exec(1, tgidOf(0), { argv: ['first'] }),
    );

    expect(pids.at(-1)).toMatchObject({ key: keyOf(tgidOf(0), 0), argv: ['first'] });
  });
});
