/**
 * Groups records into events by (stamp, serial). Pure: the clock is a parameter.
 *
 * An event is whole at its EOE record, or at once when its type stands alone. Otherwise it is given up when `timeoutMs`
 * of clock have gone since its first record, or when more than `maxOpen` events are open: it is then emitted with the
 * reason in `incomplete`. Serials that never came are reported as missing after the same time.
 */

import type { AuditRecord } from './record.ts';
import { isNumberedByDaemon, recordType, standsAlone } from './record-types.ts';

export interface AuditRecords {
  readonly ms: number;
  readonly serial: number;
  readonly records: readonly AuditRecord[];
  readonly incomplete: string | null;
}

export interface SerialGap {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface ReassemblerOptions {
  /** ms of clock that an event may wait for its end. */
  readonly timeoutMs: number;
  readonly maxOpen: number;
  /** false where the input is no continuous stream (a --diag file states its gaps itself). */
  readonly watchSerials: boolean;
  /** true where the input has no EOE records (auditd drops them): running out of time or room is then the usual end. */
  readonly timeIsTheEnd: boolean;
}

export interface ReassemblerOutput {
  event(event: AuditRecords): void;
  gap(gap: SerialGap): void;
  /** A record of an event that was emitted before. */
  late(record: AuditRecord): void;
}

interface OpenEvent {
  readonly ms: number;
  readonly serial: number;
  readonly records: AuditRecord[];
  readonly since: number;
}

interface Missing {
  from: number;
  to: number;
  readonly since: number;
}

/** Two serials compare on a circle of 2^32. */
export function serialDistance(from: number, to: number): number {
  return (to - from) | 0;
}

const rememberedEvents = 4096;

export class Reassembler {
  readonly #options: ReassemblerOptions;
  readonly #output: ReassemblerOutput;
  readonly #open = new Map<string, OpenEvent>();
  /** Emitted events, to know a late record when it comes: two generations of at most rememberedEvents each. */
  #recent = new Set<string>();
  #older = new Set<string>();
  #missing: Missing[] = [];
  #highest: number | null = null;

  constructor(options: ReassemblerOptions, output: ReassemblerOutput) {
    this.#options = options;
    this.#output = output;
  }

  /** Events not yet whole. */
  get open(): number {
    return this.#open.size;
  }

  /** `now`: ms of the clock that the time limit is measured on. */
  push(record: AuditRecord, now: number): void {
    if (this.#options.watchSerials && !isNumberedByDaemon(record.type)) this.#watch(record.serial, now);
    const id = `${record.ms}:${record.serial}`;
    const open = this.#open.get(id);
    if (open === undefined && (this.#recent.has(id) || this.#older.has(id))) {
      if (record.type !== recordType.eoe) this.#output.late(record);
      return;
    }
    if (record.type === recordType.eoe) {
      if (open !== undefined) this.#emit(id, open, null);
      else this.#remember(id);
      return;
    }
    if (open !== undefined) {
      open.records.push(record);
      return;
    }
    const event: OpenEvent = { ms: record.ms, serial: record.serial, records: [record], since: now };
    if (standsAlone(record.type)) {
      // Not remembered: a LOGIN or CONFIG_CHANGE shares its serial with the SYSCALL record that may follow.
      this.#output.event({ ms: event.ms, serial: event.serial, records: event.records, incomplete: null });
      return;
    }
    this.#open.set(id, event);
    if (this.#open.size > this.#options.maxOpen) {
      const [oldestId, oldest] = this.#open.entries().next().value as [string, OpenEvent];
      this.#emit(oldestId, oldest, this.#options.timeIsTheEnd ? null : 'too many events open at once');
    }
  }

  /** Gives up what has waited too long. Call it now and then, also when no record comes. */
  expire(now: number): void {
    for (const [id, open] of this.#open) {
      if (now - open.since < this.#options.timeoutMs) break;
      this.#emit(id, open, this.#options.timeIsTheEnd ? null : 'its end did not come in time');
    }
    while (this.#missing[0] !== undefined && now - this.#missing[0].since >= this.#options.timeoutMs) {
      this.#report(this.#missing.shift() as Missing);
    }
  }

  /** End of input: everything that is open is emitted, and every gap reported. */
  finish(): void {
    for (const [id, open] of this.#open) {
      this.#emit(id, open, this.#options.timeIsTheEnd ? null : 'the input ended before it did');
    }
    for (const missing of this.#missing) this.#report(missing);
    this.#missing = [];
  }

  /** Ends one event that is known to have no more records (the mark of a --diag file). */
  end(ms: number, serial: number, incomplete: string): void {
    const id = `${ms}:${serial}`;
    const open = this.#open.get(id);
    if (open !== undefined) this.#emit(id, open, incomplete);
  }

  #emit(id: string, event: OpenEvent, incomplete: string | null): void {
    this.#open.delete(id);
    this.#remember(id);
    this.#output.event({ ms: event.ms, serial: event.serial, records: event.records, incomplete });
  }

  #remember(id: string): void {
    this.#recent.add(id);
    if (this.#recent.size >= rememberedEvents) {
      this.#older = this.#recent;
      this.#recent = new Set();
    }
  }

  #watch(serial: number, now: number): void {
    if (this.#highest === null) {
      this.#highest = serial;
      return;
    }
    const ahead = serialDistance(this.#highest, serial);
    if (ahead > 0) {
      if (ahead > 1) this.#missing.push({ from: (this.#highest + 1) >>> 0, to: (serial - 1) >>> 0, since: now });
      this.#highest = serial;
    } else if (ahead < 0) {
      this.#found(serial);
    }
  }

  /** A serial that was thought missing came late: its gap shrinks or splits. */
  #found(serial: number): void {
    const at = this.#missing.findIndex(
      (gap) => serialDistance(gap.from, serial) >= 0 && serialDistance(serial, gap.to) >= 0,
    );
    const gap = this.#missing[at];
    if (gap === undefined) return;
    const parts: Missing[] = [];
    if (gap.from !== serial) parts.push({ from: gap.from, to: (serial - 1) >>> 0, since: gap.since });
    if (gap.to !== serial) parts.push({ from: (serial + 1) >>> 0, to: gap.to, since: gap.since });
    this.#missing.splice(at, 1, ...parts);
  }

  #report(gap: Missing): void {
    this.#output.gap({ from: gap.from, to: gap.to, count: serialDistance(gap.from, gap.to) + 1 });
  }
}
