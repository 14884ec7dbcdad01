/** A process of which some was read when the connector told of it, in the addon, and the rest is read when asked for. */

import type { BinaryString } from '../events.ts';
import {
  type OpenProcess,
  type ProcFiles,
  type ProcPart,
  procPart,
  type StatFacts,
  statIn,
  textIn,
} from './proc-files.ts';

export class EarlyReading implements OpenProcess {
  readonly #memory: Buffer;
  readonly #at: number;
  readonly #files: ProcFiles;
  readonly #tgid: number;
  /**
   * What was read early and not asked for yet: who asks a second time wants to know how it is now. So does who asks for
   * stat after something else, for it was read before that.
   */
  #left: number;
  /** null: not opened. undefined: the process is gone. */
  #later: OpenProcess | null | undefined = null;
  #isLater = false;

  /** `parts` stand in the memory from `at` on, as readProcess writes them, stat among them; those that are absent could not be read. */
  constructor(memory: Buffer, at: number, parts: number, files: ProcFiles, tgid: number) {
    this.#memory = memory;
    this.#at = at;
    this.#left = parts;
    this.#files = files;
    this.#tgid = tgid;
  }

  look(parts: number): void {
    this.#isLater = (parts & ~this.#left) !== 0;
    if (!this.#isLater) {
      this.#left &= ~(parts | procPart.stat);
      return;
    }
    this.#opened?.look(parts);
  }

  text(part: ProcPart): BinaryString | null {
    return this.#isLater ? (this.#later?.text(part) ?? null) : textIn(this.#memory, this.#at, part);
  }

  stat(): StatFacts | null {
    return this.#isLater ? (this.#later?.stat() ?? null) : statIn(this.#memory, this.#at);
  }

  exeLinks(): number | null {
    return this.#opened?.exeLinks() ?? null;
  }

  environment(): { readonly text: BinaryString; readonly whole: boolean } | null {
    return this.#opened?.environment() ?? null;
  }

  namespaces(): readonly number[] | null {
    return this.#opened?.namespaces() ?? null;
  }

  close(): void {
    this.#later?.close();
  }

  get #opened(): OpenProcess | undefined {
    if (this.#later === null) this.#later = this.#openLater();
    return this.#later;
  }

  /** The number may have been given to another process meanwhile: that has another start. */
  #openLater(): OpenProcess | undefined {
    const early = statIn(this.#memory, this.#at);
    const process = early === null ? null : this.#files.open(this.#tgid);
    if (process === null) return undefined;
    process.look(procPart.stat);
    if (process.stat()?.startTicks === early?.startTicks) return process;
    process.close();
    return undefined;
  }
}
