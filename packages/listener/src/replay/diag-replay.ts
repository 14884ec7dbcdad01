/** A --diag file again: the same events in the same order, so the same documents. */

import { diagDecoder } from '../audit/audit-decoder.ts';
import type { EntrySink } from '../audit/event-entries.ts';
import { parseDiagLine } from '../diag/diag-line.ts';
import type { AuditEvent, BinaryString } from '../events.ts';
import { type Emit, Recorder } from '../recorder/recorder.ts';
import type { Replay, ReplayCounters, Taken } from './replay.ts';
import { TextDecoding } from './text-decoding.ts';

export class DiagReplay implements Replay {
  readonly counters: ReplayCounters = { lines: 0, badLines: 0, events: 0, firstBad: null };
  readonly #recorder: Recorder;
  readonly #decoding: TextDecoding;

  constructor(emit: Emit) {
    this.#recorder = new Recorder(emit);
    const sink: EntrySink = {
      event: (event: AuditEvent) => this.#recorder.apply(event),
      diagLine: (line, position) => this.#ownLine(line, position),
      bad: ({ error, position }) => this.#firstBad(error, position),
    };
    this.#decoding = new TextDecoding(diagDecoder(), sink, this.counters);
  }

  take(text: Uint8Array, from: number, to: number, last: boolean): Taken {
    return this.#decoding.take(text, from, to, last);
  }

  finish(): boolean {
    return this.#decoding.finish();
  }

  /** Returns why an event is incomplete where the line is the mark of it. */
  #ownLine(line: BinaryString, position: number): string | null {
    const parsed = parseDiagLine(line);
    if (parsed.kind === 'bad') {
      this.counters.badLines += 1;
      this.#firstBad(parsed.error, position);
      return null;
    }
    if (parsed.kind === 'incomplete') return parsed.reason;
    this.counters.events += 1;
    this.#recorder.apply(parsed.event);
    return null;
  }

  #firstBad(error: string, position: number): void {
    this.counters.firstBad ??= `line ${position}: ${error}`;
  }
}
