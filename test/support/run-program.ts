/** Runs a program to its end and keeps everything it said. */

import { spawn } from 'node:child_process';

export interface Outcome {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment of this process; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Buffer;
  /** Default 60,000 ms; the program is killed then and the promise rejects with what it said so far. */
  readonly timeoutMs?: number;
}

/** A program that could not be started at all rejects; one that fails resolves with its exit code. */
export function runProgram(file: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that ends without reading its input is no error of ours.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const outcome = {
        code,
        signal,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      };
      if (late) reject(new Error(`${commandLine(file, args)} took longer than ${timeoutMs} ms.\n${said(outcome)}`));
      else resolve(outcome);
    });
  });
}

/** Like {@link runProgram}, but an exit code other than 0 rejects with all that the program said. */
export async function runOrThrow(file: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const outcome = await runProgram(file, args, options);
  if (outcome.code !== 0) {
    const end = outcome.signal === null ? `exit code ${outcome.code}` : `signal ${outcome.signal}`;
    throw new Error(`${commandLine(file, args)} ended with ${end}.\n${said(outcome)}`);
  }
  return outcome;
}

/** The outputs of a program as text for an error message. */
export function said(outcome: Pick<Outcome, 'stdout' | 'stderr'>): string {
  return `stdout:\n${outcome.stdout}\nstderr:\n${outcome.stderr}`;
}

function commandLine(file: string, args: readonly string[]): string {
  return [file, ...args].join(' ');
}
