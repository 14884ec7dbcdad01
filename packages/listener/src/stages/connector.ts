/** Stage 3: the proc connector, and the look into /proc at the moment of each fork and exec. */

import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { connectorListen, connectorMessageBytes, readClocks, receiveConnector } from '@godo/native';
import type { ConnectorEvent, LossEvent, SnapshotEvent } from '../events.ts';
import { monotonicUs, realtimeNs } from '../kernel/host.ts';
import { lossEvent } from '../loss-event.ts';
import { ProcReader } from '../proc/proc-reader.ts';
import { takeSnapshot } from '../proc/snapshot.ts';
import { type ClockOffsets, ConnectorEvents } from './connector-events.ts';
import { ConnectorMessages, processEvent } from './connector-message.ts';
import type { ConnectorData, ConnectorMessageToWriter, ConnectorOrder, ConnectorReport } from './messages.ts';
import { ReadingBudget } from './reading-budget.ts';
import { SharedState } from './shared-state.ts';

/** What one receive takes at most. */
const batchMessages = 64;
/** Events that are handed on without waiting for more. */
const maxEvents = 256;
/** Batches that may wait in the writer. */
const maxBatchesWaiting = 64;
/**
 * How long events are gathered for one batch, and how long audit events wait at most for the news that no more came
 * before them: whom a batch wakes costs more than the batch. (Audit is later than the connector by a few ms, so that one
 * batch mostly does for both.)
 */
const gatherMs = 50;
const newsMs = 20;
/** How long a receive may wait when there is nothing to tell: bounds how late it is seen that audit waits for us. */
const quietMs = 25;
/** The same when there has been nothing to tell for so long that the host is at rest: each wait that ends costs CPU. */
const restingMs = 100;
const restsAfterMs = 1_000;
/** Whole readings of /proc: at once, and a second. */
const readings = [100, 25] as const;
/**
 * When those are spent, messages are let gather this long before the next receive: a thread that is woken for each of
 * them costs more than they do. A process that has ended by then is where its parent was, and what it executed is
 * told by audit.
 */
const hurriedMs = 4;
/** Messages of different processors may come out of the order of their times, by far less than this. */
const disorderMs = 100;
/** How old the distance between the clocks may be: a step of the wall clock is noticed after this. */
const clocksMs = 100;

class ConnectorStage {
  readonly #data: ConnectorData;
  readonly #shared: SharedState;
  readonly #reader = new ProcReader();
  readonly #memory = new Uint8Array(new ArrayBuffer(batchMessages * connectorMessageBytes));
  readonly #messages = new ConnectorMessages(this.#memory);
  readonly #budget = new ReadingBudget(...readings);
  readonly #connector: ConnectorEvents;
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  #events: (ConnectorEvent | SnapshotEvent | LossEvent)[] = [];
  #offsets: ClockOffsets = { realtimeNs: 0n, boottimeNs: 0n };
  #offsetsUs = Number.NEGATIVE_INFINITY;
  #subscribed = false;
  #ownForkSeen = false;
  #arrivalUs = 0;
  /** Moment of the last message. */
  #toldUs = Number.NEGATIVE_INFINITY;
  #drainedUs = Number.NEGATIVE_INFINITY;
  /** When the first event of the next batch came, and when it was first seen that audit waits for it. */
  #firstUs = 0;
  #askedUs: number | null = null;
  #sentUs = Number.NEGATIVE_INFINITY;

  constructor(data: ConnectorData) {
    this.#data = data;
    this.#shared = new SharedState(data.shared);
    this.#connector = new ConnectorEvents({
      reader: this.#reader,
      budget: this.#budget,
      pidMax: Number(readFileSync('/proc/sys/kernel/pid_max', 'latin1')),
      count: (counter, amount) => this.#shared.add(counter, amount),
      lost: (reason, range) => this.#lost(reason, range),
      event: (event) => this.#add(event),
    });
  }

  /** Subscribes, and reports when the kernel has said yes. Nothing is sent to the writer before the snapshot. */
  subscribe(): void {
    connectorListen(this.#data.fd, true);
  }

  snapshot(auditTellsUs: number | null): void {
    this.#connector.auditTellsUs = auditTellsUs;
    const { realtimeNs, boottimeNs } = readClocks();
    const clock = { bootNs: realtimeNs - boottimeNs, nowNs: () => readClocks().realtimeNs };
    const events = takeSnapshot(this.#reader, clock, this.#data.ownTgid);
    // What came in between was forked during the scan: it is played after it.
    this.#events = [...events, ...this.#events];
    this.#report({ kind: 'snapshot-taken', processes: events.length });
  }

  /** One receive of at most `batchMessages`. Returns whether there may be more. */
  receive(waitMs: number): boolean {
    const beganUs = monotonicUs();
    const received = receiveConnector(this.#data.fd, this.#memory, 0, this.#memory.byteLength, waitMs);
    const nowUs = monotonicUs();
    this.#arrivalUs = nowUs;
    if (received < 0) {
      this.#shared.add('connectorOverruns', 1);
      this.#lost('The connector socket overran: forks, execs and exits were lost.', {});
      return true;
    }
    if (received === 0) {
      // It was empty when the wait began. Who waited knows no more than that: something may come just as it gives up.
      this.#drainedUs = beganUs;
      return false;
    }
    this.#readClocks(nowUs);
    const count = received / connectorMessageBytes;
    if (!this.#subscribed || !this.#ownForkSeen) this.#watchStart(count);
    this.#connector.take(this.#messages, count, this.#offsets, nowUs);
    this.#toldUs = Number(this.#messages.monotonicNs(count - 1)) / 1000;
    return true;
  }

  /** Hands on what there is once the socket is empty, or there is enough. */
  send(): void {
    while (this.#events.length < maxEvents && this.receive(0));
    this.#connector.settle();
    this.#waitForWriter();
    this.#shared.addToOrder('connectorBatchesWaiting', 1);
    const batch = { events: this.#events, arrivalUs: this.#arrivalUs, drainedUs: this.#drainedUs };
    this.#data.toWriter.postMessage(batch satisfies ConnectorMessageToWriter);
    this.#events = [];
    this.#askedUs = null;
    this.#sentUs = monotonicUs();
  }

  /** ms that a receive may wait; 0: the next batch is due. */
  waitMs(): number {
    if (this.#events.length >= maxEvents) return 0;
    const nowUs = monotonicUs();
    if (this.#shared.order('auditBatchesWaiting') > 0) this.#askedUs ??= nowUs;
    else this.#askedUs = null;
    const newsUs = this.#askedUs === null ? Number.POSITIVE_INFINITY : this.#askedUs + newsMs * 1000;
    const dueUs = this.#events.length > 0 ? Math.min(newsUs, this.#firstUs + gatherMs * 1000) : newsUs;
    if (dueUs !== Number.POSITIVE_INFINITY) return Math.min(quietMs, Math.max(0, Math.ceil((dueUs - nowUs) / 1000)));
    return nowUs - this.#sentUs < restsAfterMs * 1000 ? quietMs : restingMs;
  }

  /** While the writer is behind, messages wait in the socket; when that is full the kernel drops and counts them. */
  #waitForWriter(): void {
    for (;;) {
      const waiting = this.#shared.order('connectorBatchesWaiting');
      if (waiting < maxBatchesWaiting || this.#shared.order('abandon') !== 0) return;
      this.#shared.add('connectorWaits', 1);
      this.#shared.waitWhile('connectorBatchesWaiting', waiting, 100);
    }
  }

  /** Lets messages gather, where they come faster than /proc can be read. Returns whether it did. */
  gather(): boolean {
    if (this.#connector.auditTellsUs === null || !this.#budget.spent) return false;
    Atomics.wait(this.#never, 0, 0, hurriedMs);
    return true;
  }

  /**
   * Sends all that was told before now: in a storm much of it may still stand in the socket. On a host that never stops the
   * socket may never be empty, so it ends as well at messages of a later time.
   */
  sendRest(): void {
    const nowUs = monotonicUs();
    do this.send();
    while (this.#drainedUs < nowUs && this.#toldUs < nowUs + disorderMs * 1000 && this.#shared.order('abandon') === 0);
  }

  end(): void {
    this.#data.toWriter.postMessage('end' satisfies ConnectorMessageToWriter);
    this.#data.toWriter.close();
  }

  /** What the supervisor waits for before it goes on. */
  #watchStart(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const what = this.#messages.what(index);
      if (what === processEvent.ack && !this.#subscribed) {
        this.#subscribed = true;
        this.#report({ kind: 'subscribed' });
      }
      const isProcess = this.#messages.data(index, 2) === this.#messages.data(index, 3);
      const isOurs = what === processEvent.fork && this.#messages.data(index, 1) === this.#data.ownTgid;
      if (!isOurs || !isProcess || this.#ownForkSeen) continue;
      this.#ownForkSeen = true;
      this.#report({ kind: 'own-fork-seen' });
    }
  }

  #readClocks(nowUs: number): void {
    if (nowUs - this.#offsetsUs < clocksMs * 1000) return;
    const { realtimeNs, monotonicNs, boottimeNs } = readClocks();
    this.#offsets = { realtimeNs: realtimeNs - monotonicNs, boottimeNs: boottimeNs - monotonicNs };
    this.#offsetsUs = nowUs;
  }

  #lost(reason: string, facts: Partial<LossEvent>): void {
    this.#add(lossEvent(realtimeNs(), { source: 'connector', reason, ...facts }));
  }

  #add(event: ConnectorEvent | LossEvent): void {
    if (this.#events.length === 0) this.#firstUs = this.#arrivalUs;
    this.#events.push(event);
  }

  #report(report: ConnectorReport): void {
    parentPort?.postMessage(report);
  }

  get stopping(): boolean {
    return this.#shared.order('stopConnector') !== 0;
  }
}

/** Before the snapshot messages are only read, so that the socket does not overrun; after it they flow. */
function listen(stage: ConnectorStage): void {
  while (!stage.stopping) {
    const waitMs = stage.waitMs();
    if (waitMs === 0) stage.send();
    else if (stage.receive(waitMs)) while (stage.gather() && stage.receive(0) && stage.waitMs() > 0);
  }
  stage.sendRest();
  stage.end();
}

function start(data: ConnectorData): void {
  const stage = new ConnectorStage(data);
  stage.subscribe();
  const reading = setInterval(() => stage.receive(0), 5);
  parentPort?.once('message', (order: ConnectorOrder) => {
    clearInterval(reading);
    if (order.kind === 'snapshot') stage.snapshot(order.auditTellsUs);
    if (order.kind === 'stop') stage.end();
    else listen(stage);
  });
}

start(workerData as ConnectorData);
