/**
 * Reads the entries that the addon's AuditDecoder writes, and hands typed events to a sink, in their order. Nothing here
 * knows that audit is text. A text is made once, however many events name it; callers are shared between events.
 */

import type { AuditEvent, BinaryString, Caller } from '../events.ts';
import { eventOf } from './entry-events.ts';
import type { RecordBody } from './entry-items.ts';
import {
  badReasons,
  diagLineFlag,
  entryKind,
  eventAt,
  eventFlag,
  incompleteReason,
  incompleteReasons,
  textFlag,
} from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';
import { maskedRecords } from './masked-records.ts';
import { formatStamp } from './record.ts';
import { recordTypeName } from './record-types.ts';

/** Serials that never came, both inclusive. */
export interface SerialGap {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** A record of an event that was over before. */
export interface LateRecord {
  readonly type: number;
  readonly ms: number;
  readonly serial: number;
  /** ms of the decoder's clock; of a log: its latest stamp so far. */
  readonly clockMs: number;
}

/** A record or line that could not be read. */
export interface BadEntry {
  readonly error: string;
  /** 0 for a line of text. */
  readonly type: number;
  /** Number of the line, 0 for a packed record. */
  readonly position: number;
  /** Up to 200 of its first bytes. */
  readonly hex: string;
}

/** A run begins in a log: one boot of one host. */
export interface RunStart {
  readonly run: number;
  readonly host: BinaryString;
  /** Stamp of its first record. */
  readonly ms: number;
  readonly serial: number;
}

export interface RunEnd {
  readonly run: number;
  readonly reason: 'end-of-input' | 'reboot';
  readonly latestMs: number;
  readonly events: number;
  readonly missing: number;
  readonly gaps: number;
}

export interface EntrySink {
  event(event: AuditEvent): void;
  gap?(gap: SerialGap): void;
  late?(record: LateRecord): void;
  bad?(bad: BadEntry): void;
  /** Of a log: what follows is of this run. */
  run?(run: number): void;
  runStart?(start: RunStart): void;
  runEnd?(end: RunEnd): void;
  /** Of a log: only ends of runs follow, the first of them that of `run` (0: there is none), which came to `latestMs`. */
  inputEnd?(run: number, latestMs: number): void;
  /** Of a --diag file: a line of godo's own. Returns the reason where it is the mark of an incomplete event. */
  diagLine?(line: BinaryString, position: number): string | null;
  /** An entry of a kind from 128 on, which whoever carries the entries put between; its eight bytes from offset 8 on. */
  mark?(kind: number, value: number): void;
}

export interface EntryReaderOptions {
  /** The records are kept as lines with their events, and events that make no document are events too. */
  readonly keepLines: boolean;
}

/** What is not known of anybody. */
const nobody: Caller = {
  tgid: Number.NaN,
  ppid: Number.NaN,
  uid: Number.NaN,
  gid: Number.NaN,
  euid: Number.NaN,
  auid: Number.NaN,
  ses: Number.NaN,
  tty: null,
  comm: null,
  exe: null,
};

const noBodies: readonly RecordBody[] = [];

/** Follows one stream of entries; every entry must be given to it, once, in order. */
export class EntryReader {
  readonly #sink: EntrySink;
  readonly #keepLines: boolean;
  /** By id; 0 is what is not known. */
  #texts: (BinaryString | null)[] = [null];
  /** What a relative name is appended to in the directory that a text names; null where that takes more thought. */
  #bases: (BinaryString | null)[] = [null];
  #callers: Caller[] = [nobody];
  #bodies: RecordBody[] = [];
  #toldReason = '';
  /** The beginning of a line that comes in pieces. */
  #line = '';

  constructor(options: EntryReaderOptions, sink: EntrySink) {
    this.#keepLines = options.keepLines;
    this.#sink = sink;
  }

  /** Reads the entries from `from` up to `to`, byte offsets where whole entries begin and end. */
  read(memory: EntryMemory, from: number, to: number): void {
    for (let at = from; at < to; at += memory.u32(at)) {
      switch (memory.u8(at + 4)) {
        case entryKind.event:
          this.#event(memory, at);
          break;
        case entryKind.text:
          this.#text(memory, at);
          break;
        case entryKind.caller:
          this.#caller(memory, at);
          break;
        case entryKind.body:
          this.#bodies.push({ type: memory.u32(at + 8), body: memory.text(at + 16, memory.u32(at + 12)) });
          break;
        case entryKind.reset:
          this.#texts = [null];
          this.#bases = [null];
          this.#callers = [nobody];
          break;
        default:
          this.#notice(memory, at);
      }
    }
  }

  #event(memory: EntryMemory, at: number): void {
    const bodies = this.#bodies.length === 0 ? noBodies : this.#bodies;
    if (bodies !== noBodies) this.#bodies = [];
    const caller = this.#callers[memory.u32(at + eventAt.caller)] as Caller;
    // Without a caller the SYSCALL record was no good.
    const event = Number.isNaN(caller.tgid) ? null : eventOf(memory, at, caller, this.#texts, this.#bases, bodies);
    if (!this.#keepLines && memory.u8(at + eventAt.incomplete) === incompleteReason.no) {
      if (event !== null) this.#sink.event(event);
      return;
    }
    this.#sink.event({ ...(event ?? this.#other(memory, at, caller)), ...this.#extras(memory, at, bodies) });
  }

  #other(memory: EntryMemory, at: number, caller: Caller): AuditEvent {
    const isIncomplete = memory.u8(at + eventAt.incomplete) !== incompleteReason.no;
    return {
      kind: 'other',
      ...(isIncomplete && memory.u8(at + eventAt.meaning) !== 0 && { ofInterest: true as const }),
      ms: memory.f64(at + eventAt.ms),
      serial: memory.u32(at + eventAt.serial),
      caller,
    };
  }

  #extras(memory: EntryMemory, at: number, bodies: readonly RecordBody[]) {
    const code = memory.u8(at + eventAt.incomplete);
    const incomplete = code === incompleteReason.told ? this.#toldReason : incompleteReasons[code];
    const stamp = formatStamp(memory.f64(at + eventAt.ms), memory.u32(at + eventAt.serial));
    return {
      ...(code !== incompleteReason.no && { incomplete: incomplete ?? 'unknown' }),
      ...(this.#keepLines && {
        lines: maskedRecords(bodies).map((record) => logLine(record, stamp)),
        alone: (memory.u8(at + 5) & eventFlag.standsAlone) !== 0,
      }),
    };
  }

  #text(memory: EntryMemory, at: number): void {
    const id = memory.u32(at + 8);
    const text = memory.text(at + 16, memory.u32(at + 12));
    this.#texts[id] = text;
    const tidy = (memory.u8(at + 5) & textFlag.tidyPath) !== 0;
    this.#bases[id] = !text.startsWith('/') ? null : tidy ? `${text}/` : text === '/' ? text : null;
  }

  #caller(memory: EntryMemory, at: number): void {
    this.#callers[memory.u32(at + 8)] = {
      tgid: memory.f64(at + 24),
      ppid: memory.f64(at + 32),
      uid: memory.f64(at + 40),
      gid: memory.f64(at + 48),
      euid: memory.f64(at + 56),
      auid: memory.f64(at + 64),
      ses: memory.f64(at + 72),
      tty: this.#texts[memory.u32(at + 12)] ?? null,
      comm: this.#texts[memory.u32(at + 16)] ?? null,
      exe: this.#texts[memory.u32(at + 20)] ?? null,
    };
  }

  #notice(memory: EntryMemory, at: number): void {
    const sink = this.#sink;
    const kind = memory.u8(at + 4);
    const flags = memory.u8(at + 5);
    const first = memory.u32(at + 8);
    const second = memory.u32(at + 12);
    switch (kind) {
      case entryKind.gap:
        sink.gap?.({ from: first, to: second, count: memory.f64(at + 16) });
        break;
      case entryKind.late:
        sink.late?.({ type: first, serial: second, ms: memory.f64(at + 16), clockMs: memory.f64(at + 24) });
        break;
      case entryKind.bad:
        sink.bad?.({
          error: badReasons[flags] ?? 'unknown',
          type: first,
          position: memory.f64(at + 16),
          hex: memory.hex(at + 24, second),
        });
        break;
      case entryKind.runStart: {
        const host = memory.text(at + 32, memory.u32(at + 24));
        sink.runStart?.({ run: first, serial: second, ms: memory.f64(at + 16), host });
        break;
      }
      case entryKind.run:
        sink.run?.(first);
        break;
      case entryKind.runEnd:
        sink.runEnd?.({
          run: first,
          reason: flags === 0 ? 'end-of-input' : 'reboot',
          latestMs: memory.f64(at + 16),
          events: memory.f64(at + 24),
          missing: memory.f64(at + 32),
          gaps: memory.f64(at + 40),
        });
        break;
      case entryKind.inputEnd:
        sink.inputEnd?.(first, memory.f64(at + 16));
        break;
      case entryKind.diagLine: {
        const line = this.#line + memory.text(at + 24, memory.u32(at + 16));
        const continues = (flags & diagLineFlag.continues) !== 0;
        this.#line = continues ? line : '';
        if (!continues) this.#toldReason = sink.diagLine?.(line, memory.f64(at + 8)) ?? this.#toldReason;
        break;
      }
      default:
        if (kind < entryKind.firstMark) throw new RangeError(`an entry of an unknown kind: ${kind}`);
        sink.mark?.(kind, memory.f64(at + 8));
    }
  }
}

/** The record as a line of an audit.log. Bytes that would break the line become blanks. */
function logLine({ type, body }: RecordBody, stamp: string): BinaryString {
  return `type=${recordTypeName(type)} msg=audit(${stamp}): ${body.replace(/[\n\r\0]/g, ' ')}`;
}
