import { type AuditDecoder, type AuditDecoderOptions, auditEntryRoomBytes, auditProgressNumbers } from '@godo/native';
import { kernelDecoder } from '../../src/audit/audit-decoder.ts';
import { EntryMemory } from '../../src/audit/entry-memory.ts';
import { type BadEntry, EntryReader, type LateRecord, type SerialGap } from '../../src/audit/event-entries.ts';
import type { AuditEvent } from '../../src/events.ts';
import type { AuditRecord } from './log-records.ts';
import { type Packet, packed, packetOf } from './packed-records.ts';

/** A decoder as the live listener has it, and everything that its entries say. */
export function decodingFor(options: Partial<AuditDecoderOptions> = {}) {
  const events: AuditEvent[] = [];
  const gaps: SerialGap[] = [];
  const late: LateRecord[] = [];
  const bad: BadEntry[] = [];
  const totals = { records: 0, events: 0, truncated: 0, bad: 0 };
  const keepRecords = options.keepRecords ?? false;
  const decoder: AuditDecoder = kernelDecoder(keepRecords, { maxOpen: 100, ...options });
  const memory = new EntryMemory(new Uint8Array(auditEntryRoomBytes));
  const reader = new EntryReader(
    { keepLines: keepRecords },
    {
      event: (event) => events.push(event),
      gap: (gap) => gaps.push(gap),
      late: (record) => late.push(record),
      bad: (entry) => bad.push(entry),
    },
  );
  const progress = new Float64Array(auditProgressNumbers);
  const [output, room] = [memory.bytes, memory.bytes.length];

  const count = () => {
    totals.records += progress[3] as number;
    totals.events += progress[4] as number;
    totals.truncated += progress[5] as number;
    totals.bad += progress[6] as number;
  };
  const pushPackets = (packets: readonly Packet[], now = 0) => {
    const input = packed(packets);
    for (let at = 0; ; ) {
      reader.read(memory, 0, decoder.decodeRecords(input, at, input.length - at, now, output, 0, room, progress));
      count();
      at += progress[0] as number;
      if (progress[2] !== 2) return;
    }
  };
  const push = (records: readonly AuditRecord[], now = 0) => pushPackets(records.map(packetOf), now);
  const finish = () => {
    do {
      reader.read(memory, 0, decoder.finish(output, 0, room, progress));
      count();
    } while (progress[2] === 2);
  };
  return { decoder, push, pushPackets, finish, events, gaps, late, bad, totals, progress };
}
