/**
 * A listener keeps only the capabilities that it needs. They are taken out of the bounding set before the program is
 * executed anew, for what a thread has is not taken from it by another: so none of its threads ever has them, and nothing
 * that it starts.
 */

import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { StoreTarget } from '@godo/evidence';
import { executeBounded } from '@godo/native';

/** Numbers of linux/capability.h. */
const capability = {
  dacOverride: 1,
  /** Files of all users: /proc, the state of engines. */
  dacReadSearch: 2,
  setPcap: 8,
  /** The proc connector, and sockets as large as we want them. */
  netAdmin: 12,
  /** What /proc shows of other users' processes. */
  sysPtrace: 19,
  auditControl: 30,
  auditRead: 37,
  /** The BPF program on the audit socket, with perfmon. */
  bpf: 39,
  perfmon: 38,
} as const;

const { dacReadSearch, netAdmin, sysPtrace, auditControl, auditRead, bpf, perfmon } = capability;
const always = [dacReadSearch, netAdmin, sysPtrace, auditControl, auditRead, bpf, perfmon];

/** A bit for each capability that is kept. `ownsAll`: whether everything that is written to belongs to us. */
export function keptCapabilities(ownsAll: boolean): bigint {
  const kept = ownsAll ? always : [...always, capability.dacOverride];
  return kept.reduce((bits, number) => bits | (1n << BigInt(number)), 0n);
}

/** Whether something would be taken, and may be. `status` is the text of /proc/self/status. */
export function canBeBounded(status: string, kept: bigint): boolean {
  const bits = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  const mayTake = ((bits('CapEff') >> BigInt(capability.setPcap)) & 1n) === 1n;
  return mayTake && (bits('CapBnd') & ~kept) !== 0n;
}

/** Files and folders that a listener writes to. */
export function writtenTo(target: StoreTarget, diagFile: string | null): string[] {
  return [
    ...(target.kind === 'sqlite' ? [target.directory, join(target.directory, 'raw.db')] : []),
    ...(diagFile === null ? [] : [dirname(diagFile), diagFile]),
  ];
}

/** Whether they belong to `uid`, or will: of what is not there yet, the folder that it will be in. */
export function ownsAll(paths: readonly string[], uid: number): boolean {
  return paths.every((path) => ownerOf(path) === uid);
}

function ownerOf(path: string): number | null {
  for (let place = path; ; place = dirname(place)) {
    try {
      return statSync(place).uid;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || place === dirname(place)) return null;
    }
  }
}

/**
 * Executes this program anew without the capabilities that are not kept, with `words` for arguments and its environment
 * changed by `changes` (undefined: not there).
 *
 * @throws NativeError where that fails; the environment is as it was then.
 */
export function startBounded(
  kept: bigint,
  words: readonly string[],
  changes: Readonly<Record<string, string | undefined>>,
): never {
  const found = Object.keys(changes).map((name) => [name, process.env[name]] as const);
  setEnvironment(Object.entries(changes));
  try {
    return executeBounded(kept, [process.execPath, ...process.execArgv, process.argv[1] as string, ...words]);
  } finally {
    setEnvironment(found);
  }
}

function setEnvironment(values: Iterable<readonly [name: string, value: string | undefined]>): void {
  for (const [name, value] of values) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
