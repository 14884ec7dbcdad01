/** godo's own programs, run as a user runs them: the bin files on the built code. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Need } from './needs.ts';
import { type Outcome, type RunOptions, runProgram, said } from './run-program.ts';
import { waitFor } from './wait-for.ts';

const project = new URL('../../', import.meta.url);
const bins = {
  godo: 'packages/listener/bin/godo.js',
  filter: 'packages/filter/bin/filter.js',
  viewer: 'packages/viewer/bin/viewer.js',
} as const;

export type ProgramName = keyof typeof bins;

export function binPath(name: ProgramName): string {
  return fileURLToPath(new URL(bins[name], project));
}

/** The programs run from dist: without a build they only say that it is missing. */
export const built: Need = () => {
  const missing = Object.values(bins).filter(
    (bin) => !existsSync(new URL(`${bin.slice(0, bin.indexOf('/bin/'))}/dist/cli.js`, project)),
  );
  return missing.length === 0 ? null : `Not built yet (npm run build): ${missing.join(', ')}.`;
};

/** A neutral environment: what the user has set must not decide what a test sees. */
const neutral = {
  GODO_DB: undefined,
  GODO_DB_FILE: undefined,
  NO_COLOR: undefined,
  FORCE_COLOR: undefined,
  COLUMNS: undefined,
};

export function runGodoProgram(name: ProgramName, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return runProgram(process.execPath, [binPath(name), ...args], { ...options, env: { ...neutral, ...options.env } });
}

/** One JSON document a line, as the `--json` outputs have it. A line that is not JSON rejects with the line. */
export function parseJsonLines<T>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      try {
        return JSON.parse(line) as T;
      } catch {
        throw new Error(`Not a JSON document: ${line}`);
      }
    });
}

export interface RunningGodo {
  readonly pid: number;
  /** What it has logged to stderr so far. */
  stderr(): string;
  /** SIGTERM (or another signal), then waits for the end. A second call gives the same outcome. */
  stop(signal?: NodeJS.Signals): Promise<Outcome>;
}

const readyTimeoutMs = 60_000;
const stopTimeoutMs = 120_000;

/**
 * Starts the listener and resolves when it says that it is ready: a line of its log, JSON with `msg` "listening".
 * @throws Error with all that it said when it ends before that or needs more than a minute.
 */
export async function startGodo(
  args: readonly string[],
  options: { readonly cwd?: string } = {},
): Promise<RunningGodo> {
  const child = spawn(process.execPath, [binPath('godo'), ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...neutral },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const closed = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  closed.catch(() => {});
  const killAtExit = () => child.kill('SIGTERM');
  process.once('exit', killAtExit);
  closed.finally(() => process.removeListener('exit', killAtExit)).catch(() => {});
  try {
    await waitFor(
      'godo to say "listening"',
      () => {
        if (hasEnded(child)) throw new Error(`godo ended before it was ready (exit code ${child.exitCode}).`);
        return isReady(output.stderr);
      },
      readyTimeoutMs,
    );
  } catch (error) {
    // SIGTERM, not SIGKILL: it still may have rules to take back.
    if (!hasEnded(child)) child.kill('SIGTERM');
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 10_000))]);
    if (!hasEnded(child)) child.kill('SIGKILL');
    throw new Error(`${(error as Error).message}\n${said(output)}`);
  }
  return {
    pid: child.pid ?? -1,
    stderr: () => output.stderr,
    async stop(signal = 'SIGTERM') {
      if (!hasEnded(child)) child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      try {
        return await closed;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** True once one of the whole lines is a log entry with the message "listening". */
export function isReady(log: string): boolean {
  return log
    .split('\n')
    .slice(0, -1)
    .some((line) => {
      try {
        return (JSON.parse(line) as { msg?: unknown }).msg === 'listening';
      } catch {
        return false;
      }
    });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
