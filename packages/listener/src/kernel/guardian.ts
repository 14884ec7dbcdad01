/**
 * A small process that outlives us: when we end without having said so, it runs `godo cleanup`, so that rules whose records
 * nobody reads do not stay in the kernel.
 */

import { type ChildProcess, spawn } from 'node:child_process';

/**
 * A shell, for it is there and takes a megabyte. Its standard input ends when we do, however that comes about; only the
 * word says that nothing is left to be done.
 */
const script = 'read -r word; [ "$word" = done ] || exec "$0" "$@"';

/** One that is ended by somebody is replaced, but not without a pause. */
const replaceMs = 5_000;

export class Guardian {
  readonly #command: readonly string[];
  readonly #missing: (reason: string) => void;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  /** `command`: what is run after our end. `missing` is told, each time, that there is no guardian for now, and why. */
  constructor(command: readonly string[], missing: (reason: string) => void) {
    this.#command = command;
    this.#missing = missing;
  }

  /** Its process id; undefined while there is none. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    // A session of its own: what a terminal sends to us is not for it.
    const child = spawn('/bin/sh', ['-c', script, ...this.#command], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    this.#child = child;
    child.once('error', (error) => this.#gone(child, error.message));
    child.once('exit', (code, signal) => this.#gone(child, signal === null ? `it ended with code ${code}` : signal));
    child.stdin?.on('error', () => undefined);
    child.unref();
    (child.stdin as unknown as { unref?(): void } | null)?.unref?.();
  }

  /** All is put back: there is nothing left for it to do. */
  end(): void {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#child?.stdin?.end('done\n');
    this.#child = null;
  }

  #gone(child: ChildProcess, reason: string): void {
    if (this.#ended || child !== this.#child) return;
    this.#child = null;
    this.#missing(reason);
    this.#timer = setTimeout(() => this.start(), replaceMs);
    this.#timer.unref();
  }
}
