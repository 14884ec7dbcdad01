/** Stage 2: has the records decoded and grouped into events, from the one ring into the other. */

import { parentPort, workerData } from 'node:worker_threads';
import { type AuditDecoder, auditEntryRoomBytes, auditProgressNumbers, auditRecordHeaderBytes } from '@godo/native';
import { kernelDecoder } from '../audit/audit-decoder.ts';
import { markAt, ringMark } from './audit-marks.ts';
import { ByteRing, type Span } from './byte-ring.ts';
import { type BatchHead, batchHeadBytes, batchKind, commitBatch } from './event-batches.ts';
import type { ReassemblyData, ReassemblyReport } from './messages.ts';
import { SharedState } from './shared-state.ts';
import { askConnector } from './wake.ts';

const fullRingMs = 10;
/** How often time is looked at while an event waits for its end, or a missing serial for its coming. */
const openMs = 500;
/** So long after the last record either may be (the decoder's time limit is 2 s). */
const openForMs = 5_000;
/** The ring tells when something comes: this only bounds how late an order to abandon everything is seen. */
const restMs = 2_000;
/**
 * Where less than this came, the next look is put off a little, as in the stage before: a thread that is woken for every
 * batch costs more than the batch. Not where the stage before takes its time already.
 */
const fewBytes = 1024 * 1024;
const gatherMs = 8;

/** Places in the decoder's progress, and what it says of why it came back. */
const progressAt = {
  used: 0,
  stopped: 2,
  records: 3,
  events: 4,
  truncated: 5,
  bad: 6,
  open: 7,
  arrivalUs: 8,
  configChanges: 9,
  roleRequests: 10,
  incompleteEvents: 11,
  missingRecords: 12,
  firstSerial: 13,
  lastSerial: 14,
  settledSerial: 15,
} as const;
const outputFull = 2;
/** The writer need not wait for the end of what is being decoded when there is this much for it. */
const muchBytes = 64 * 1024;

class Reassembly {
  readonly #data: ReassemblyData;
  readonly #records: ByteRing;
  readonly #events: ByteRing;
  readonly #shared: SharedState;
  readonly #decoder: AuditDecoder;
  readonly #progress = new Float64Array(auditProgressNumbers);
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  #arrivalUs = 0;
  #settledSerial: number | null = null;
  /** ms of performance.now() at which the last record was read. */
  #readMs = Number.NEGATIVE_INFINITY;
  /** Something was committed that the writer was not told of. */
  #untold = false;

  constructor(data: ReassemblyData) {
    this.#data = data;
    this.#records = new ByteRing(data.ring);
    this.#events = new ByteRing(data.events);
    this.#shared = new SharedState(data.shared);
    this.#decoder = kernelDecoder(data.keepLines);
  }

  run(): void {
    let ended = false;
    while (!ended && !this.#abandoned) {
      this.#wait();
      do {
        do this.#decode();
        while (this.#told('stopped') === outputFull && !this.#abandoned);
        ended = this.#takeMarks();
      } while (!ended && this.#records.used > 0 && !this.#abandoned);
      this.#tell();
    }
    this.#finish();
    if (ended && !this.#abandoned) this.#shared.setOrder('allDecoded', 1);
    this.#data.toWriter.postMessage(null);
    this.#data.toWriter.close();
  }

  #wait(): void {
    const beganMs = performance.now();
    const mayBeOpen = this.#told('open') > 0 || beganMs - this.#readMs < openForMs;
    this.#records.waitForBytes(mayBeOpen ? openMs : restMs);
    const waitedMs = performance.now() - beganMs;
    if (waitedMs < gatherMs && this.#records.used < fewBytes) Atomics.wait(this.#never, 0, 0, gatherMs);
  }

  get #abandoned(): boolean {
    return this.#shared.order('abandon') !== 0;
  }

  /** The records up to the next mark, or as many as there are, or as their events have room. */
  #decode(): void {
    const { offset, length } = this.#records.readable() ?? nothing;
    const room = this.#reserve();
    if (room === null) return;
    const { memory } = this.#records;
    const [from, most] = [room.offset + batchHeadBytes, room.length - batchHeadBytes];
    const now = performance.now();
    const written = this.#decoder.decodeRecords(
      memory,
      offset,
      length,
      now,
      this.#events.memory,
      from,
      most,
      this.#progress,
    );
    this.#count();
    if (written > 0)
      this.#commit(room, written, { kind: batchKind.events, arrivalUs: this.#arrivalUs, drainedUs: null });
    // Not before: what is still open has been copied by now.
    this.#records.release(this.#told('used'));
  }

  #told(what: keyof typeof progressAt): number {
    return this.#progress[progressAt[what]] ?? 0;
  }

  /** Marks at the beginning of what is readable. Returns whether the last of them says that nothing follows. */
  #takeMarks(): boolean {
    for (;;) {
      const span = this.#records.readable();
      const mark = span === null ? null : markAt(this.#records, span.offset);
      if (mark === null) return false;
      if (mark.type === ringMark.end) return true;
      const room = this.#reserve();
      if (room === null) return false;
      if (mark.type === ringMark.drained) {
        this.#commit(room, 0, { kind: batchKind.events, arrivalUs: mark.arrivalUs, drainedUs: mark.arrivalUs });
      } else {
        this.#decoder.noteOverrun();
        this.#commit(room, 0, { kind: batchKind.overrun, arrivalUs: this.#arrivalUs, drainedUs: null });
      }
      this.#records.release(auditRecordHeaderBytes);
    }
  }

  #finish(): void {
    do {
      const room = this.#reserve();
      if (room === null) return;
      const [from, most] = [room.offset + batchHeadBytes, room.length - batchHeadBytes];
      const written = this.#decoder.finish(this.#events.memory, from, most, this.#progress);
      this.#count();
      this.#commit(room, written, { kind: batchKind.events, arrivalUs: this.#arrivalUs, drainedUs: null });
    } while (this.#told('stopped') === outputFull);
    const room = this.#reserve();
    if (room !== null) this.#commit(room, 0, { kind: batchKind.end, arrivalUs: this.#arrivalUs, drainedUs: null });
  }

  /** Waits for room; null when the listener is abandoned meanwhile. */
  #reserve(): Span | null {
    for (;;) {
      const span = this.#events.reserve(batchHeadBytes + auditEntryRoomBytes);
      if (span !== null || this.#abandoned) return span;
      this.#tell();
      this.#events.waitForRoom(fullRingMs);
    }
  }

  #commit(room: Span, bytes: number, head: Omit<BatchHead, 'settledSerial'>): void {
    commitBatch(this.#events, room, bytes, { ...head, settledSerial: this.#settledSerial });
    this.#untold = true;
    if (this.#events.used > muchBytes) this.#tell();
  }

  /**
   * Wakes the writer, if it sleeps and there is something for it. It can do nothing with that before it has what the
   * connector holds: then the connector wakes it, and it is woken once.
   */
  #tell(): void {
    if (!this.#untold) return;
    this.#untold = false;
    if (this.#shared.order('writerAsleep') === 0) return;
    if (this.#shared.order('connectorHolds') !== 0 && this.#shared.order('connectorSocket') !== 0) {
      askConnector(this.#shared);
      return;
    }
    this.#shared.setOrder('writerAsleep', 0);
    this.#data.toWriter.postMessage(null);
  }

  #count(): void {
    this.#arrivalUs = this.#told('arrivalUs') || this.#arrivalUs;
    if (this.#told('records') > 0) this.#readMs = performance.now();
    this.#shared.add('configChanges', this.#told('configChanges'));
    const requests = this.#told('roleRequests');
    this.#shared.add('roleRequests', requests);
    // Who asks tries a few times within a second, and gives up then.
    if (requests > 0) parentPort?.postMessage({ kind: 'role-requested' } satisfies ReassemblyReport);
    this.#shared.add('auditRecords', this.#told('records'));
    this.#shared.add('auditEvents', this.#told('events'));
    this.#shared.add('incompleteEvents', this.#told('incompleteEvents'));
    this.#shared.add('missingRecords', this.#told('missingRecords'));
    this.#shared.add('truncatedRecords', this.#told('truncated'));
    this.#shared.add('badRecords', this.#told('bad'));
    this.#shared.set('openEvents', this.#told('open'));
    const settled = this.#told('settledSerial');
    if (Number.isNaN(settled)) return;
    this.#settledSerial = settled;
    this.#shared.set('firstSerial', this.#told('firstSerial'));
    this.#shared.set('lastSerial', this.#told('lastSerial'));
  }
}

const nothing: Span = { offset: 0, length: 0 };

new Reassembly(workerData as ReassemblyData).run();
