/** /run/godo/listener.json: what a running listener says of itself, and the audit settings it found. */

import { closeSync, constants, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FoundSettings } from './audit-role.ts';

export interface RunState {
  readonly pid: number;
  /** Start of the process in ticks, so that another process with the same pid is not taken for it. */
  readonly startTicks: number;
  readonly sessionId: string;
  readonly started: string;
  readonly intake: string;
  readonly store: string;
  readonly found: FoundSettings;
  /** ISO time at which the counters were written. */
  readonly updated: string;
  readonly counters: Readonly<Record<string, number>>;
}

const directory = '/run/godo';
const path = join(directory, 'listener.json');

export function writeRunState(state: RunState): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  const fd = openSync(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    writeFileSync(fd, `${JSON.stringify(state)}\n`);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}

/** null when there is none, or none that can be read. */
export function readRunState(): RunState | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunState;
  } catch {
    return null;
  }
}

export function removeRunState(): void {
  rmSync(path, { force: true });
}
