/** Stage 3: the proc connector, and the look into /proc at the moment of each fork and exec. */

import { parentPort, workerData } from 'node:worker_threads';
import { connectorListen, connectorMessageBytes, readClocks, receiveConnector } from '@godo/native';
import type { ConnectorEvent, LossEvent, ProcFacts, SnapshotEvent } from '../events.ts';
import { monotonicUs, realtimeNs } from '../kernel/host.ts';
import { lossEvent } from '../loss-event.ts';
import { ProcReader } from '../proc/proc-reader.ts';
import { takeSnapshot } from '../proc/snapshot.ts';
import { type ConnectorMessage, decodeMessage, originOf, processEvent, SequenceWatch } from './connector-message.ts';
import type { ConnectorData, ConnectorMessageToWriter, ConnectorOrder, ConnectorReport } from './messages.ts';
import { SharedState } from './shared-state.ts';

const batchMessages = 256;
/** How long a receive may wait, which is how long audit events wait for the connector when it is quiet. */
const receiveMs = 25;
/** Batches that may wait in the writer. */
const maxBatchesWaiting = 64;
const nanosecondsPerTick = 10_000_000n;

class ConnectorStage {
  readonly #data: ConnectorData;
  readonly #shared: SharedState;
  readonly #reader = new ProcReader();
  readonly #sequence = new SequenceWatch();
  readonly #memory = new Uint8Array(new ArrayBuffer(batchMessages * connectorMessageBytes));
  readonly #view = new DataView(this.#memory.buffer);
  /** Processes that have not executed anything since their fork. */
  readonly #unexecuted = new Set<number>();
  #events: (ConnectorEvent | SnapshotEvent | LossEvent)[] = [];
  #clocks = readClocks();
  #subscribed = false;
  #ownForkSeen = false;

  constructor(data: ConnectorData) {
    this.#data = data;
    this.#shared = new SharedState(data.shared);
  }

  /** Subscribes, and reports when the kernel has said yes. Nothing is sent to the writer before the snapshot. */
  subscribe(): void {
    connectorListen(this.#data.fd, true);
  }

  snapshot(): void {
    const { realtimeNs, boottimeNs } = readClocks();
    const clock = { bootNs: realtimeNs - boottimeNs, nowNs: () => readClocks().realtimeNs };
    const events = takeSnapshot(this.#reader, clock, this.#data.ownTgid);
    // What came in between was forked during the scan: it is played after it.
    this.#events = [...events, ...this.#events];
    this.#report({ kind: 'snapshot-taken', processes: events.length });
  }

  /** One turn: at most `batchMessages`. Returns whether the socket was found empty. */
  turn(waitMs: number): boolean {
    const beganUs = monotonicUs();
    const received = receiveConnector(this.#data.fd, this.#memory, 0, this.#memory.byteLength, waitMs);
    if (received < 0) {
      this.#shared.add('connectorOverruns', 1);
      this.#lost('The connector socket overran: forks, execs and exits were lost.', {});
      return false;
    }
    this.#clocks = readClocks();
    this.#takeAll(received);
    this.#arrivalUs = Number(this.#clocks.monotonicNs) / 1000;
    if (received > 0) return false;
    // A receive that waited says less: something may have come just as it gave up.
    if (waitMs === 0) this.#drainedUs = beganUs;
    return true;
  }

  #arrivalUs = 0;
  #drainedUs = Number.NEGATIVE_INFINITY;
  #sentDrainedUs = Number.NEGATIVE_INFINITY;

  /** Sends what there is; an empty batch only when audit events wait for the news that there is nothing. */
  send(): void {
    const waiting = this.#shared.order('auditBatchesWaiting') > 0 && this.#drainedUs > this.#sentDrainedUs;
    if (this.#events.length === 0 && !waiting) return;
    this.#waitForWriter();
    this.#shared.addToOrder('connectorBatchesWaiting', 1);
    const batch = { events: this.#events, arrivalUs: this.#arrivalUs, drainedUs: this.#drainedUs };
    this.#data.toWriter.postMessage(batch satisfies ConnectorMessageToWriter);
    this.#sentDrainedUs = this.#drainedUs;
    this.#events = [];
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

  get pending(): number {
    return this.#events.length;
  }

  end(): void {
    this.#data.toWriter.postMessage('end' satisfies ConnectorMessageToWriter);
    this.#data.toWriter.close();
  }

  /**
   * The place of every process first: one that ends at once must not wait behind another's command line. Then what an
   * exec changed.
   */
  #takeAll(bytes: number): void {
    const messages: ConnectorMessage[] = [];
    for (let offset = 0; offset < bytes; offset += connectorMessageBytes)
      messages.push(decodeMessage(this.#view, offset));
    const places = messages.map((message) => this.#place(message));
    for (const [index, message] of messages.entries()) this.#take(message, places[index] ?? null);
  }

  /**
   * What cannot wait. A process of a container runtime is moved into its container between its fork and its exec:
   * threads that it starts meanwhile are occasions to look again.
   */
  #place(message: ConnectorMessage): ProcFacts | null {
    const [first, second, third, fourth] = message.data;
    if (message.what === processEvent.exec) {
      this.#unexecuted.delete(second);
      return this.#read(second);
    }
    if (message.what === processEvent.exit) {
      if (first === second) this.#unexecuted.delete(second);
      return null;
    }
    if (message.what !== processEvent.fork) return null;
    if (third === fourth) this.#unexecuted.add(fourth);
    else if (!this.#unexecuted.has(fourth)) return null;
    return this.#read(fourth);
  }

  #read(pid: number): ProcFacts | null {
    this.#shared.add('procReadings', 1);
    return this.#reader.placeFacts(pid);
  }

  #take(message: ConnectorMessage, place: ProcFacts | null): void {
    this.#shared.add('connectorMessages', 1);
    const gap = this.#sequence.next(message.cpu, message.seq);
    if (gap !== null) {
      this.#shared.add('connectorMissing', gap.count);
      const range = { from: `${gap.cpu}:${gap.from}`, to: `${gap.cpu}:${gap.to}`, count: gap.count };
      this.#lost(`${gap.count} connector message(s) of CPU ${gap.cpu} never came.`, range);
    }
    const origin = originOf(message, message.monotonicNs + this.#clocks.realtimeNs - this.#clocks.monotonicNs);
    const [first, second, third, fourth] = message.data;
    if (message.what === processEvent.ack && !this.#subscribed) {
      this.#subscribed = true;
      this.#report({ kind: 'subscribed' });
    } else if (message.what === processEvent.fork) {
      if (second === this.#data.ownTgid && !this.#ownForkSeen && fourth === third) {
        this.#ownForkSeen = true;
        this.#report({ kind: 'own-fork-seen' });
      }
      const bootNs = message.monotonicNs + this.#clocks.boottimeNs - this.#clocks.monotonicNs;
      const ticks = Number(bootNs / nanosecondsPerTick);
      const parent = { parentPid: first, parentTgid: second };
      this.#events.push({ kind: 'fork', ...origin, ...parent, pid: third, tgid: fourth, ticks, proc: place });
    } else if (message.what === processEvent.exec) {
      const proc = place === null ? null : this.#reader.execFacts(second, place);
      this.#events.push({ kind: 'became', ...origin, pid: first, tgid: second, proc });
    } else if (message.what === processEvent.exit) {
      this.#events.push({ kind: 'exit', ...origin, pid: first, tgid: second, status: third });
    }
  }

  #lost(reason: string, facts: Partial<LossEvent>): void {
    this.#events.push(lossEvent(realtimeNs(), { source: 'connector', reason, ...facts }));
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
  for (;;) {
    while (!stage.turn(0)) if (stage.pending >= batchMessages) stage.send();
    stage.send();
    if (stage.stopping) break;
    stage.turn(receiveMs);
  }
  stage.end();
}

function start(data: ConnectorData): void {
  const stage = new ConnectorStage(data);
  stage.subscribe();
  const reading = setInterval(() => stage.turn(0), 5);
  parentPort?.once('message', (order: ConnectorOrder) => {
    clearInterval(reading);
    if (order.kind === 'snapshot') stage.snapshot();
    if (order.kind === 'stop') stage.end();
    else listen(stage);
  });
}

start(workerData as ConnectorData);
