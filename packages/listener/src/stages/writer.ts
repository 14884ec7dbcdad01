/** Stage 4: the only one with state. Merges the streams, records, and writes documents in batches. */

import { existsSync, mkdirSync } from 'node:fs';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type InsertResult, openRawStore, type RawStore, RefusedFile, Spool, StoreError, signer } from '@godo/evidence';
import { EntryMemory } from '../audit/entry-memory.ts';
import { EntryReader } from '../audit/event-entries.ts';
import { recordType } from '../audit/record-types.ts';
import { ContentFeed } from '../content/content-feed.ts';
import { DiagFile } from '../diag/diag-file.ts';
import type { AuditEvent, FileLookEvent, LossEvent, PipelineEvent } from '../events.ts';
import { hostFiles, lookAtFile } from '../files/file-look.ts';
import { FileWatch } from '../files/file-watch.ts';
import { monotonicUs, realtimeNs } from '../kernel/host.ts';
import { type LossFacts, lossEvent } from '../loss-event.ts';
import { exitGraceUs, Merge, sharedExitGraceUs } from '../merge.ts';
import { haveSameDescriptors, isSameOpenFile, openFileOf } from '../proc/open-descriptor.ts';
import { Recorder } from '../recorder/recorder.ts';
import { ByteRing, type Span } from './byte-ring.ts';
import { cutOffSource } from './cut-off-losses.ts';
import { descriptorLooks, looksAtDescriptors } from './descriptor-looks.ts';
import { DocumentQueue } from './document-queue.ts';
import { batchKind, type EventBatch, nextBatch, releaseBatch } from './event-batches.ts';
import { kernelLossSource } from './kernel-loss.ts';
import type {
  ConnectorMessageToWriter,
  ContentAnswer,
  SpoolPlace,
  WriterData,
  WriterOrder,
  WriterReport,
} from './messages.ts';
import { ReadingBudget } from './reading-budget.ts';
import { type RefusedDocument, refusalLoss } from './refused-documents.ts';
import { ReopeningStore } from './reopening-store.ts';
import { SerialTimes } from './serial-times.ts';
import { SharedState } from './shared-state.ts';
import { SpoolingStore } from './spooling-store.ts';
import { StoredUntil } from './stored-until.ts';
import { UringLooks } from './uring-looks.ts';
import { askConnector, connectorIsEmpty, wake } from './wake.ts';

const queueOptions = { bound: 20_000, retryMs: [200, 5_000] } as const;
/** Documents a batch. SQLite takes few as readily as many, and what does not live long costs the collector nothing. */
const batch = { sqlite: 256, mongodb: 1_000 } as const;
/** What is recorded is in the store after this long, unless the store is slower. */
const flushMs = 1_000;
/** Where that was done so long ago, whatever wakes the writer has it done along, and it need not be woken for it alone. */
const flushAlongMs = 600;
/**
 * An exit that has waited this long for audit is past what audit will say of it: only nobody has said so. The answer is
 * there after `answerMs`, and goes into the same transaction.
 */
const exitPatienceMs = 300;
const answerMs = 25;
/** How often it is noted what is made documents of by then; and how far events may be out of order. */
const markMs = 100;
const connectorDisorderMs = 100;
const stampDisorderMs = 1_000;
/** How long an end may take when the store does not answer, and when what it does not take is in the spool. */
const finishMs = { patience: 30_000, most: 40_000 } as const;
const finishSpoolMs = { patience: 10_000, most: 20_000 } as const;
const closeMs = 3_000;
const spoolingMs = { slowMs: 5_000, retryMs: [500, 5_000] } as const;
/** How long it waits for files that are still to be read. */
const contentMs = 5_000;
/** How long an end waits for looks at the last files. */
const lastLooksMs = 1_000;
/** So long events are taken before messages are looked at again. */
const turnMs = 20;

type EachEvent = (event: AuditEvent | LossEvent) => void;

/**
 * As the daemon we get again what did not fit: the kernel keeps it in its queue and counts what does not fit there, but drops
 * uncounted what nobody took for half a second (kauditd_hold_skb in kernel/audit.c).
 */
const socketOverran = {
  unicast: {
    severity: 'warning',
    source: 'audit-socket',
    reason:
      'The audit socket overran: the kernel keeps what did not fit for half a second, so it may come later than what followed it. What it had to drop is stated on its own: records that it counted, events that never came, events that may be incomplete.',
  },
  multicast: {
    severity: 'loss',
    source: 'audit-socket',
    reason: 'The audit socket overran: an unknown number of records was lost.',
  },
} as const;

class WriterStage {
  readonly #data: WriterData;
  readonly #shared: SharedState;
  readonly #store: RawStore;
  readonly #spool: Spool | null;
  readonly #spooling: SpoolingStore | null;
  /** null: what the store refuses for good is dropped. */
  readonly #refusedFile: RefusedFile | null;
  readonly #diag: DiagFile | null;
  readonly #queue: DocumentQueue;
  readonly #recorder: Recorder;
  readonly #files: FileWatch;
  /** Looks whose turn has not come. */
  readonly #looks: FileLookEvent[] = [];
  readonly #merge: Merge;
  readonly #events: ByteRing;
  readonly #entries: EntryMemory;
  readonly #reader: EntryReader;
  readonly #serialTimes = new SerialTimes(nowMs);
  /** Takes the events of the batch that is read. */
  #each: EachEvent = () => undefined;
  /** The batch that waits for the connector: it stays in the ring until it is applied. */
  #held: EventBatch | null = null;
  /** Losses of the spool, which may come while an event is applied, or before the first one. */
  readonly #untold: LossEvent[] = [];
  /** Batches of the connector in their order, each with its turn in `#work`, or taken before it. */
  readonly #fromConnector: ConnectorMessageToWriter[] = [];
  readonly #content: ContentFeed | null;
  readonly #storedUntil = new StoredUntil();
  /** Of what has been recorded. */
  #settledSerial: number | null = null;
  /** As the kernel counts. */
  #kernelLost = 0;
  #gapStated = false;
  /** The start of the session has been recorded. */
  #began = false;
  #markedMs = Number.NEGATIVE_INFINITY;
  #checkpoints: NodeJS.Timeout | null = null;
  /** Runs while something waits to be written, or an exit for audit. */
  #flushing: NodeJS.Timeout | null = null;
  /** ms of performance.now(). */
  #flushedMs = Number.NEGATIVE_INFINITY;
  #work: Promise<void> = Promise.resolve();
  #streamsOpen = 2;
  #endReason: string | null = null;
  #diagFailed = false;
  #diagWaits = false;
  #asked = false;
  #ended = false;

  constructor(data: WriterData, store: RawStore) {
    this.#data = data;
    this.#shared = new SharedState(data.shared);
    this.#store = store;
    this.#diag = data.diagFile === null ? null : new DiagFile(data.diagFile);
    const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    this.#spool = data.spool === null ? null : this.#openSpool(data.spool);
    this.#refusedFile = data.spool === null ? null : new RefusedFile(data.spool);
    this.#spooling =
      this.#spool === null
        ? null
        : new SpoolingStore(
            store,
            this.#spool,
            { ...spoolingMs, sleep },
            {
              delivered: (result) => {
                this.#count(result);
                this.#shared.add('spoolDelivered', result.inserted + result.duplicates);
              },
              refused: (documents) => this.#refused(documents),
              unusable: (count) => this.#unusable(count),
              away: (error) => this.#trouble(error, 'it goes into the spool'),
              back: () => report({ kind: 'note', message: 'The database has taken everything that was in the spool.' }),
            },
          );
    this.#queue = new DocumentQueue(
      this.#spooling ?? store,
      { ...queueOptions, batch: batch[data.target.kind], sleep, now: () => performance.now() },
      {
        written: (result, documents) => {
          const spooled = 'spooled' in result ? (result.spooled as number) : 0;
          // What is in the spool is kept, whatever becomes of us; what is refused is stated.
          this.#storedUntil.stored(documents);
          this.#count(result);
          this.#shared.add('spooledDocuments', spooled);
        },
        refused: (documents) => this.#refused(documents),
        retrying: (error) => {
          this.#shared.add('storeRetries', 1);
          this.#trouble(error, 'it waits in memory');
        },
      },
    );
    const looks = descriptorLooks({
      source: { openFileOf, isSameOpenFile, haveSameDescriptors },
      budget: new ReadingBudget(...looksAtDescriptors),
      nowUs: monotonicUs,
      nowNs: realtimeNs,
      tell: (event) => this.#toDiag((file) => file.write(event)),
      count: (name) => this.#shared.add(name, 1),
    });
    this.#recorder = new Recorder(
      (entry) => {
        this.#storedUntil.made();
        this.#queue.push(entry);
        if (entry.collection === 'files' && 'session' in entry) this.#content?.offer(entry.session);
      },
      looks,
      (question) => this.#files.add(question),
      data.signKey === null ? null : signer(data.signKey),
    );
    this.#files = new FileWatch({
      look: (question) => lookAtFile(question, hostFiles),
      answer: (fileSessionId, answer) => {
        this.#looks.push({ kind: 'file-look', timeNs: realtimeNs(), fileSessionId, ...answer });
        this.#inOrder(() => this.#takeLooks());
      },
    });
    this.#content = data.content === null ? null : this.#contentFeed(data.content);
    const uringLooks = new UringLooks(monotonicUs, realtimeNs);
    this.#merge = new Merge(
      (event) => {
        if (event.kind === 'uring-open') {
          const found = uringLooks.look(event);
          if (found !== null) this.#apply(found);
        }
        this.#apply(event);
      },
      () => (this.#intake === 'unicast' ? exitGraceUs : sharedExitGraceUs),
    );
    this.#events = new ByteRing(data.events);
    this.#entries = new EntryMemory(this.#events.memory);
    this.#reader = new EntryReader(
      { keepLines: data.diagFile !== null },
      {
        event: (event) => {
          this.#serialTimes.see(event.serial, event.ms);
          this.#each(event);
        },
        gap: ({ from, to, count }) => this.#gap(from, to, count),
        late: ({ serial }) => this.#late(serial),
        bad: ({ type, error, hex }) => this.#bad(type, error, hex),
      },
    );
  }

  #openSpool({ directory, mostBytes }: SpoolPlace): Spool {
    const lost = (count: number | null, reason: string) =>
      this.#lostDocuments({ source: 'spool', count, unit: 'documents', reason });
    return new Spool({
      directory,
      mostBytes,
      dropped: (count) => {
        this.#shared.add('spoolDrops', 1);
        this.#shared.add('spoolLostDocuments', count ?? 0);
        const what = count === null ? 'an unknown number of documents of an earlier run' : `${count} document(s)`;
        lost(count, `There was no room in the spool while the database took nothing: ${what} had to go.`);
      },
      damaged: (path, bytes) =>
        lost(null, `${bytes} bytes of ${path} could not be read: the documents in them are lost.`),
      unreadable: (path, reason) =>
        lost(null, `${path} could not be read (${reason}): the documents in it, if any, are left there.`),
    });
  }

  #lostDocuments(facts: LossFacts): void {
    const event = lossEvent(realtimeNs(), facts);
    if (this.#ended) {
      this.#recorder.apply(event);
      return;
    }
    this.#untold.push(event);
    // Soon, for what it is about is not waited for any more; not now, for it may be told while an event is applied.
    if (this.#began) this.#inOrder(() => this.#tellOne());
  }

  /** Each that is applied tells the next. */
  #tellOne(): void {
    const loss = this.#untold.shift();
    if (loss !== undefined) this.#apply(loss);
  }

  #refused(documents: readonly RefusedDocument[]): void {
    this.#shared.add('refusedDocuments', documents.length);
    const file = this.#refusedFile;
    const kept = file?.keep(documents.map(({ entry }) => entry)) ?? 0;
    const loss = refusalLoss(documents, file === null ? null : { path: file.path, kept });
    if (loss !== null) this.#lostDocuments(loss);
    else report({ kind: 'trouble', message: 'The database refuses the documents that state what it refuses.' });
  }

  #unusable(count: number): void {
    this.#shared.add('spoolLostDocuments', count);
    const reason = `${count} document(s) in the spool are not as a listener writes them: they are lost.`;
    this.#lostDocuments({ source: 'spool', count, unit: 'documents', reason });
  }

  #count({ inserted, duplicates }: InsertResult): void {
    this.#shared.add('documents', inserted);
    this.#shared.add('duplicates', duplicates);
  }

  #trouble(error: Error, consequence: string): void {
    const message = `The database does not take what is recorded, ${consequence}: ${error.message}`;
    report({ kind: 'trouble', message });
  }

  /** What it answers is taken as it comes: it waits for nobody. */
  #contentFeed(stage: MessagePort): ContentFeed {
    const feed = new ContentFeed({
      send: (order) => stage.postMessage(order),
      read: (event) => this.#apply(event),
      tell: (loss) => this.#apply(lossEvent(realtimeNs(), loss)),
    });
    stage.on('message', (answer: ContentAnswer) => {
      feed.answered(answer);
      if (!this.#ended) this.#publish();
    });
    return feed;
  }

  start(): void {
    // Says no more than that there is something in the ring.
    this.#data.fromReassembly.on('message', () => this.#inOrder(() => undefined));
    this.#data.fromConnector.on('message', (message: ConnectorMessageToWriter) => {
      this.#fromConnector.push(message);
      this.#inOrder(() => this.#takeConnector());
    });
    parentPort?.on('message', (order: WriterOrder) => {
      // At once: what stands before it may wait for the store.
      if (order.kind === 'ending') this.#queue.expectEnd(finishMs.patience, finishMs.most);
      else this.#inOrder(() => this.#order(order));
    });
    this.#checkpoints = setInterval(
      () => this.#inOrder(() => this.#apply({ kind: 'checkpoint', timeNs: realtimeNs() })),
      this.#data.checkpointMs,
    );
    report({ kind: 'ready' });
  }

  /** One message at a time, and none while the store is behind: that is what makes the stages before wait. */
  #inOrder(handle: () => void | Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#queue.full) await this.#queue.room();
      await handle();
      await this.#takeBatches();
      this.#publish();
      await this.#endIfOver();
    });
  }

  /** What reassembly has put into the ring, as far as the connector has come. Orders get their turn now and then. */
  async #takeBatches(): Promise<void> {
    const endMs = performance.now() + turnMs;
    for (;;) {
      this.#releaseHeld();
      if (this.#held !== null && !(await this.#catchUp())) return;
      const batch = nextBatch(this.#events) ?? this.#sleep();
      if (batch === null) return;
      this.#take(batch);
      if (performance.now() > endMs) {
        setImmediate(() => this.#inOrder(() => undefined));
        return;
      }
      // What a store that answers at once has taken is only now taken off the queue.
      await null;
      if (this.#queue.full) await this.#queue.room();
    }
  }

  /** Asks to be woken, unless something has come just now. */
  #sleep(): EventBatch | null {
    this.#shared.setOrder('writerAsleep', 1);
    const batch = nextBatch(this.#events);
    if (batch !== null) this.#shared.setOrder('writerAsleep', 0);
    return batch;
  }

  #take(batch: EventBatch): void {
    this.#held = batch;
    if (batch.kind === batchKind.end) {
      this.#streamsOpen -= 1;
      return;
    }
    const { arrivalUs, drainedUs, entries } = batch;
    const overrun = batch.kind === batchKind.overrun ? [this.#overrun()] : null;
    const events = overrun ?? { forEach: (each: EachEvent) => this.#read(entries, each) };
    this.#merge.audit({ arrivalUs, drainedUs, events });
  }

  #overrun(): LossEvent {
    const facts = socketOverran[this.#intake];
    // What the kernel has kept is no loss.
    const missed = facts.severity === 'warning' ? null : { missed: this.#serialTimes.sinceLast() };
    return lossEvent(realtimeNs(), { ...facts, ...missed });
  }

  get #intake(): keyof typeof socketOverran {
    return this.#shared.order('readsMulticast') === 0 ? 'unicast' : 'multicast';
  }

  #read({ offset, length }: Span, each: EachEvent): void {
    this.#each = each;
    this.#reader.read(this.#entries, offset, offset + length);
  }

  #lost(source: string, reason: string, facts: Partial<LossEvent>): void {
    this.#each(lossEvent(realtimeNs(), { source, reason, ...facts }));
  }

  #gap(from: number, to: number, count: number): void {
    this.#shared.add('missingSerials', count);
    const missed = this.#serialTimes.between(from, to);
    const range = { from: String(from), to: String(to), count, unit: 'events', missed } as const;
    this.#lost('audit-serial', `${count} audit event(s) never came: serial ${from} to ${to}.`, range);
  }

  #late(serial: number): void {
    this.#shared.add('lateRecords', 1);
    const text = String(serial);
    const facts = { severity: 'warning', from: text, to: text, count: 1 } as const;
    this.#lost('reassembly', `A record of audit event ${text} came after the event had been given up.`, facts);
  }

  #bad(type: number, error: string, hex: string): void {
    // Without it there is no event.
    const isHead = type === recordType.syscall || type === recordType.uringOp;
    const missed = isHead ? { missed: this.#serialTimes.sinceLast() } : null;
    const facts = { severity: 'warning', count: 1, ...missed } as const;
    this.#lost('audit-record', `A record of type ${type} could not be read (${error}): ${hex} (hex).`, facts);
  }

  #releaseHeld(): void {
    if (this.#held === null || this.#merge.waitingAudit > 0) return;
    this.#settledSerial = this.#held.settledSerial;
    releaseBatch(this.#events, this.#held);
    this.#held = null;
  }

  /**
   * Audit waits for what the connector was told before: where all of that has been sent, and some of it may not have had
   * its turn, the connector need not be asked. Returns whether the batch has been applied.
   */
  async #catchUp(): Promise<boolean> {
    const nowUs = monotonicUs();
    if (!connectorIsEmpty(this.#shared)) {
      askConnector(this.#shared);
      return false;
    }
    await this.#takeConnector();
    this.#merge.connector({ events: [], arrivalUs: nowUs, drainedUs: nowUs });
    this.#releaseHeld();
    return this.#held === null;
  }

  /** Everything that the connector has sent. */
  async #takeConnector(): Promise<void> {
    for (;;) {
      const message = this.#fromConnector.shift() ?? receiveMessageOnPort(this.#data.fromConnector)?.message;
      if (message === undefined) return;
      if (this.#queue.full) await this.#queue.room();
      this.#connector(message);
    }
  }

  #connector(message: ConnectorMessageToWriter): void {
    if (message === 'end') {
      this.#streamsOpen -= 1;
      this.#merge.connectorEnded();
      return;
    }
    this.#merge.connector(message);
    this.#shared.addToOrder('connectorBatchesWaiting', -1);
  }

  async #lastLooks(): Promise<void> {
    const untilMs = Date.now() + lastLooksMs;
    do {
      this.#takeLooks();
      await this.#files.drain(untilMs);
      // An answer may be the reason to look once more.
    } while (this.#looks.length > 0);
  }

  #takeLooks(): void {
    for (const look of this.#looks.splice(0)) this.#apply(look);
  }

  #order(order: Exclude<WriterOrder, { kind: 'ending' }>): void {
    if (order.kind === 'event') {
      this.#apply(order.event);
      return;
    }
    this.#endReason = order.reason;
    if (order.cutOff) this.#streamsOpen = 0;
  }

  #flush(): void {
    this.#flushing = null;
    if (this.#askForExits()) {
      this.#flushing = setTimeout(() => this.#flush(), answerMs);
      return;
    }
    this.#write();
    // What a store that answers at once has taken is only then off the queue.
    setImmediate(() => this.#flushLater());
  }

  #write(): void {
    this.#flushedMs = performance.now();
    this.#queue.flush();
    this.#toDiag((file) => file.flush());
    this.#diagWaits = false;
    this.#asked = false;
  }

  #writeAlong(): void {
    if (this.#queue.length === 0 || performance.now() - this.#flushedMs < flushAlongMs) return;
    this.#write();
    if (this.#flushing !== null) clearTimeout(this.#flushing);
    this.#flushing = null;
  }

  /** Once between two flushes. */
  #askForExits(): boolean {
    const sinceUs = this.#merge.exitsWaitSinceUs;
    this.#asked = !this.#asked && sinceUs !== null && monotonicUs() - sinceUs > exitPatienceMs * 1000;
    if (!this.#asked) return false;
    this.#shared.setOrder('wantAuditDrain', 1);
    wake(this.#shared, 'auditSocket');
    return true;
  }

  #flushLater(): void {
    const waits = this.#queue.length > 0 || this.#merge.waitingExits > 0 || this.#diagWaits;
    if (waits && !this.#ended) this.#flushing ??= setTimeout(() => this.#flush(), flushMs);
  }

  #toDiag(write: (file: DiagFile) => void): void {
    if (this.#diag === null || this.#diagFailed) return;
    try {
      write(this.#diag);
    } catch (error) {
      this.#diagFailed = true;
      const reason = `The --diag file cannot be written, it ends here: ${(error as Error).message}`;
      report({ kind: 'trouble', message: reason });
      this.#recorder.apply(lossEvent(realtimeNs(), { severity: 'warning', source: 'diag', reason }));
    }
  }

  /** What the recorder is given, and nothing else, is what the diag file holds. */
  #apply(event: PipelineEvent): void {
    this.#content?.learn(event);
    if (event.kind === 'loss') this.#note(event);
    try {
      this.#recorder.apply(event);
    } finally {
      // Behind what was looked up for it.
      this.#toDiag((file) => file.write(event));
      this.#diagWaits = this.#diag !== null;
    }
    this.#began = true;
    if (this.#untold.length > 0) this.#tellOne();
  }

  #note({ source, to }: LossEvent): void {
    if (source === kernelLossSource) this.#kernelLost = Number(to);
    if (source === cutOffSource) this.#gapStated = true;
  }

  #publish(): void {
    if (this.#content !== null) {
      this.#shared.set('contentWaiting', this.#content.waiting);
      this.#shared.set('contentDropped', this.#content.dropped);
    }
    this.#shared.set('waitingExits', this.#merge.waitingExits);
    this.#shared.set('queuedDocuments', this.#queue.length);
    if (this.#spool !== null) this.#shared.set('spoolBytes', this.#spool.bytes);
    this.#markStored();
    this.#writeAlong();
    this.#flushLater();
  }

  #markStored(): void {
    const nowMs = performance.now();
    if (nowMs - this.#markedMs >= markMs) {
      this.#markedMs = nowMs;
      const { us, stampMs } = this.#merge.appliedUntil;
      const ms = Number(realtimeNs() / 1_000_000n) - (monotonicUs() - us) / 1000;
      const untilMs = Math.floor(Math.min(ms - connectorDisorderMs, stampMs - stampDisorderMs));
      if (Number.isFinite(untilMs)) this.#markUntil(untilMs);
    }
    const { point } = this.#storedUntil;
    if (point === null) return;
    this.#shared.set('storedUntilMs', point.untilMs);
    this.#shared.set('storedSerial', point.serial ?? 0);
    this.#shared.set('storedLost', point.lost);
    if (point.gapStated) this.#shared.setOrder('gapStored', 1);
  }

  #markUntil(untilMs: number): void {
    const point = { untilMs, serial: this.#settledSerial, lost: this.#kernelLost, gapStated: this.#gapStated };
    this.#storedUntil.mark(point, this.#recorder.nextTurn(), this.#recorder.unwrittenSince);
  }

  async #endIfOver(): Promise<void> {
    if (this.#streamsOpen > 0 || this.#endReason === null) return;
    const reason = this.#endReason;
    this.#endReason = null;
    this.#ended = true;
    clearInterval(this.#checkpoints ?? undefined);
    clearTimeout(this.#flushing ?? undefined);
    this.#merge.finish();
    await this.#lastLooks();
    await this.#content?.end(contentMs);
    const counters = { ...this.#shared.all(), ...this.#recorder.counters() };
    this.#apply({ kind: 'session-end', timeNs: realtimeNs(), reason, counters });
    this.#toDiag((file) => file.close());
    let undelivered = await this.#queue.finish(finishMs.patience, finishMs.most);
    await this.#spooling?.finish(finishSpoolMs.patience, finishSpoolMs.most);
    // What states that something of the spool was refused, or damaged. It has what is left of the same time.
    if (this.#queue.length > undelivered) undelivered = await this.#queue.finish(finishMs.patience, finishMs.most);
    const spoolLeft = this.#spool !== null && !this.#spool.isEmpty;
    this.#spool?.close();
    const closed = this.#store.close().catch(() => undefined);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, closeMs).unref())]);
    this.#publish();
    report({ kind: 'done', undelivered, spoolLeft, entryHash: this.#recorder.entryHash });
    this.#data.fromReassembly.close();
    this.#data.fromConnector.close();
    parentPort?.close();
  }
}

/** Since the epoch. */
function nowMs(): number {
  return Number(realtimeNs() / 1_000_000n);
}

function report(message: WriterReport): void {
  parentPort?.postMessage(message);
}

/** One that does not answer is waited for where it was used before: then its address is no mistake. */
async function openStore({ target, spool }: WriterData): Promise<RawStore> {
  const isKnown = spool !== null && existsSync(spool.directory);
  try {
    const store = await openRawStore(target);
    if (spool !== null && target.kind === 'mongodb') mkdirSync(spool.directory, { recursive: true, mode: 0o700 });
    return store;
  } catch (error) {
    if (!isKnown || !(error instanceof StoreError && error.temporary)) throw error;
    const message = `The database is not there, what is recorded goes into the spool: ${error.message}`;
    report({ kind: 'trouble', message });
    return new ReopeningStore(target);
  }
}

async function start(data: WriterData): Promise<void> {
  try {
    const store = await openStore(data);
    new WriterStage(data, store).start();
  } catch (error) {
    const code = error instanceof StoreError ? error.code : ((error as NodeJS.ErrnoException).code ?? 'FAILED');
    report({ kind: 'failed', code, message: (error as Error).message });
    parentPort?.close();
    data.fromReassembly.close();
    data.fromConnector.close();
  }
}

await start(workerData as WriterData);
