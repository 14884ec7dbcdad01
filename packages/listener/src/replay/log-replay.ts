/**
 * An audit.log that another daemon wrote: raw or ENRICHED, of one host or several (`node=`), out of order, interleaved.
 * There is no connector: forks are concluded from ppid and clone records, and marked so.
 */

import { createHash } from 'node:crypto';
import { interpret } from '../audit/interpret.ts';
import { Reassembler } from '../audit/reassembler.ts';
import { type LogRecord, parseLogLine } from '../audit/record.ts';
import type { BinaryString, LossEvent } from '../events.ts';
import { version } from '../kernel/host.ts';
import { nanosecondsPerMs } from '../recorder/documents.ts';
import { type Emit, Recorder } from '../recorder/recorder.ts';
import type { Replay, ReplayCounters } from './replay.ts';

/** auditd drops EOE records: an event is over when the log is this much further. */
const eventTimeoutMs = 2_000;
const maxOpenEvents = 16_384;
/** Lines that cannot be read are kept one by one up to this many, and counted after that. */
const maxBadLinesKept = 100;

export interface LogReplayOptions {
  /** Name of the host where the log has no `node=`. */
  readonly host: string;
  readonly stars: readonly string[];
}

export class LogReplay implements Replay {
  readonly counters: ReplayCounters = { lines: 0, badLines: 0, events: 0, firstBad: null };
  readonly #options: LogReplayOptions;
  readonly #emit: Emit;
  readonly #hosts = new Map<string, HostLog>();
  #unplaced: LossEvent[] = [];

  constructor(options: LogReplayOptions, emit: Emit) {
    this.#options = options;
    this.#emit = emit;
  }

  line(line: BinaryString): void {
    this.counters.lines += 1;
    if (line.trim() === '' || line === '----') return;
    const record = parseLogLine(line);
    if ('error' in record) {
      this.#bad(record.error, line);
      return;
    }
    const host = this.#hostOf(record);
    host.push(record);
  }

  finish(): void {
    const host = this.#hosts.values().next().value;
    const kept = Math.min(this.counters.badLines, maxBadLinesKept);
    if (host !== undefined) for (const loss of this.#unplaced) host.loss(loss);
    if (host !== undefined && this.counters.badLines > kept) {
      const more = this.counters.badLines - kept;
      host.loss({
        severity: 'warning',
        source: 'audit-record',
        count: more,
        reason: `${more} more line(s) could not be read.`,
      });
    }
    for (const log of this.#hosts.values()) log.finish();
  }

  #hostOf(record: LogRecord): HostLog {
    const name = record.node ?? this.#options.host;
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new HostLog(name, record, this.#options.stars, this.counters, this.#emit);
      this.#hosts.set(name, host);
    }
    return host;
  }

  #bad(error: string, line: BinaryString): void {
    this.counters.badLines += 1;
    this.counters.firstBad ??= `line ${this.counters.lines}: ${error}`;
    if (this.counters.badLines > maxBadLinesKept) return;
    const hex = Buffer.from(line.slice(0, 200), 'latin1').toString('hex');
    const reason = `Line ${this.counters.lines} could not be read (${error}): ${hex} (hex).`;
    const nothing = { from: null, to: null } as const;
    this.#unplaced.push({
      kind: 'loss',
      timeNs: 0n,
      severity: 'warning',
      source: 'audit-record',
      count: 1,
      reason,
      ...nothing,
    });
  }
}

/** One host's records. */
class HostLog {
  readonly #recorder: Recorder;
  readonly #reassembler: Reassembler;
  #latestMs: number;
  #missing = 0;
  #gaps = 0;
  #events = 0;

  constructor(host: string, first: LogRecord, stars: readonly string[], totals: ReplayCounters, emit: Emit) {
    this.#recorder = new Recorder(emit);
    this.#latestMs = first.ms;
    // A log names no boot. The same log read twice must give the same ids, so they hang on where it begins.
    const begin = `${host}\n${first.ms}.${first.serial}`;
    const bootId = `log-${createHash('sha256').update(begin).digest('hex').slice(0, 32)}`;
    this.#recorder.apply({
      kind: 'session-start',
      timeNs: BigInt(first.ms) * nanosecondsPerMs,
      sessionId: `${bootId}:run:${first.ms}`,
      host,
      machineId: null,
      bootId,
      mode: 'replay',
      intake: 'log',
      kernel: null,
      version,
      rules: [],
      command: null,
      stars,
    });
    this.#reassembler = new Reassembler(
      { timeoutMs: eventTimeoutMs, maxOpen: maxOpenEvents, watchSerials: true, timeIsTheEnd: true },
      {
        event: (records) => {
          totals.events += 1;
          this.#events += 1;
          const event = interpret(records, { keepLines: false });
          if (event !== null) this.#recorder.apply(event);
        },
        gap: ({ count }) => {
          this.#missing += count;
          this.#gaps += 1;
        },
        late: (record) => {
          const serial = String(record.serial);
          const reason = `A record of audit event ${serial} stands too far from the others of its event.`;
          this.loss({ severity: 'warning', source: 'reassembly', from: serial, to: serial, count: 1, reason });
        },
      },
    );
  }

  push(record: LogRecord): void {
    if (record.ms > this.#latestMs) this.#latestMs = record.ms;
    this.#reassembler.expire(this.#latestMs);
    this.#reassembler.push(record, this.#latestMs);
  }

  loss(facts: Pick<LossEvent, 'severity' | 'source' | 'reason'> & Partial<LossEvent>): void {
    const nothing = { from: null, to: null, count: null } as const;
    this.#recorder.apply({ ...nothing, ...facts, kind: 'loss', timeNs: BigInt(this.#latestMs) * nanosecondsPerMs });
  }

  finish(): void {
    this.#reassembler.finish();
    if (this.#missing > 0) {
      const reason = `${this.#missing} serial number(s) in ${this.#gaps} gap(s) are not in the log: lost, or left out when it was made.`;
      this.loss({ severity: 'loss', source: 'audit-serial', count: this.#missing, reason });
    }
    this.#recorder.apply({
      kind: 'session-end',
      timeNs: BigInt(this.#latestMs) * nanosecondsPerMs,
      reason: 'end-of-input',
      counters: { auditEvents: this.#events, missingSerials: this.#missing, ...this.#recorder.counters() },
    });
  }
}
