/** A --diag file again: the same events in the same order, so the same documents. */

import { interpret } from '../audit/interpret.ts';
import { Reassembler } from '../audit/reassembler.ts';
import { parseLogLine } from '../audit/record.ts';
import { isDiagLine, parseDiagLine } from '../diag/diag-line.ts';
import type { BinaryString } from '../events.ts';
import type { Emit } from '../recorder/recorder.ts';
import { Recorder } from '../recorder/recorder.ts';
import type { Replay, ReplayCounters } from './replay.ts';

export class DiagReplay implements Replay {
  readonly #recorder: Recorder;
  readonly #reassembler: Reassembler;
  readonly counters: ReplayCounters = { lines: 0, badLines: 0, events: 0, firstBad: null };

  constructor(emit: Emit) {
    this.#recorder = new Recorder(emit);
    this.#reassembler = new Reassembler(
      // Gaps and time-outs stand in the file as what they were.
      { timeoutMs: Number.POSITIVE_INFINITY, maxOpen: 65_536, watchSerials: false, timeIsTheEnd: false },
      {
        event: (records) => {
          this.counters.events += 1;
          const event = interpret(records, { keepLines: false });
          if (event !== null) this.#recorder.apply(event);
        },
        gap: () => undefined,
        late: () => undefined,
      },
    );
  }

  line(line: BinaryString): void {
    this.counters.lines += 1;
    if (isDiagLine(line)) this.#ownLine(line);
    else {
      const record = parseLogLine(line);
      if ('error' in record) this.#bad(record.error);
      else this.#reassembler.push(record, 0);
    }
  }

  finish(): void {
    this.#reassembler.finish();
  }

  #ownLine(line: BinaryString): void {
    const parsed = parseDiagLine(line);
    if (parsed.kind === 'bad') {
      this.#bad(parsed.error);
      return;
    }
    if (parsed.kind === 'incomplete') {
      this.#reassembler.end(parsed.ms, parsed.serial, parsed.reason);
      return;
    }
    this.counters.events += 1;
    this.#recorder.apply(parsed.event);
  }

  #bad(error: string): void {
    this.counters.badLines += 1;
    this.counters.firstBad ??= `line ${this.counters.lines}: ${error}`;
  }
}
