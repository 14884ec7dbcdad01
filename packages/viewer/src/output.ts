/** What Node's streams offer of what is needed here. */
export interface Sink {
  write(text: string, done: (error?: Error | null) => void): unknown;
}

/** The reader of our output went away (`viewer | head`): there is nobody left to write for. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

const groupLength = 65_536;

/** Lines to a stream, in groups, never faster than the stream takes them. */
export class Output {
  readonly #sink: Sink;
  #group = '';

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** @throws OutputClosed */
  async line(text: string): Promise<void> {
    this.#group += `${text}\n`;
    if (this.#group.length >= groupLength) await this.flush();
  }

  async lines(texts: readonly string[]): Promise<void> {
    for (const text of texts) await this.line(text);
  }

  /** @throws OutputClosed, or the error of the stream */
  flush(): Promise<void> {
    const group = this.#group;
    this.#group = '';
    if (group === '') return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#sink.write(group, (error) => {
        if (!error) resolve();
        else reject((error as NodeJS.ErrnoException).code === 'EPIPE' ? new OutputClosed() : error);
      });
    });
  }
}
