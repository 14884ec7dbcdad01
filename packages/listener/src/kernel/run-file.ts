/** /run/godo/listener.json: what a running listener says of itself, and the audit settings it found. */

import { closeSync, constants, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isUnwaitedFor } from '../proc/ended-process.ts';
import { ProcReader } from '../proc/proc-reader.ts';
import type { FoundSettings } from './audit-role.ts';

/** When none of our rules was in the kernel any more. */
export interface EndOfRules {
  /** No event that they asked for has a higher one. null: it could not be learnt. */
  readonly serial: number | null;
  /** Records that the kernel had lost by then, as it counts. */
  readonly lost: number;
}

export interface RunState {
  readonly pid: number;
  /** Start of the process in ticks, so that another process with the same pid is not taken for it. */
  readonly startTicks: number;
  readonly sessionId: string;
  readonly started: string;
  readonly intake: string;
  readonly store: string;
  readonly found: FoundSettings;
  /** It was cut off, and the settings have been put back since: its note stays for the gap that it left. */
  readonly restored?: true;
  /** Written by whoever took its rules out of the kernel. */
  readonly endOfRules?: EndOfRules;
  /** Records that the kernel had lost when it began, as that counts. */
  readonly lostBefore?: number;
  /** The run before, which was cut off: as long as it may be that the gap that it left is not stated in the database. */
  readonly before?: RunState;
  /** What it knows that it does not see, a sentence each. Absent: written by an older godo. */
  readonly blindSpots?: readonly string[];
  /** ISO time at which the counters were written. */
  readonly updated: string;
  readonly counters: Readonly<Record<string, number>>;
}

/** Whether the process that wrote it still lives. One that has ended may be there until its parent has waited for it. */
export function isRunning({ pid, startTicks }: Pick<RunState, 'pid' | 'startTicks'>): boolean {
  return new ProcReader().stat(pid)?.startTicks === startTicks && !isUnwaitedFor(pid);
}

export const runDirectory = '/run/godo';
const path = join(runDirectory, 'listener.json');

/**
 * Makes the file ours, or tells who has it: `running` when that process lives, `cutOff` (with what it left) when it was
 * killed; then the file is ours, and names it as the run before. Two that start at once cannot both have it.
 */
export function claimRunState(state: RunState): { readonly running: RunState } | { readonly cutOff: RunState | null } {
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
  let cutOff: RunState | null = null;
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const before = cutOff === null ? null : unstated(cutOff);
    const mine = cutOff === null || cutOff.restored ? state : { ...state, found: cutOff.found };
    if (createExclusively(path, before === null ? mine : { ...mine, before })) return { cutOff };
    const other = readRunState();
    if (other !== null && isRunning(other)) return { running: other };
    const aside = `${path}.${state.pid}`;
    try {
      renameSync(path, aside);
    } catch {
      continue;
    }
    // Somebody quicker may have put a new one there between the look and the rename.
    const moved = readState(aside);
    if (moved !== null && isRunning(moved)) {
      renameSync(aside, path);
      return { running: moved };
    }
    cutOff = moved ?? cutOff;
    rmSync(aside, { force: true });
  }
  return { cutOff };
}

/** From where on nothing may be in the database: of runs that were cut off one after the other, the first. */
export function unstated({ before, ...last }: RunState): RunState {
  if (before === undefined) return last;
  const { endOfRules, ...first } = before;
  return last.endOfRules === undefined ? first : { ...first, endOfRules: last.endOfRules };
}

export function writeRunState(state: RunState): void {
  const temporary = `${path}.new`;
  let made = createExclusively(temporary, state);
  if (!made) {
    // Left by a listener that was cut off.
    rmSync(temporary, { force: true });
    made = createExclusively(temporary, state);
  }
  if (made) renameSync(temporary, path);
}

function createExclusively(file: string, state: RunState): boolean {
  let fd: number;
  try {
    fd = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    writeFileSync(fd, `${JSON.stringify(state)}\n`);
  } finally {
    closeSync(fd);
  }
  return true;
}

/** null when there is none, or none that can be read. */
export function readRunState(): RunState | null {
  return readState(path);
}

function readState(file: string): RunState | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunState;
  } catch {
    return null;
  }
}

export function removeRunState(): void {
  rmSync(path, { force: true });
}
