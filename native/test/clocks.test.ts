import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readClocks } from '../index.js';

const within = (value: bigint, least: bigint, most: bigint): boolean => value >= least && value <= most;

it('readClocks reads the wall clock, the monotonic clock and the time since boot, in nanoseconds', () => {
  const wall = BigInt(Date.now()) * 1_000_000n;
  const monotonic = process.hrtime.bigint();
  const uptime = BigInt(Math.round(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1e9));

  const clocks = readClocks();

  const second = 1_000_000_000n;
  expect({
    realtime: within(clocks.realtimeNs, wall, wall + second),
    monotonic: within(clocks.monotonicNs, monotonic, monotonic + second),
    // /proc/uptime counts in hundredths.
    boottime: within(clocks.boottimeNs, uptime - 20_000_000n, uptime + second),
  }).toEqual({ realtime: true, monotonic: true, boottime: true });
});
