/** Contents of /proc/PID/cgroup, in the form in which the addon takes them. */

import type { BinaryString } from '../events.ts';

export class KnownGroups {
  readonly #most: number;
  readonly #texts = new Set<BinaryString>();
  /** Behind each of them a zero byte. */
  bytes = new Uint8Array();

  /** Keeps the `most` that were added last: each is compared with what is read. */
  constructor(most: number) {
    this.#most = most;
  }

  add(text: BinaryString): void {
    if (this.#texts.has(text)) return;
    const [oldest] = this.#texts;
    if (this.#texts.size >= this.#most && oldest !== undefined) this.#texts.delete(oldest);
    this.#texts.add(text);
    this.bytes = endedTexts([...this.#texts]);
  }
}

/** Each with a zero byte behind it. */
export function endedTexts(texts: readonly BinaryString[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(texts.map((text) => `${text}\0`).join(''), 'latin1'));
}
