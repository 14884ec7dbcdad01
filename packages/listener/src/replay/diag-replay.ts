/** A --diag file again: the same events in the same order, so the same documents. */

import { diagDecoder } from '../audit/audit-decoder.ts';
import type { EntrySink } from '../audit/event-entries.ts';
import { isIncompleteMark, parseDiagLine } from '../diag/diag-line.ts';
import type { AuditEvent, BinaryString, PipelineEvent } from '../events.ts';
import { type LossFacts, lossEvent } from '../loss-event.ts';
import { type Emit, Recorder } from '../recorder/recorder.ts';
import type { Replay, ReplayCounters, Taken } from './replay.ts';
import { TextDecoding } from './text-decoding.ts';

const unreadableReason = 'the mark that says why cannot be read';

export class DiagReplay implements Replay {
  readonly counters: ReplayCounters = { lines: 0, badLines: 0, events: 0, firstBad: null };
  readonly #recorder: Recorder;
  readonly #decoding: TextDecoding;
  #begun = false;
  #latestNs = 0n;

  constructor(emit: Emit) {
    this.#recorder = new Recorder(emit);
    const sink: EntrySink = {
      event: (event: AuditEvent) => this.#apply(event),
      diagLine: (line, position) => this.#ownLine(line, position),
      bad: ({ error, position }) => this.#firstBad(error, position),
    };
    this.#decoding = new TextDecoding(diagDecoder(), sink, this.counters);
  }

  get open(): number {
    return this.#decoding.open;
  }

  get endsWithinLine(): boolean {
    return this.#decoding.endsWithinLine;
  }

  take(text: Uint8Array, from: number, to: number, last: boolean): Taken {
    return this.#decoding.take(text, from, to, last);
  }

  finish(): boolean {
    return this.#decoding.finish();
  }

  lost(facts: LossFacts): void {
    this.#apply(lossEvent(this.#latestNs, facts));
  }

  /** Returns why an event is incomplete where the line is the mark of it. */
  #ownLine(line: BinaryString, position: number): string | null {
    const parsed = parseDiagLine(line);
    if (parsed.kind === 'incomplete') return parsed.reason;
    const error = parsed.kind === 'bad' ? parsed.error : this.#misplaced(parsed.event);
    if (error !== null) {
      this.counters.badLines += 1;
      this.#firstBad(error, position);
    }
    // Even of a mark that cannot be read it is known that it is one.
    if (parsed.kind === 'bad') return isIncompleteMark(line) ? unreadableReason : null;
    if (error !== null) return null;
    this.counters.events += 1;
    this.#apply(parsed.event);
    return null;
  }

  /** A file holds one run, which begins it. */
  #misplaced(event: PipelineEvent): string | null {
    if (event.kind === 'session-start') return this.#begun ? 'a second run begins' : null;
    return this.#begun ? null : 'it stands before the beginning of the run';
  }

  #apply(event: PipelineEvent): void {
    if (event.kind === 'session-start') this.#begun = true;
    if ('timeNs' in event && event.timeNs > this.#latestNs) this.#latestNs = event.timeNs;
    if (this.#begun) this.#recorder.apply(event);
  }

  #firstBad(error: string, position: number): void {
    this.counters.firstBad ??= `line ${position}: ${error}`;
  }
}
