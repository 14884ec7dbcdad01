/** Writes a --diag file. */

import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { PipelineEvent } from '../events.ts';
import { ListenerError } from '../listener-error.ts';
import { diagLines } from './diag-line.ts';

const flushBytes = 256 * 1024;

export class DiagFile {
  readonly #fd: number;
  #lines: string[] = [];
  #bytes = 0;

  /** Replaces an existing file; a symbolic link is refused. */
  constructor(path: string) {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
    try {
      this.#fd = openSync(path, flags, 0o600);
    } catch (error) {
      throw new ListenerError('BAD_INPUT', `The --diag file cannot be opened (${(error as Error).message}).`, {
        cause: error,
      });
    }
  }

  write(event: PipelineEvent): void {
    for (const line of diagLines(event)) {
      this.#lines.push(line, '\n');
      this.#bytes += line.length + 1;
    }
    if (this.#bytes >= flushBytes) this.flush();
  }

  flush(): void {
    if (this.#bytes === 0) return;
    const buffer = Buffer.from(this.#lines.join(''), 'latin1');
    this.#lines = [];
    this.#bytes = 0;
    for (let written = 0; written < buffer.length; ) written += writeSync(this.#fd, buffer, written);
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }
}
