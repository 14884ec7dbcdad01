/**
 * An audit.log that another daemon wrote: raw or ENRICHED, of one host or several (`node=`), out of order, interleaved,
 * of one boot or several. Every boot of a host is a run of its own; the addon finds the runs and the order.
 * There is no connector: forks are concluded from ppid and clone records, and marked so.
 */

import { createHash } from 'node:crypto';
import { logDecoder } from '../audit/audit-decoder.ts';
import type { BadEntry, EntrySink, LateRecord, RunEnd, RunStart } from '../audit/event-entries.ts';
import type { AuditEvent, BinaryString } from '../events.ts';
import { version } from '../kernel/host.ts';
import { type LossFacts, lossEvent } from '../loss-event.ts';
import { nanosecondsPerMs } from '../recorder/documents.ts';
import { type Emit, Recorder } from '../recorder/recorder.ts';
import type { Replay, ReplayCounters, Taken } from './replay.ts';
import { TextDecoding } from './text-decoding.ts';

/** Lines that cannot be read are kept one by one up to this many, and counted after that. */
const maxBadLinesKept = 100;

/** Stamps come out of order by less, unless a call blocked, which has the moment at which it began, or the clock was set back. */
const disorderMs = 1_000;
/** So many that are older one after the other are not of calls that blocked. */
const setBackEvents = 256;

/** One boot of one host. */
interface LogRun {
  readonly recorder: Recorder;
  /** The latest stamp of its events so far. */
  latestMs: number;
  /** Stamp of the last one. */
  lastMs: number;
  /** How many came last that are older by more than the disorder. */
  older: number;
}

export interface LogReplayOptions {
  /** Name of the host where the log has no `node=`. */
  readonly host: string;
  readonly stars: readonly string[];
  readonly engines: readonly string[];
}

export class LogReplay implements Replay {
  readonly counters: ReplayCounters = { lines: 0, badLines: 0, events: 0, firstBad: null };
  readonly #options: LogReplayOptions;
  readonly #emit: Emit;
  readonly #decoding: TextDecoding;
  /** The runs that go on, by their number. */
  readonly #runs = new Map<number, LogRun>();
  /** The one that is spoken of. */
  #run: LogRun;
  readonly #unplaced: LossFacts[] = [];

  constructor(options: LogReplayOptions, emit: Emit) {
    this.#options = options;
    this.#emit = emit;
    this.#run = { recorder: new Recorder(emit), latestMs: 0, lastMs: 0, older: 0 };
    const sink: EntrySink = {
      event: (event: AuditEvent) => this.#event(event),
      gap: () => this.#gap(),
      late: (record) => this.#late(record),
      bad: (bad) => this.#bad(bad),
      run: (run) => this.#turnTo(run),
      runStart: (start) => this.#startRun(start),
      runEnd: (end) => this.#endRun(end),
      inputEnd: (run, latestMs) => {
        if (run === 0) return;
        this.#turnTo(run);
        this.#placeBadLines(latestMs);
        if (this.endsWithinLine) this.#unended(latestMs);
      },
    };
    this.#decoding = new TextDecoding(logDecoder(options.host), sink, this.counters);
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
    this.#loss(this.#run.latestMs, facts);
  }

  #turnTo(run: number): void {
    const known = this.#runs.get(run);
    if (known === undefined) throw new Error(`run ${run} has not begun, or is over`);
    this.#run = known;
  }

  #startRun({ run, host, ms, serial }: RunStart): void {
    this.#run = { recorder: new Recorder(this.#emit), latestMs: ms, lastMs: ms, older: 0 };
    this.#runs.set(run, this.#run);
    const name = this.#nameOf(host);
    // A log names no boot. The same log read twice must give the same ids, so they hang on where it begins.
    const begin = `${name}\n${ms}.${serial}`;
    const bootId = `log-${createHash('sha256').update(begin).digest('hex').slice(0, 32)}`;
    this.#run.recorder.apply({
      kind: 'session-start',
      timeNs: BigInt(ms) * nanosecondsPerMs,
      sessionId: `${bootId}:run:${ms}`,
      host: name,
      machineId: null,
      bootId,
      mode: 'replay',
      intake: 'log',
      kernel: null,
      version,
      rules: [],
      command: null,
      stars: this.#options.stars,
      engines: this.#options.engines,
    });
  }

  /** A name from the command line is text; one from the log is its bytes. */
  #nameOf(host: BinaryString): string {
    const given = this.#options.host;
    return Buffer.from(given, 'utf8').toString('latin1') === host ? given : host;
  }

  #endRun({ run, reason, latestMs, events, missing, gaps }: RunEnd): void {
    this.#turnTo(run);
    if (missing > 0) {
      const why = `${missing} serial number(s) in ${gaps} gap(s) are not in the log: lost, or left out when it was made.`;
      this.#loss(latestMs, { severity: 'loss', source: 'audit-serial', count: missing, unit: 'events', reason: why });
    }
    this.#run.recorder.apply({
      kind: 'session-end',
      timeNs: BigInt(latestMs) * nanosecondsPerMs,
      reason,
      counters: { auditEvents: events, missingSerials: missing, ...this.#run.recorder.counters() },
    });
    this.#runs.delete(run);
  }

  #event(event: AuditEvent): void {
    const { ms } = event;
    const run = this.#run;
    run.lastMs = ms;
    run.older = ms < run.latestMs - disorderMs ? run.older + 1 : 0;
    if (ms > run.latestMs || run.older === setBackEvents) {
      run.latestMs = ms;
      run.older = 0;
    }
    run.recorder.apply(event);
  }

  /** It stands where the serials are missing, between the events that were before and those that came behind. */
  #gap(): void {
    const { recorder, latestMs, lastMs, older } = this.#run;
    const timeNs = BigInt(latestMs) * nanosecondsPerMs;
    // Whether the last ones blocked, or the clock was set back, is not known yet: either may be.
    const sinceNs = older === 0 ? timeNs : BigInt(lastMs) * nanosecondsPerMs;
    // How many there are is told at the end.
    recorder.apply({ kind: 'calls-missed', timeNs, sinceNs, untilNs: timeNs });
  }

  #late({ serial, clockMs }: LateRecord): void {
    const reason = `A record of audit event ${serial} stands too far from the others of its event.`;
    const range = { from: String(serial), to: String(serial), count: 1 };
    this.#loss(clockMs, { severity: 'warning', source: 'reassembly', ...range, reason });
  }

  #bad({ error, position, hex }: BadEntry): void {
    this.counters.firstBad ??= `line ${position}: ${error}`;
    if (this.#unplaced.length === maxBadLinesKept) return;
    const reason = `Line ${position} could not be read (${error}): ${hex} (hex).`;
    this.#unplaced.push({ severity: 'warning', source: 'audit-record', count: 1, reason });
  }

  /** They name no host: the one that came first has them. */
  #placeBadLines(latestMs: number): void {
    for (const loss of this.#unplaced) this.#loss(latestMs, loss);
    const more = this.counters.badLines - this.#unplaced.length;
    if (more === 0) return;
    const reason = `${more} more line(s) could not be read.`;
    this.#loss(latestMs, { severity: 'warning', source: 'audit-record', count: more, reason });
  }

  /** auditd ends every line: half a name, or half a number, looks like a whole one. */
  #unended(latestMs: number): void {
    const reason = `Line ${this.counters.lines}, the last one, has no end: the log may have been cut off in it, and what it says not be whole.`;
    this.#loss(latestMs, { severity: 'warning', source: 'audit-record', count: 1, reason });
  }

  #loss(ms: number, facts: LossFacts): void {
    this.#run.recorder.apply(lossEvent(BigInt(ms) * nanosecondsPerMs, facts));
  }
}
