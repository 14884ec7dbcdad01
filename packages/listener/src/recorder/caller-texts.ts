/** What documents say of who made a call. */

import { beforeDeletedMark } from '../deleted-suffix.ts';
import type { Caller } from '../events.ts';
import { textOrNull } from './document-text.ts';
import type { ProcessState } from './process-table.ts';

export interface CallerTexts {
  readonly comm: string | null;
  readonly exe: string | null;
}

/** Calls of one task come one after the other, and share what is said of it. */
export class LastCaller {
  #caller: Caller | null = null;
  #texts: CallerTexts = { comm: null, exe: null };

  /** A program that was deleted while it runs is named as when it was executed. */
  textsOf(process: ProcessState, caller: Caller): CallerTexts {
    if (caller !== this.#caller) {
      // Of what io_uring did the kernel tells no program. The caller is the same one when the process has executed another.
      if (caller.comm === null && caller.exe === null) {
        return { comm: textOrNull(process.comm), exe: textOrNull(process.exe) };
      }
      const cut = caller.exe === null ? null : beforeDeletedMark(caller.exe);
      const exe = cut !== null && cut === process.exe ? cut : caller.exe;
      this.#caller = caller;
      this.#texts = { comm: textOrNull(caller.comm), exe: textOrNull(exe) };
    }
    return this.#texts;
  }
}
