/**
 * Messages of the connector into events, with what /proc says of a process at its fork and at its exec.
 *
 * A reading costs more than all the rest, so as much is read as is needed and no more:
 * - The start of a process that was forked before our eyes follows from the moment of its fork; stat is read where that
 *   moment lies too near to the edge of a clock tick, or a while back.
 * - A host that starts more processes than the budget has readings for is asked less of each: a process that has
 *   executed or ended by the time of the next batch is not looked at for its fork (it is where its parent was), and an
 *   exec that audit tells of as well is looked at for its container and executable alone.
 *
 * Pure but for `reader`: the clock comes with the messages.
 */

import type { BecameEvent, ConnectorEvent, ForkEvent, ProcFacts, SnapshotEvent, TaskUsage } from '../events.ts';
import type { OpenProcess } from '../proc/proc-files.ts';
import { isRuntime, type ProcessReading, type ProcReader } from '../proc/proc-reader.ts';
import { type ConnectorMessages, earlyReading, processEvent, SequenceWatch } from './connector-message.ts';
import type { ReadingBudget } from './reading-budget.ts';

const nanosecondsPerTick = 10_000_000;
/**
 * copy_process (kernel/fork.c) takes the start shortly before it tells the connector, with nothing between that sleeps.
 * A fork that was told this long after the edge of a tick started in that tick.
 */
const sureAfterNs = 1_000_000;
/** A number is given out again when all the others have been: never within this time, where there are this many. */
const soonUs = 10_000;
const manyPids = 32_768;
/** A process that makes many threads is not looked at for each. */
const lookAgainUs = 10_000;
/** Processes that are held open at once. */
const openAtOnce = 64;

/** ns to be added to CLOCK_MONOTONIC. */
export interface ClockOffsets {
  readonly realtimeNs: bigint;
  readonly boottimeNs: bigint;
}

export interface ConnectorEventsOptions {
  readonly reader: Pick<ProcReader, 'open' | 'over'>;
  /** What was read already of the process that a message is of. */
  early(place: number, tgid: number, isExec: boolean): OpenProcess;
  /** What a task had used at its end, which a message tells of. */
  usage(pid: number): TaskUsage | undefined;
  readonly budget: ReadingBudget;
  /** kernel.pid_max. */
  readonly pidMax: number;
  count(counter: 'connectorMessages' | 'connectorMissing' | 'procReadings', amount: number): void;
  lost(reason: string, range: { readonly from: string; readonly to: string; readonly count: number }): void;
  event(event: ConnectorEvent): void;
}

type Pending<Event> = { -readonly [K in keyof Event]: Event[K] };

/** What is known of a process that was forked before our eyes. */
interface Life {
  /** null: to be read. */
  readonly startTicks: number | null;
  /** Its execs are told by audit too. */
  readonly audited: boolean;
  executed: boolean;
  /** What its parent is in a container was read before this one was made: it is the same. */
  readonly inherits: boolean;
  /** What it is in its container was read, or is inherited. */
  inside: boolean;
  /** µs of CLOCK_MONOTONIC. */
  lookedUs: number;
}

interface ExecReading {
  readonly reading: ProcessReading;
  readonly place: ProcFacts;
  readonly whole: boolean;
  readonly life: Life | undefined;
}

export class ConnectorEvents {
  readonly #options: ConnectorEventsOptions;
  readonly #sequence = new SequenceWatch();
  readonly #lives = new Map<number, Life>();
  /** Processes that the snapshot found in containers. */
  #insideBefore: ReadonlySet<number> = new Set();
  /** Forks whose processes were not looked at yet. */
  readonly #putOff = new Map<number, Pending<ForkEvent>>();
  /** By index of the message, for the block at work. */
  readonly #places: (ProcFacts | null)[] = [];
  readonly #execs: (ExecReading | null)[] = [];
  /** Where in the block at work the exit of a process stands. */
  readonly #exits = new Map<number, number>();
  /**
   * Audit tells of every exec of a process that was forked after this moment, µs of CLOCK_MONOTONIC. (Tasks from before
   * audit was first switched on make no records.) null: it may not.
   */
  auditTellsUs: number | null = null;

  constructor(options: ConnectorEventsOptions) {
    this.#options = options;
  }

  /**
   * The place of every process first: one that ends at once must not wait behind another's command line. Then what an
   * exec changed. nowUs: µs of CLOCK_MONOTONIC.
   */
  take(messages: ConnectorMessages, count: number, offsets: ClockOffsets, nowUs: number): void {
    for (let from = 0; from < count; from += openAtOnce) {
      const to = Math.min(from + openAtOnce, count);
      this.#noteExits(messages, from, to);
      for (let index = from; index < to; index += 1) this.#look(messages, index, offsets, nowUs);
      for (let index = from; index < to; index += 1) this.#tell(messages, index, offsets);
    }
    this.#options.count('connectorMessages', count);
  }

  /** What the snapshot has read of processes in containers need not be read of those that they make. */
  knowInside(snapshot: readonly SnapshotEvent[]): void {
    this.#insideBefore = new Set(snapshot.flatMap(({ tgid, proc }) => (proc.containerId == null ? [] : [tgid])));
  }

  /** Looks at what was put off and is still as its fork left it. Call it before the events are handed on. */
  settle(): void {
    for (const [tgid, fork] of this.#putOff) fork.proc = this.#placeIn(this.#options.reader.open(tgid), null);
    this.#putOff.clear();
  }

  /** Whether the start of this process has been told, and its exit has not. */
  knows(tgid: number, startTicks: number): boolean {
    const life = this.#lives.get(tgid);
    return life !== undefined && (life.startTicks === null || Math.abs(life.startTicks - startTicks) <= 1);
  }

  /** Exits of all other processes have been lost. */
  forgetAllBut(alive: ReadonlySet<number>): void {
    for (const tgid of this.#lives.keys()) if (!alive.has(tgid)) this.#lives.delete(tgid);
  }

  #noteExits(messages: ConnectorMessages, from: number, to: number): void {
    this.#exits.clear();
    for (let index = from; index < to; index += 1) {
      if (messages.what(index) !== processEvent.exit) continue;
      const tgid = messages.data(index, 1);
      if (messages.data(index, 0) === tgid) this.#exits.set(tgid, index);
    }
  }

  #look(messages: ConnectorMessages, index: number, offsets: ClockOffsets, nowUs: number): void {
    const slot = index % openAtOnce;
    this.#places[slot] = null;
    this.#execs[slot] = null;
    const what = messages.what(index);
    if (what === processEvent.exec) this.#execs[slot] = this.#lookAtExec(messages, index, nowUs);
    else if (what === processEvent.fork) this.#places[slot] = this.#lookAtFork(messages, index, offsets, nowUs);
    else if (what === processEvent.exit && messages.data(index, 0) === messages.data(index, 1)) {
      this.#lives.delete(messages.data(index, 1));
      this.#putOff.delete(messages.data(index, 1));
    }
  }

  /**
   * A process of a container runtime is moved into its container between its fork and its exec: threads that it starts
   * meanwhile are occasions to look again.
   */
  #lookAtFork(messages: ConnectorMessages, index: number, offsets: ClockOffsets, nowUs: number): ProcFacts | null {
    const pid = messages.data(index, 2);
    const tgid = messages.data(index, 3);
    if (pid !== tgid) {
      const life = this.#lives.get(tgid);
      if (life === undefined || life.executed || nowUs - life.lookedUs < lookAgainUs) return null;
      life.lookedUs = nowUs;
      return this.#placeIn(this.#open(messages, index, tgid), this.#knownStart(life, messages, index, nowUs));
    }
    const bootNs = bootNsOf(messages, index, offsets);
    const isSure = bootNs % nanosecondsPerTick >= sureAfterNs;
    const startTicks = isSure ? ticksAt(bootNs) : null;
    const audited = this.auditTellsUs !== null && Number(messages.monotonicNs(index)) / 1000 > this.auditTellsUs;
    const parent = messages.data(index, 1);
    const inside = this.#lives.get(parent)?.inside ?? this.#insideBefore.has(parent);
    const life = { startTicks, audited, executed: false, inherits: inside, inside, lookedUs: nowUs };
    this.#lives.set(tgid, life);
    // Where the start is not sure, the process is looked at now: the event must have it.
    if (isSure && !this.#options.budget.take(nowUs)) return null;
    return this.#placeIn(this.#open(messages, index, tgid), this.#knownStart(life, messages, index, nowUs));
  }

  #lookAtExec(messages: ConnectorMessages, index: number, nowUs: number): ExecReading | null {
    const tgid = messages.data(index, 1);
    this.#putOff.delete(tgid);
    const life = this.#lives.get(tgid);
    if (life !== undefined) life.executed = true;
    const whole = life === undefined || !life.audited || this.#options.budget.take(nowUs);
    // It has ended since: with readings to spare it is tried all the same, for it may not have been waited for yet.
    if (!whole && (this.#exits.get(tgid) ?? -1) > index) return null;
    this.#options.count('procReadings', 1);
    const reading = this.#open(messages, index, tgid);
    if (reading === null) return null;
    // What is read whole has stat in it.
    const place = reading.place(whole || life === undefined ? null : this.#knownStart(life, messages, index, nowUs));
    if (place !== null) return { reading, place, whole, life };
    reading.close();
    return null;
  }

  #open(messages: ConnectorMessages, index: number, tgid: number): ProcessReading | null {
    const place = messages.reading(index);
    if (place === earlyReading.noProcess) return null;
    if (place === earlyReading.notMade) return this.#options.reader.open(tgid);
    const early = this.#options.early(place, tgid, messages.what(index) === processEvent.exec);
    return this.#options.reader.over(tgid, early);
  }

  #placeIn(reading: ProcessReading | null, startTicks: number | null): ProcFacts | null {
    this.#options.count('procReadings', 1);
    if (reading === null) return null;
    try {
      return reading.place(startTicks);
    } finally {
      reading.close();
    }
  }

  /** The start of the process that has this number now, where it can be no other than the one the message is of. */
  #knownStart(life: Life, messages: ConnectorMessages, index: number, nowUs: number): number | null {
    if (this.#options.pidMax < manyPids) return null;
    return nowUs - Number(messages.monotonicNs(index)) / 1000 <= soonUs ? life.startTicks : null;
  }

  #tell(messages: ConnectorMessages, index: number, offsets: ClockOffsets): void {
    const cpu = messages.cpu(index);
    const seq = messages.seq(index);
    const gap = this.#sequence.next(cpu, seq);
    if (gap !== null) {
      this.#options.count('connectorMissing', gap.count);
      const range = { from: `${cpu}:${gap.from}`, to: `${cpu}:${gap.to}`, count: gap.count };
      this.#options.lost(`${gap.count} connector message(s) of CPU ${cpu} never came.`, range);
    }
    const what = messages.what(index);
    if (what === processEvent.fork) this.#tellFork(messages, index, offsets);
    else if (what === processEvent.exec) this.#tellExec(messages, index, offsets);
    else if (what === processEvent.exit) {
      const monotonicNs = messages.monotonicNs(index);
      const timeNs = monotonicNs + offsets.realtimeNs;
      const pid = messages.data(index, 0);
      const tgid = messages.data(index, 1);
      const status = messages.data(index, 2);
      const usage = this.#options.usage(pid);
      const exit = { kind: 'exit', cpu, seq, monotonicNs, timeNs, pid, tgid, status } as const;
      this.#options.event(usage === undefined ? exit : { ...exit, usage });
    }
  }

  #tellFork(messages: ConnectorMessages, index: number, offsets: ClockOffsets): void {
    const monotonicNs = messages.monotonicNs(index);
    const event: Pending<ForkEvent> = {
      kind: 'fork',
      cpu: messages.cpu(index),
      seq: messages.seq(index),
      monotonicNs,
      timeNs: monotonicNs + offsets.realtimeNs,
      parentPid: messages.data(index, 0),
      parentTgid: messages.data(index, 1),
      pid: messages.data(index, 2),
      tgid: messages.data(index, 3),
      ticks: ticksAt(bootNsOf(messages, index, offsets)),
      proc: this.#places[index % openAtOnce] ?? null,
    };
    this.#options.event(event);
    // Its exec or exit may stand behind it in the same block, and have been looked at already.
    const life = event.pid === event.tgid ? this.#lives.get(event.tgid) : undefined;
    if (event.proc === null && life !== undefined && !life.executed) this.#putOff.set(event.tgid, event);
  }

  #tellExec(messages: ConnectorMessages, index: number, offsets: ClockOffsets): void {
    const monotonicNs = messages.monotonicNs(index);
    const facts = this.#factsOfExec(index);
    // A process that began after the exec has its number since.
    const isLater = facts !== null && facts.startTicks > ticksAt(bootNsOf(messages, index, offsets)) + 1;
    const event: BecameEvent = {
      kind: 'became',
      cpu: messages.cpu(index),
      seq: messages.seq(index),
      monotonicNs,
      timeNs: monotonicNs + offsets.realtimeNs,
      pid: messages.data(index, 0),
      tgid: messages.data(index, 1),
      proc: isLater ? null : facts,
    };
    this.#options.event(event);
  }

  #factsOfExec(index: number): ProcFacts | null {
    const exec = this.#execs[index % openAtOnce] ?? null;
    if (exec === null) return null;
    this.#execs[index % openAtOnce] = null;
    try {
      const { reading, place, life } = exec;
      const facts = exec.whole ? reading.program(place) : reading.executable(place, life?.inherits === false);
      // A runtime is on its way into the container.
      if (life?.inherits === false) life.inside = facts.namespaces !== undefined && !isRuntime(facts);
      return facts;
    } finally {
      exec.reading.close();
    }
  }
}

/** A double holds it exactly for 104 days, and to within a few ns for ever: finer than the margin it is used with. */
function bootNsOf(messages: ConnectorMessages, index: number, offsets: ClockOffsets): number {
  return Number(messages.monotonicNs(index) + offsets.boottimeNs);
}

function ticksAt(bootNs: number): number {
  return Math.floor(bootNs / nanosecondsPerTick);
}
