/** Looks at files one after the other, beside the stages; what comes in faster is told without. */

import type { FileQuestion } from '../recorder/mapped-sessions.ts';
import type { LookAnswer } from './file-look.ts';

const mostWaiting = 1_024;

export interface FileWatchOptions {
  look(question: FileQuestion): Promise<LookAnswer>;
  /** Called for every question, once. */
  answer(fileSessionId: string, answer: LookAnswer): void;
}

const stopped = 'the listener was stopped';
const untold = (reason: string): LookAnswer => ({ found: null, reason });

export class FileWatch {
  readonly #options: FileWatchOptions;
  readonly #waiting: FileQuestion[] = [];
  #working: Promise<void> | null = null;
  #current: FileQuestion | null = null;
  #ended = false;

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  add(question: FileQuestion): void {
    const { fileSessionId } = question;
    if (this.#ended || this.#waiting.length >= mostWaiting) {
      const reason = this.#ended
        ? 'the listener was stopped'
        : 'more files were to be looked at than there was time for';
      // Not at once: who asks is in the middle of something.
      queueMicrotask(() => this.#options.answer(fileSessionId, untold(reason)));
      return;
    }
    this.#waiting.push(question);
    this.#working ??= this.#work();
  }

  /** Returns when all is answered. From `untilMs` (of Date.now) on nothing is looked at any more: it is answered without. */
  async drain(untilMs: number): Promise<void> {
    while (this.#working !== null && Date.now() < untilMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, untilMs - Date.now());
      });
      await Promise.race([this.#working, late]);
      clearTimeout(timer);
    }
    if (Date.now() < untilMs) return;
    this.#ended = true;
    const rest = [...(this.#current === null ? [] : [this.#current]), ...this.#waiting.splice(0)];
    this.#current = null;
    for (const { fileSessionId } of rest) this.#options.answer(fileSessionId, untold(stopped));
    // Whoever asked since then has his answer now.
    await null;
  }

  async #work(): Promise<void> {
    for (let question = this.#waiting.shift(); question !== undefined; question = this.#waiting.shift()) {
      this.#current = question;
      const answer = await this.#options.look(question).catch((error: Error) => untold(error.message));
      this.#current = null;
      if (this.#ended) break;
      this.#options.answer(question.fileSessionId, answer);
    }
    this.#working = null;
  }
}
