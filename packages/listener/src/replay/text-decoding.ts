/** Drives the addon's decoder over a text, one bounded batch of entries at a time. */

import { type AuditDecoder, auditProgressNumbers } from '@godo/native';
import { EntryMemory } from '../audit/entry-memory.ts';
import { EntryReader, type EntrySink } from '../audit/event-entries.ts';
import type { ReplayCounters, Taken } from './replay.ts';

/** About a thousand events: between two batches it is seen whether the database keeps up. */
const batchBytes = 256 * 1024;
const outputFull = 2;
const lineFeed = 0x0a;

export class TextDecoding {
  readonly #decoder: AuditDecoder;
  readonly #reader: EntryReader;
  readonly #counters: ReplayCounters;
  readonly #memory = new EntryMemory(new Uint8Array(batchBytes));
  readonly #progress = new Float64Array(auditProgressNumbers);
  #endsWithinLine = false;

  constructor(decoder: AuditDecoder, sink: EntrySink, counters: ReplayCounters) {
    this.#decoder = decoder;
    this.#reader = new EntryReader({ keepLines: false }, sink);
    this.#counters = counters;
  }

  /** Events that wait for their end. */
  get open(): number {
    return this.#progress[7] as number;
  }

  /** The text is over, and its last line has no end. */
  get endsWithinLine(): boolean {
    return this.#endsWithinLine;
  }

  take(text: Uint8Array, from: number, to: number, last: boolean): Taken {
    const { bytes } = this.#memory;
    if (last && to > from) this.#endsWithinLine = text[to - 1] !== lineFeed;
    this.#deliver(this.#decoder.decodeText(text, from, to - from, last, bytes, 0, batchBytes, this.#progress));
    return { used: this.#progress[0] as number, again: this.#progress[2] === outputFull };
  }

  /** False while there is more to do. */
  finish(): boolean {
    this.#deliver(this.#decoder.finish(this.#memory.bytes, 0, batchBytes, this.#progress));
    return this.#progress[2] !== outputFull;
  }

  #deliver(written: number): void {
    const progress = this.#progress as unknown as readonly number[];
    const [, , , lines = 0, events = 0, , bad = 0] = progress;
    this.#counters.lines += lines;
    this.#counters.events += events;
    this.#counters.badLines += bad;
    this.#reader.read(this.#memory, 0, written);
  }
}
