/** What the entries of a decoder tell a sink, as values, however the input is cut and however much room there is. */

import { type AuditDecoder, auditEntryRoomBytes, auditProgressNumbers } from '@godo/native';
import { EntryMemory } from '../../src/audit/entry-memory.ts';
import { EntryReader, type EntrySink } from '../../src/audit/event-entries.ts';
import { parseDiagLine } from '../../src/diag/diag-line.ts';
import type { AuditEvent, BinaryString } from '../../src/events.ts';

/** One call of the sink: its name, then its arguments. */
export type SinkCall = readonly [keyof EntrySink, ...unknown[]];

export interface Totals {
  readonly records: number;
  readonly events: number;
  readonly truncated: number;
  readonly bad: number;
}

export interface DecodingOptions {
  readonly keepLines?: boolean;
  /** Bytes of room for the entries of each call. */
  readonly room?: () => number;
}

/** Places in the decoder's progress. */
const at = { used: 0, stopped: 2, records: 3, events: 4, truncated: 5, bad: 6, open: 7 } as const;
const outputFull = 2;

/** Drives one decoder and listens to it. */
export class Decoding {
  readonly calls: SinkCall[] = [];
  readonly decoder: AuditDecoder;
  readonly #reader: EntryReader;
  readonly #room: () => number;
  readonly #progress = new Float64Array(auditProgressNumbers);
  readonly #totals = { records: 0, events: 0, truncated: 0, bad: 0 };
  /** Text that the decoder has left. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(decoder: AuditDecoder, { keepLines = false, room = () => auditEntryRoomBytes }: DecodingOptions = {}) {
    this.decoder = decoder;
    this.#room = room;
    const note =
      (name: keyof EntrySink) =>
      (...values: unknown[]): void => {
        this.calls.push([name, ...values]);
      };
    this.#reader = new EntryReader(
      { keepLines },
      {
        event: note('event'),
        gap: note('gap'),
        late: note('late'),
        bad: note('bad'),
        run: note('run'),
        runStart: note('runStart'),
        runEnd: note('runEnd'),
        inputEnd: note('inputEnd'),
        diagLine: (line, position) => {
          note('diagLine')(line, position);
          const parsed = parseDiagLine(line);
          return parsed.kind === 'incomplete' ? parsed.reason : null;
        },
      },
    );
  }

  get totals(): Totals {
    return { ...this.#totals };
  }

  /** Events that wait for their end. */
  get open(): number {
    return this.#progress[at.open] ?? 0;
  }

  get events(): AuditEvent[] {
    return this.told('event') as AuditEvent[];
  }

  /** The first argument of all calls of this name. */
  told(name: keyof EntrySink): unknown[] {
    return this.calls.filter(([called]) => called === name).map(([, first]) => first);
  }

  /** Packed records; returns the bytes that were used of them. */
  records(input: Uint8Array, nowMs = 0): number {
    return this.#drive((used, output) =>
      this.decoder.decodeRecords(input, used, input.length - used, nowMs, output, 0, output.length, this.#progress),
    );
  }

  /** The next bytes of a text, cut anywhere. */
  text(piece: Uint8Array | BinaryString, last = false): void {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
    // Memory of its own each time: what the decoder keeps must not hang on what it was given before.
    const whole = new Uint8Array(this.#rest.length + bytes.length);
    whole.set(this.#rest);
    whole.set(bytes, this.#rest.length);
    const used = this.#drive((from, output) =>
      this.decoder.decodeText(whole, from, whole.length - from, last, output, 0, output.length, this.#progress),
    );
    this.#rest = whole.slice(used);
    whole.fill(0xdd);
  }

  /** The end of packed records, or of a text. */
  finish(): void {
    if (this.#rest.length > 0) this.text('', true);
    this.#drive((_, output) => this.decoder.finish(output, 0, output.length, this.#progress));
  }

  /** Has the decoder write until it needs no more room. */
  #drive(write: (used: number, output: Uint8Array) => number): number {
    for (let used = 0; ; ) {
      const memory = new EntryMemory(new Uint8Array(this.#room()));
      this.#reader.read(memory, 0, write(used, memory.bytes));
      used += this.#progress[at.used] as number;
      for (const name of ['records', 'events', 'truncated', 'bad'] as const) {
        this.#totals[name] += this.#progress[at[name]] as number;
      }
      if (this.#progress[at.stopped] !== outputFull) return used;
    }
  }
}

/** Everything that a decoder tells of one text. */
export function decodedText(
  decoder: AuditDecoder,
  text: Uint8Array | BinaryString,
  options?: DecodingOptions,
): Decoding {
  const decoding = new Decoding(decoder, options);
  decoding.text(text);
  decoding.finish();
  return decoding;
}

/** Everything that a decoder tells of packed records that came at one moment. */
export function decodedRecords(decoder: AuditDecoder, input: Uint8Array, options?: DecodingOptions): Decoding {
  const decoding = new Decoding(decoder, options);
  decoding.records(input);
  decoding.finish();
  return decoding;
}
