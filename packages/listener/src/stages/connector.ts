/** Stage 3: the proc connector, and the look into /proc at the moment of each fork and exec. */

import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import {
  connectorListen,
  connectorMessageBytes,
  gatherConnector,
  readClocks,
  receiveConnector,
  receiveTaskStatistics,
  waitForMessages,
} from '@godo/native';
import type { ConnectorEvent, ContainerRoot, LossEvent, MountsEvent, RescanEvent, SnapshotEvent } from '../events.ts';
import { monotonicUs, realtimeNs } from '../kernel/host.ts';
import { lossEvent } from '../loss-event.ts';
import { EarlyReading } from '../proc/early-reading.ts';
import { endedTexts, KnownGroups } from '../proc/known-groups.ts';
import { procPart, realProc, textIn } from '../proc/proc-files.ts';
import { ProcReader, type ProcWatch } from '../proc/proc-reader.ts';
import { runtimes } from '../proc/runtime-command.ts';
import { type BootClock, takeRescan, takeSnapshot } from '../proc/snapshot.ts';
import { type ClockOffsets, ConnectorEvents } from './connector-events.ts';
import { ConnectorMessages, earlyReading, processEvent } from './connector-message.ts';
import type { ConnectorData, ConnectorMessageToWriter, ConnectorOrder, ConnectorReport } from './messages.ts';
import { ReadingBudget } from './reading-budget.ts';
import { SharedState } from './shared-state.ts';
import { TaskUsages } from './task-usages.ts';

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
const gatherMs = 750;
const newsMs = 20;
/** Whoever orders something wakes us: this only bounds what a wake that went astray could do. */
const restMs = 5_000;
/** Whole readings of /proc: at once, and a second. */
const readings = [100, 40] as const;
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
/** When /proc is looked through after a loss: more may be lost in the same moment, and a look costs as much as the first. */
const rescanAfterMs = 100;
const rescanPauseMs = 5_000;
/** How old the distance between the clocks may be: a step of the wall clock is noticed after this. */
const clocksMs = 100;

/** Messages that are gathered at most, and bytes of what is read for them: a command line may have many. */
const gatheredMessages = 256;
const readingsBytes = 256 * 1024;
/** What `ProcessReading` asks for at a fork, and at an exec. */
const forkParts = procPart.stat | procPart.cgroup;
const execParts = forkParts | procPart.cmdline | procPart.exe | procPart.cwd | procPart.root;
const mostKnownGroups = 32;
const promptPrograms = endedTexts([...runtimes]);

const statisticsOverran = {
  severity: 'warning',
  source: 'task-statistics',
  reason: 'The socket of task statistics overran: of some processes it is not told what CPU time and memory they used.',
} as const;

const never = Number.POSITIVE_INFINITY;

type SnapshotOrder = Extract<ConnectorOrder, { kind: 'snapshot' }>;

class ConnectorStage {
  readonly #data: ConnectorData;
  readonly #shared: SharedState;
  readonly #reader: ProcReader;
  readonly #memory = new Uint8Array(new ArrayBuffer(batchMessages * connectorMessageBytes));
  readonly #messages = new ConnectorMessages(this.#memory);
  readonly #gathered = new Uint8Array(new ArrayBuffer(gatheredMessages * connectorMessageBytes));
  readonly #readings = Buffer.from(new ArrayBuffer(readingsBytes));
  /** 1 for an overrun; how many processes were looked at; 1 for an unknown group: see gatherConnector. */
  readonly #told = new Float64Array(3);
  readonly #groups = new KnownGroups(mostKnownGroups);
  readonly #budget = new ReadingBudget(...readings);
  readonly #connector: ConnectorEvents;
  /** null: the kernel does not tell. */
  #usages: TaskUsages | null = null;
  /** Exits have been lost: what waits of usage may be of others than those whose exit is told. */
  #usagesMixed = false;
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  /** As the supervisor has set it: what is read before the snapshot is sent after it. */
  #holds = true;
  #flows = false;
  #events: (ConnectorEvent | SnapshotEvent | RescanEvent | MountsEvent | LossEvent)[] = [];
  #offsets: ClockOffsets = { realtimeNs: 0n, boottimeNs: 0n };
  #offsetsUs = Number.NEGATIVE_INFINITY;
  #subscribed = false;
  #eventSeen = false;
  #arrivalUs = 0;
  /** Of the message that came last, epoch ns. */
  #toldNs = realtimeNs();
  #drainedUs = Number.NEGATIVE_INFINITY;
  /** When the first event of the next batch came, and when it was first seen that audit waits for it. */
  #firstUs = 0;
  #askedUs: number | null = null;
  /** Start ticks of the processes that a look through /proc has shown, by tgid. */
  #scanned = new Map<number, number>();
  /** Something was lost after this moment, epoch ns, that no look through /proc has made up for. */
  #lostSinceNs: bigint | null = null;
  #rescanDueUs = never;
  #rescannedUs = Number.NEGATIVE_INFINITY;

  constructor(data: ConnectorData) {
    this.#data = data;
    this.#shared = new SharedState(data.shared);
    const watch: ProcWatch = {
      container: (container) => this.#report({ kind: 'container', container }),
      engine: (engine) => this.#report({ kind: 'engine', engine }),
      mounts: (table) => this.#add({ kind: 'mounts', timeNs: realtimeNs(), ...table }),
    };
    this.#reader = new ProcReader(realProc, watch, { envNames: data.envNames });
    this.#connector = new ConnectorEvents({
      reader: this.#reader,
      early: (place, tgid, isExec) =>
        new EarlyReading(this.#readings, place, isExec ? execParts : forkParts, realProc, tgid),
      usage: (pid) => (this.#usagesMixed ? undefined : this.#usages?.take(pid)),
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

  snapshot({ auditTellsUs, statisticsFd }: SnapshotOrder): void {
    if (statisticsFd !== null) {
      this.#usages = new TaskUsages({
        receive: (memory) => receiveTaskStatistics(statisticsFd, memory),
        overran: () => this.#add(lossEvent(realtimeNs(), statisticsOverran)),
      });
    }
    this.#connector.auditTellsUs = auditTellsUs;
    this.#reader.learnContainers();
    const ofHost = this.#reader.hostMounts();
    if (ofHost !== null) this.#add({ kind: 'mounts', timeNs: realtimeNs(), ...ofHost });
    const events = takeSnapshot(this.#reader, bootClock(), this.#data.ownTgid);
    this.#noteScanned(events);
    this.#reportRoots(events);
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
      this.#endMixing();
      this.#holdNothing();
      return 0;
    }
    const nowUs = monotonicUs();
    this.#arrivalUs = nowUs;
    if (received < 0) {
      this.#overrun();
      return batchMessages;
    }
    this.#readClocks(nowUs);
    const count = received / connectorMessageBytes;
    if (!this.#subscribed || !this.#eventSeen) this.#watchStart(count);
    this.#connector.take(this.#messages, count, this.#offsets, nowUs);
    this.#noteTold(this.#messages.monotonicNs(count - 1));
    this.#holdNothing();
    return count;
  }

  /**
   * The same for what comes until the next batch is due, with what /proc said of it when it came: the addon is woken by
   * each message, and this thread, whose wakes cost several times more, by none.
   */
  #gather(ms: number): void {
    this.#hold(true);
    const gathering = {
      forkParts,
      execParts,
      mostReadings: this.#budget.left(monotonicUs()),
      knownGroups: this.#groups.bytes,
      promptPrograms,
    };
    const bytes = gatherConnector(this.#data.fd, this.#gathered, this.#readings, gathering, ms, this.#told);
    this.#readClocks(monotonicUs());
    for (let from = 0; from < bytes; ) from = this.#takeReceive(from, bytes);
    if (this.#told[0] === 1) {
      this.#arrivalUs = monotonicUs();
      this.#overrun();
    }
    this.#holdNothing();
  }

  /** The messages that one receive brought, from `from` on. Returns where those of the next begin. */
  #takeReceive(from: number, end: number): number {
    const rest = new ConnectorMessages(this.#gathered.subarray(from, end));
    const most = (end - from) / connectorMessageBytes;
    let count = 1;
    while (count < most && rest.arrivalNs(count) === rest.arrivalNs(0)) count += 1;
    this.#arrivalUs = Number(rest.arrivalNs(0)) / 1000;
    this.#connector.take(rest, count, this.#offsets, this.#arrivalUs);
    if (this.#told[2] === 1) this.#learnGroups(rest, count);
    this.#noteTold(rest.monotonicNs(count - 1));
    return from + count * connectorMessageBytes;
  }

  /** In a storm the socket may not be empty for seconds, and audit must not wait for the end of it. */
  #noteTold(monotonicNs: bigint): void {
    this.#toldNs = monotonicNs + this.#offsets.realtimeNs;
    this.#drainedUs = Math.max(this.#drainedUs, Number(monotonicNs) / 1000 - disorderMs * 1000);
  }

  #learnGroups(messages: ConnectorMessages, count: number): void {
    for (let index = 0; index < count; index += 1) {
      const place = messages.reading(index);
      if (place <= earlyReading.noProcess) continue;
      const group = textIn(this.#readings, place, procPart.cgroup);
      if (group !== null && this.#reader.isPlace(group)) this.#groups.add(group);
    }
  }

  /**
   * Looks through /proc again where messages were lost. What was told meanwhile goes first, for of that nothing need be
   * concluded.
   */
  rescanIfDue(): void {
    const nowUs = monotonicUs();
    if (nowUs < this.#rescanDueUs) return;
    const sinceNs = this.#lostSinceNs ?? 0n;
    this.#lostSinceNs = null;
    this.#rescanDueUs = never;
    this.#rescannedUs = nowUs;
    const isKnown = (tgid: number, startTicks: number) =>
      this.#scanned.get(tgid) === startTicks || this.#connector.knows(tgid, startTicks);
    const { snapshots, alive, beganNs } = takeRescan(this.#reader, bootClock(), this.#data.ownTgid, isKnown);
    const [endUs, timeNs] = [monotonicUs(), realtimeNs()];
    while (this.#drainedUs < endUs && this.#shared.order('abandon') === 0) this.receive();
    this.#hold(true);
    if (this.#events.length === 0) this.#firstUs = endUs;
    this.#events.push(...snapshots, { kind: 'rescan', timeNs, beganNs, sinceNs, alive });
    this.#noteScanned(snapshots);
    this.#connector.forgetAllBut(new Set(alive));
  }

  /** All exits that were told have been taken: what waits is of those that were lost. */
  #endMixing(): void {
    if (this.#usagesMixed) this.#usages?.forget();
    this.#usagesMixed = false;
  }

  #reportRoots(events: readonly SnapshotEvent[]): void {
    const roots = new Map<string, ContainerRoot>();
    for (const { proc } of events) {
      const { containerId, rootfs, rootDev } = proc;
      if (containerId == null || rootfs === undefined || rootDev === undefined) continue;
      roots.set(containerId, { containerId, rootfs, dev: rootDev });
    }
    for (const root of roots.values()) this.#report({ kind: 'root', root });
  }

  #noteScanned(events: readonly SnapshotEvent[]): void {
    this.#scanned = new Map(events.map(({ tgid, proc }) => [tgid, proc.startTicks]));
  }

  #overrun(): void {
    this.#shared.add('connectorOverruns', 1);
    this.#lost('The connector socket overran: forks, execs and exits were lost.', {});
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
    const batchUs = this.#events.length > 0 ? this.#firstUs + gatherMs * 1000 : never;
    const dueUs = Math.min(this.#newsUs(), batchUs, this.#rescanDueUs);
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
    if (!this.#hurries) this.#gather(Math.min(this.waitMs(), gatherMs));
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
      if (what !== processEvent.ack) {
        if (!this.#subscribed || this.#eventSeen) continue;
        this.#eventSeen = true;
        this.#report({ kind: 'event-seen' });
      } else if (!this.#subscribed) {
        this.#subscribed = true;
        this.#report({ kind: 'subscribed' });
      }
    }
  }

  #readClocks(nowUs: number): void {
    if (nowUs - this.#offsetsUs < clocksMs * 1000) return;
    const { realtimeNs, monotonicNs, boottimeNs } = readClocks();
    this.#offsets = { realtimeNs: realtimeNs - monotonicNs, boottimeNs: boottimeNs - monotonicNs };
    this.#offsetsUs = nowUs;
  }

  #lost(reason: string, facts: Partial<LossEvent>): void {
    this.#add(lossEvent(realtimeNs(), { source: 'connector', unit: 'messages', reason, ...facts }));
    this.#usagesMixed = true;
    if (this.#lostSinceNs !== null) return;
    this.#lostSinceNs = this.#toldNs;
    const afterUs = monotonicUs() + rescanAfterMs * 1000;
    this.#rescanDueUs = Math.max(afterUs, this.#rescannedUs + rescanPauseMs * 1000);
  }

  #add(event: ConnectorEvent | MountsEvent | LossEvent): void {
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

function bootClock(): BootClock {
  const { realtimeNs, boottimeNs } = readClocks();
  return { bootNs: realtimeNs - boottimeNs, nowNs: () => readClocks().realtimeNs };
}

/** Before the snapshot messages are only read, so that the socket does not overrun; after it they flow. */
function listen(stage: ConnectorStage): void {
  while (!stage.stopping) {
    stage.rescanIfDue();
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
    if (order.kind === 'snapshot') stage.snapshot(order);
    if (order.kind === 'stop') stage.end();
    else listen(stage);
  });
}

start(workerData as ConnectorData);
