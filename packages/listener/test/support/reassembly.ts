import type { AuditDecoderOptions } from '@godo/native';
import { decodingFor } from './decoding.ts';
import { type AuditRecords, recordOf } from './log-records.ts';

interface RecordHead {
  readonly type: number;
  readonly ms: number;
  readonly serial: number;
}

/** The decoder as a reassembler: whole events with all their records. */
export function reassemblerFor(options: Partial<AuditDecoderOptions> = {}) {
  const decoding = decodingFor({ timeoutMs: 2000, ...options, keepRecords: true });
  return {
    push: decoding.push,
    expire: (now: number) => decoding.push([], now),
    finish: decoding.finish,
    gaps: decoding.gaps,
    /** Events not yet whole. */
    get open(): number {
      return decoding.progress[7] ?? 0;
    },
    get events(): AuditRecords[] {
      return decoding.events.map(({ ms, serial, lines = [], incomplete = null }) => ({
        ms,
        serial,
        records: lines.map(recordOf),
        incomplete,
      }));
    },
    get late(): RecordHead[] {
      return decoding.late.map(({ type, ms, serial }) => ({ type, ms, serial }));
    },
  };
}
