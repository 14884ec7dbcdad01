import type { TaskObservation } from '@godo/evidence';
import { type KnownRuns, reunite } from './lives.ts';
import type { ObservedProcess } from './observed-process.ts';
import { isUsable, ProcessBuilder } from './process-builder.ts';
import { textOf } from './values.ts';

const oneRun: KnownRuns = { isResumed: () => false, compareSessions: () => 0, startOf: () => null };

/**
 * Observations of one process id that are held back together, and so many times `charactersEach` of their arguments; with
 * more of them its lives stay as they are.
 */
const mostHeld = 50_000;
const charactersEach = 256;
/** Other keys are none of ours, and nothing is known of whose process id they name. */
const ownKey = /^(.*:\d+):(?:\d+|\?\d+\.\d+)$/s;

/**
 * Makes processes of observations that come ordered by (key, timeNs, _id): only the process at hand is held open, or, where
 * several runs of the listener may tell of it, all that had its process id.
 */
export class ProcessGrouping {
  readonly #runs: KnownRuns;
  #key: string | null = null;
  #builder: ProcessBuilder | null = null;
  /** Boot and process id of those that are held back. */
  #prefix: string | null = null;
  #held = new Map<string, TaskObservation[]>();
  #heldCount = 0;
  /** Keys that are no more, and those that stand for them. */
  readonly aliases = new Map<string, string>();
  /** Of processes whose exit was not told, by key; see {@link Unended}. */
  readonly unended = new Map<string, Unended>();
  /** Of runs that looked through /proc: when they began to; and those of which that is stored whole. */
  readonly #lookNs = new Map<string, bigint>();
  readonly #underWay = new Set<string>();
  /** Observations that name no process or no time; they are passed over. */
  unusable = 0;

  constructor(runs: KnownRuns = oneRun) {
    this.#runs = runs;
  }

  /**
   * When a run looked through /proc at its start; null where what it found is not all there. Of boots with several runs, and
   * complete when all observations have been added.
   */
  lookOf(sessionId: string): bigint | null {
    // What the connector told comes behind it.
    return this.#underWay.has(sessionId) ? (this.#lookNs.get(sessionId) ?? null) : null;
  }

  /** @returns Processes that these observations show to be complete. */
  add(tasks: readonly TaskObservation[]): ObservedProcess[] {
    const complete: ObservedProcess[] = [];
    for (const task of tasks) {
      if (!isUsable(task)) {
        this.unusable += 1;
        continue;
      }
      if (task.key !== this.#key) this.#next(task, complete);
      if (this.#builder !== null) {
        this.#builder.observe(task);
        continue;
      }
      this.#hold(task);
      if (this.#heldCount > mostHeld) this.#giveUpHolding(complete);
    }
    return complete;
  }

  /** @returns The last processes, if there are any. */
  finish(): ObservedProcess[] {
    const complete: ObservedProcess[] = [];
    if (this.#builder !== null) complete.push(this.#builder.finish());
    this.#builder = null;
    this.#release(complete);
    this.#key = null;
    this.#prefix = null;
    return complete;
  }

  /** Another key begins. */
  #next(task: TaskObservation, complete: ObservedProcess[]): void {
    if (this.#builder !== null) complete.push(this.#builder.finish());
    this.#builder = null;
    this.#key = task.key;
    const prefix = this.#runs.isResumed(task.bootId) ? (ownKey.exec(task.key)?.[1] ?? null) : null;
    if (prefix === null) {
      this.#release(complete);
      this.#prefix = null;
      this.#builder = new ProcessBuilder(task);
    } else if (prefix !== this.#prefix) {
      this.#release(complete);
      this.#prefix = prefix;
    } else if (this.#held.size === 0) {
      this.#builder = new ProcessBuilder(task);
    }
  }

  #hold(task: TaskObservation): void {
    const observations = this.#held.get(task.key);
    if (observations === undefined) this.#held.set(task.key, [task]);
    else observations.push(task);
    this.#heldCount += 1 + Math.floor(lengthOf(task.argv) / charactersEach);
    const session = textOf(task.sessionId);
    if (session === null) return;
    if (task.source === 'connector') this.#underWay.add(session);
    if (task.source !== 'proc' || task.observation !== 'snapshot') return;
    const before = this.#lookNs.get(session);
    if (before === undefined || task.timeNs < before) this.#lookNs.set(session, task.timeNs);
  }

  #release(complete: ObservedProcess[]): void {
    if (this.#held.size === 0) return;
    const { lives, aliases } = reunite(this.#held, this.#runs);
    for (const [from, to] of aliases) this.aliases.set(from, to);
    this.#forget();
    for (const observations of lives.values()) this.#finish(observations, complete);
  }

  #finish(observations: readonly TaskObservation[], complete: ObservedProcess[]): void {
    const process = builderOf(observations)?.finish();
    if (process === undefined) return;
    complete.push(process);
    if (process.exitNs === null) this.unended.set(process.key, unendedOf(observations));
  }

  /** The process at hand goes on without being held back, and so do those behind it with its process id. */
  #giveUpHolding(complete: ObservedProcess[]): void {
    const held = [...this.#held.values()];
    this.#forget();
    this.#builder = builderOf(held.pop() ?? []);
    for (const observations of held) this.#finish(observations, complete);
  }

  #forget(): void {
    this.#held = new Map();
    this.#heldCount = 0;
  }
}

/** A process whose exit was not told. */
export interface Unended {
  /** Runs that saw it themselves: what the kernel had queued can be older than a run. */
  readonly seenBy: ReadonlySet<string>;
  /** The last that was told of it. */
  readonly lastNs: bigint;
}

function unendedOf(observations: readonly TaskObservation[]): Unended {
  const seenBy = new Set<string>();
  for (const task of observations) {
    const session = task.source === 'audit' ? null : textOf(task.sessionId);
    if (session !== null) seenBy.add(session);
  }
  return { seenBy, lastNs: observations.at(-1)?.timeNs ?? 0n };
}

function builderOf(observations: readonly TaskObservation[]): ProcessBuilder | null {
  const [first] = observations;
  if (first === undefined) return null;
  const builder = new ProcessBuilder(first);
  for (const task of observations) builder.observe(task);
  return builder;
}

function lengthOf(argv: unknown): number {
  let length = 0;
  if (Array.isArray(argv)) for (const argument of argv) if (typeof argument === 'string') length += argument.length;
  return length;
}
