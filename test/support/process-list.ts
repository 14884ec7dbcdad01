/** What everybody on this machine may read of processes: their command lines. */

import { readdirSync, readFileSync } from 'node:fs';

/** Of one process, as /proc has it; '' when it is gone. */
export function commandLineOf(pid: number | string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replace(/\0+$/, '');
  } catch {
    return '';
  }
}

/** Looks through all of them, again and again, until it is stopped. */
export class ProcessListWatch {
  readonly #timer: NodeJS.Timeout;
  readonly #found = new Set<string>();
  /** How often it has looked. */
  looks = 0;

  constructor(word: string) {
    this.#timer = setInterval(() => {
      this.looks += 1;
      for (const pid of readdirSync('/proc')) {
        const line = /^\d+$/.test(pid) ? commandLineOf(pid) : '';
        if (line.includes(word)) this.#found.add(line.replaceAll('\0', ' '));
      }
    }, 10);
  }

  /** The command lines that had the word. */
  stop(): string[] {
    clearInterval(this.#timer);
    return [...this.#found];
  }
}
