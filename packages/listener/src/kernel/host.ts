/** Facts of this host and this boot. */

import { readFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import { hrtime } from 'node:process';
import { readClocks } from '@godo/native';

export interface HostFacts {
  readonly host: string;
  readonly machineId: string | null;
  readonly bootId: string;
  readonly kernel: string;
}

const packageJson = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
export const { version } = packageJson;

export function hostFacts(): HostFacts {
  return {
    host: hostname(),
    machineId: firstLine('/etc/machine-id'),
    // Without /proc nothing works; a boot id is always there with it.
    bootId: firstLine('/proc/sys/kernel/random/boot_id') ?? 'unknown-boot',
    kernel: release(),
  };
}

/** µs of CLOCK_MONOTONIC, which is what hrtime reads, without three bigints for each. */
export function monotonicUs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1_000_000 + nanoseconds / 1000;
}

export function realtimeNs(): bigint {
  return readClocks().realtimeNs;
}

function firstLine(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').split('\n', 1)[0]?.trim() || null;
  } catch {
    return null;
  }
}
