/** Stage 3: the proc connector, and the look into /proc at the moment of each fork and exec. */

import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { connectorListen, connectorMessageBytes, readClocks, receiveConnector, waitForMessages } from '@godo/native';
import type { ConnectorEvent, LossEvent, SnapshotEvent } from '../events.ts';
import { monotonicUs, realtimeNs } from '../kernel/host.ts';
import { lossEvent } from '../loss-event.ts';
import { realProc } from '../proc/proc-files.ts';
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
 * How long events are gathered for one batch where nobody asks for them: whom a batch wakes costs more than the batch.
 * The writer asks when audit events wait for what came before them. While messages keep coming it is answered after
 * `newsMs`, or else at once.
 */
const gatherMs = 250;
const newsMs = 20;
/** Whoever orders something wakes us: this only bounds what a wake that went astray could do. */
const restMs = 5_000;
/** Whole readings of /proc: at once, and a second. */
const readings = [100, 8] as const;
/**
 * When those are spent, messages are let gather this long before the next receive: a thread that is woken for each of
 * them costs more than they do. A process that has ended by then is where its parent was, and what it executed is
 * told by audit.
 */
const hurriedMs = 8;
const manyMessages = 4;
/** Messages of different processors may come out of the order of their times, by far less than this. */
const disorderMs = 100;
/** How long messages are read at a time before the snapshot: orders must get their turn. */
const aheadMs = 20;
/** How old the distance between the clocks may be: a step of the wall clock is noticed after this. */
const clocksMs = 100;

const never = Number.POSITIVE_INFINITY;

class ConnectorStage {
  readonly #data: ConnectorData;
  readonly #shared: SharedState;
  readonly #reader: ProcReader;
  readonly #memory = new Uint8Array(new ArrayBuffer(batchMessages * connectorMessageBytes));
  readonly #messages = new ConnectorMessages(this.#memory);
  readonly #budget = new ReadingBudget(...readings);
  readonly #connector: ConnectorEvents;
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  /** As the supervisor has set it: what is read before the snapshot is sent after it. */
  #holds = true;
  #flows = false;
  #events: (ConnectorEvent | SnapshotEvent | LossEvent)[] = [];
  #offsets: ClockOffsets = { realtimeNs: 0n, boottimeNs: 0n };
  #offsetsUs = Number.NEGATIVE_INFINITY;
  #subscribed = false;
  #ownForkSeen = false;
  #arrivalUs = 0;
  #drainedUs = Number.NEGATIVE_INFINITY;
  /** When the first event of the next batch came, and when it was first seen that audit waits for it. */
  #firstUs = 0;
  #askedUs: number | null = null;

  constructor(data: ConnectorData) {
    this.#data = data;
    this.#shared = new SharedState(data.shared);
    this.#reader = new ProcReader(realProc, { envNames: data.envNames });
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
    this.#connector.knowInside(events);
    // What came in between was forked during the scan: it is played after it.
    this.#events = [...events, ...this.#events];
    this.#flows = true;
    this.#report({ kind: 'snapshot-taken', processes: events.length });
  }

  /** One receive of what is there. Returns how many messages came: fewer than `batchMessages`, and there are no more. */
  receive(): number {
    this.#hold(true);
    const beganUs = monotonicUs();
    const received = receiveConnector(this.#data.fd, this.#memory, 0, this.#memory.byteLength, 0);
    if (received === 0) {
      this.#drainedUs = beganUs;
      this.#holdNothing();
      return 0;
    }
    const nowUs = monotonicUs();
    this.#arrivalUs = nowUs;
    if (received < 0) {
      this.#shared.add('connectorOverruns', 1);
      this.#lost('The connector socket overran: forks, execs and exits were lost.', {});
      return batchMessages;
    }
    this.#readClocks(nowUs);
    const count = received / connectorMessageBytes;
    if (!this.#subscribed || !this.#ownForkSeen) this.#watchStart(count);
    this.#connector.take(this.#messages, count, this.#offsets, nowUs);
    const toldUs = Number(this.#messages.monotonicNs(count - 1)) / 1000;
    // In a storm the socket may not be empty for seconds, and audit must not wait for the end of it.
    this.#drainedUs = Math.max(this.#drainedUs, toldUs - disorderMs * 1000);
    this.#holdNothing();
    return count;
  }

  /** Hands on what there is once the socket is empty, or there is enough. */
  send(): void {
    // Whoever asks from here on may not be content with this batch.
    this.#shared.setOrder('wantConnectorNews', 0);
    while (this.#events.length < maxEvents && this.receive() > 0);
    this.#connector.settle();
    this.#waitForWriter();
    this.#shared.addToOrder('connectorBatchesWaiting', 1);
    const batch = { events: this.#events, arrivalUs: this.#arrivalUs, drainedUs: this.#drainedUs };
    this.#data.toWriter.postMessage(batch satisfies ConnectorMessageToWriter);
    this.#events = [];
    this.#hold(false);
    this.#askedUs = null;
  }

  /** ms that may be waited for messages; 0: the next batch is due. */
  waitMs(): number {
    if (this.#events.length >= maxEvents) return 0;
    const nowUs = monotonicUs();
    if (this.#shared.order('wantConnectorNews') > 0) this.#askedUs ??= nowUs;
    else this.#askedUs = null;
    const dueUs = Math.min(this.#newsUs(), this.#events.length > 0 ? this.#firstUs + gatherMs * 1000 : never);
    return dueUs === never ? restMs : Math.max(0, Math.ceil((dueUs - nowUs) / 1000));
  }

  /** When the writer that asked is answered, µs of CLOCK_MONOTONIC. */
  #newsUs(): number {
    if (this.#askedUs === null) return never;
    const moreComes = this.#askedUs - this.#arrivalUs < newsMs * 1000;
    return moreComes ? this.#askedUs + newsMs * 1000 : this.#askedUs;
  }

  /** Waits until a message comes, or somebody wakes us. */
  wait(ms: number): boolean {
    return waitForMessages(this.#data.fd, ms);
  }

  /** Most kinds of messages make no event. */
  #holdNothing(): void {
    if (this.#events.length === 0 && this.#flows) this.#hold(false);
  }

  /** See shared-state.ts. */
  #hold(held: boolean): void {
    if (held === this.#holds) return;
    this.#holds = held;
    this.#shared.setOrder('connectorHolds', held ? 1 : 0);
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

  /** Receives what is there; where messages come faster than /proc can be read, what comes in a moment, and so on. */
  take(): void {
    if (!this.#hurries) this.receive();
    let received = manyMessages;
    // The first may have spent the readings. Who finds few after a while need not be awake for the next ones.
    while (this.#hurries && received >= manyMessages && this.waitMs() > 0) {
      Atomics.wait(this.#never, 0, 0, hurriedMs);
      received = this.receive();
    }
  }

  get #hurries(): boolean {
    return this.#connector.auditTellsUs !== null && this.#budget.spent;
  }

  /** Sends all that was told before now: in a storm much of it may still stand in the socket. */
  sendRest(): void {
    const nowUs = monotonicUs();
    do this.send();
    while (this.#drainedUs < nowUs && this.#shared.order('abandon') === 0);
  }

  /** Before the snapshot messages are only read, so that the socket does not overrun. */
  readAhead(): void {
    const endMs = performance.now() + aheadMs;
    while (this.receive() === batchMessages && performance.now() < endMs);
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
    else if (stage.wait(waitMs)) stage.take();
  }
  stage.sendRest();
  stage.end();
}

function start(data: ConnectorData): void {
  const stage = new ConnectorStage(data);
  stage.subscribe();
  const reading = setInterval(() => stage.readAhead(), 5);
  parentPort?.once('message', (order: ConnectorOrder) => {
    clearInterval(reading);
    if (order.kind === 'snapshot') stage.snapshot(order.auditTellsUs);
    if (order.kind === 'stop') stage.end();
    else listen(stage);
  });
}

start(workerData as ConnectorData);
