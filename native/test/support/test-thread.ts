import { Worker } from 'node:worker_threads';

/** A thread that is silent for so long hangs. */
const patienceMs = 40_000;

/**
 * A thread of a test. What it says is kept from its start on: a thread that has ended before we look says all of it at
 * once, and then `events.once` for one message after the other waits for ever. Who waits for a message is told why there
 * will be none.
 */
export class TestThread {
  readonly #worker: Worker;
  readonly #said: unknown[] = [];
  readonly #asked: (() => void)[] = [];
  #failure: Error | undefined;
  #code: number | undefined;

  constructor(file: URL, workerData: unknown) {
    this.#worker = new Worker(file, { workerData });
    this.#worker.on('message', (message: unknown) => {
      this.#said.push(message);
      this.#answer();
    });
    const fail = (error: Error): void => {
      this.#failure = error;
      this.#answer();
    };
    this.#worker.on('error', fail);
    this.#worker.on('messageerror', fail);
    this.#worker.on('exit', (code) => {
      this.#code = code;
      this.#answer();
    });
  }

  /** The next message that nobody has taken yet. Rejects with the reason if the thread has failed or ended without it. */
  async message(limitMs = patienceMs): Promise<unknown> {
    await this.#until('say anything', limitMs, () => this.#said.length > 0);
    return this.#said.shift();
  }

  /** Its exit code. Rejects if it has failed. */
  async ended(limitMs = patienceMs): Promise<number> {
    await this.#until('end', limitMs, () => this.#code !== undefined && this.#failure === undefined);
    return this.#code ?? 0;
  }

  terminate(): Promise<number> {
    return this.#worker.terminate();
  }

  async #until(what: string, limitMs: number, isSo: () => boolean): Promise<void> {
    const giveUp = performance.now() + limitMs;
    while (!isSo()) {
      if (this.#failure !== undefined)
        throw new Error(`the thread failed: ${this.#failure.message}`, { cause: this.#failure });
      if (this.#code !== undefined) throw new Error(`the thread ended with ${this.#code} and did not ${what}`);
      const leftMs = giveUp - performance.now();
      if (leftMs <= 0) throw new Error(`the thread did not ${what} within ${limitMs} ms`);
      await this.#somethingNew(leftMs);
    }
  }

  #somethingNew(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#asked.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #answer(): void {
    for (const look of this.#asked.splice(0)) look();
  }
}
