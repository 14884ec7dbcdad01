/**
 * An audit.log that another daemon wrote: raw or ENRICHED, of one host or several (`node=`), out of order, interleaved,
 * of one boot or several. Every boot of a host is a run of its own.
 * There is no connector: forks are concluded from ppid and clone records, and marked so.
 */

import { createHash } from 'node:crypto';
import { interpret } from '../audit/interpret.ts';
import { Reassembler, serialDistance } from '../audit/reassembler.ts';
import { type LogRecord, parseLogLine } from '../audit/record.ts';
import type { AuditEvent, BinaryString } from '../events.ts';
import { version } from '../kernel/host.ts';
import { type LossFacts, lossEvent } from '../loss-event.ts';
import { nanosecondsPerMs } from '../recorder/documents.ts';
import { type Emit, Recorder } from '../recorder/recorder.ts';
import { BootWatch } from './boot-watch.ts';
import type { Replay, ReplayCounters } from './replay.ts';

/** auditd drops EOE records: an event is over when the log is this much further. */
const eventTimeoutMs = 2_000;
const maxOpenEvents = 16_384;
/** An event may stand in the log this much behind those that came after it. */
const disorderMs = 2_000;
/** Events held back for the sake of their order; of more than this, the older half goes on. */
const maxHeldEvents = 16_384;
/** How often, in ms of the log, what need not be held any longer goes on. */
const releaseMs = 500;
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
  #unplaced: LossFacts[] = [];

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
    for (const log of this.#hosts.values()) log.finish('end-of-input');
  }

  #hostOf(record: LogRecord): HostLog {
    const name = record.node ?? this.#options.host;
    let host = this.#hosts.get(name);
    if (host?.isOver(record)) {
      host.finish('reboot');
      host = undefined;
    }
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
    this.#unplaced.push({ severity: 'warning', source: 'audit-record', count: 1, reason });
  }
}

/** The records of one boot of one host. */
class HostLog {
  readonly #recorder: Recorder;
  readonly #reassembler: Reassembler;
  readonly #boot = new BootWatch();
  #latestMs: number;
  /** Whole events that one of a lower serial may still come before. */
  readonly #held: AuditEvent[] = [];
  #releasedMs: number;
  #missing = 0;
  #gaps = 0;
  #events = 0;

  constructor(host: string, first: LogRecord, stars: readonly string[], totals: ReplayCounters, emit: Emit) {
    this.#recorder = new Recorder(emit);
    this.#latestMs = first.ms;
    this.#releasedMs = first.ms;
    this.#boot.isAnotherBoot(first);
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
          if (event !== null) this.#hold(event);
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

  /** Whether the record is of another boot. To be asked once for every record after the first. */
  isOver(record: LogRecord): boolean {
    return this.#boot.isAnotherBoot(record);
  }

  push(record: LogRecord): void {
    if (record.ms > this.#latestMs) this.#latestMs = record.ms;
    this.#reassembler.expire(this.#latestMs);
    if (this.#latestMs - this.#releasedMs >= releaseMs) this.#release(this.#latestMs - eventTimeoutMs - disorderMs, 0);
    this.#reassembler.push(record, this.#latestMs);
  }

  #hold(event: AuditEvent): void {
    this.#held.push(event);
    if (this.#held.length > maxHeldEvents) this.#release(Number.NEGATIVE_INFINITY, maxHeldEvents / 2);
  }

  /** Applies what is held in the order of the serials: what is from `untilMs` or before, and at least so many. */
  #release(untilMs: number, atLeast: number): void {
    this.#releasedMs = this.#latestMs;
    this.#held.sort((a, b) => serialDistance(b.serial, a.serial));
    const stay = this.#held.findIndex(({ ms }, index) => index >= atLeast && ms > untilMs);
    const going = this.#held.splice(0, stay < 0 ? this.#held.length : stay);
    for (const event of going) this.#recorder.apply(event);
  }

  loss(facts: LossFacts): void {
    this.#recorder.apply(lossEvent(BigInt(this.#latestMs) * nanosecondsPerMs, facts));
  }

  finish(reason: 'end-of-input' | 'reboot'): void {
    // What auditd said of its start, before the kernel's first record of the next boot, is no part of this one.
    if (reason === 'reboot') this.#latestMs = this.#boot.latestMs ?? this.#latestMs;
    this.#reassembler.finish();
    this.#release(Number.POSITIVE_INFINITY, 0);
    if (this.#missing > 0) {
      const reason = `${this.#missing} serial number(s) in ${this.#gaps} gap(s) are not in the log: lost, or left out when it was made.`;
      this.loss({ severity: 'loss', source: 'audit-serial', count: this.#missing, reason });
    }
    this.#recorder.apply({
      kind: 'session-end',
      timeNs: BigInt(this.#latestMs) * nanosecondsPerMs,
      reason,
      counters: { auditEvents: this.#events, missingSerials: this.#missing, ...this.#recorder.counters() },
    });
  }
}
