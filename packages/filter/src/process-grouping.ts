import type { TaskObservation } from '@godo/evidence';
import { type Lives, type Reunited, reunite } from './lives.ts';
import type { ObservedProcess } from './observed-process.ts';
import { isUsable, ProcessBuilder } from './process-builder.ts';

/** What is to be known of the runs of the listener. */
export interface KnownRuns {
  /** Whether the listener ran more than once during a boot. */
  isResumed(this: void, bootId: string): boolean;
  compareSessions(this: void, a: string, b: string): number;
}

const oneRun: KnownRuns = { isResumed: () => false, compareSessions: () => 0 };

/** Observations of one process id that are held back together; with more of them its lives stay as they are. */
const mostHeld = 50_000;

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
  /** Runs whose first look through /proc is stored: what the connector told comes behind it. */
  readonly #underWay = new Set<string>();
  /** Observations that name no process or no time; they are passed over. */
  unusable = 0;

  constructor(runs: KnownRuns = oneRun) {
    this.#runs = runs;
  }

  /** Whether all that a run found in /proc at its start is there. Complete when all observations have been added. */
  isUnderWay(sessionId: string): boolean {
    return this.#underWay.has(sessionId);
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
    if (!this.#runs.isResumed(task.bootId)) {
      this.#release(complete);
      this.#prefix = null;
      this.#builder = new ProcessBuilder(task);
      return;
    }
    const prefix = task.key.slice(0, task.key.lastIndexOf(':'));
    if (prefix !== this.#prefix) {
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
    this.#heldCount += 1;
    if (task.source === 'connector' && typeof task.sessionId === 'string') this.#underWay.add(task.sessionId);
  }

  #release(complete: ObservedProcess[]): void {
    if (this.#held.size === 0) return;
    const { lives, aliases }: Reunited = reunite(this.#held, this.#runs.compareSessions);
    for (const [from, to] of aliases) this.aliases.set(from, to);
    this.#forget();
    for (const process of processesOf(lives)) complete.push(process.finish());
  }

  /** The process at hand goes on without being held back, and so do those behind it with its process id. */
  #giveUpHolding(complete: ObservedProcess[]): void {
    const builders = [...processesOf(this.#held)];
    this.#forget();
    this.#builder = builders.pop() ?? null;
    for (const builder of builders) complete.push(builder.finish());
  }

  #forget(): void {
    this.#held = new Map();
    this.#heldCount = 0;
  }
}

function* processesOf(lives: Lives): Generator<ProcessBuilder> {
  for (const observations of lives.values()) {
    const [first] = observations;
    if (first === undefined) continue;
    const builder = new ProcessBuilder(first);
    for (const task of observations) builder.observe(task);
    yield builder;
  }
}
