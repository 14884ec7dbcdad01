import type { EnvironmentNames } from '@godo/evidence';
import { ByteColumn, none, ReferenceColumn, TimeColumn } from './columns.ts';
import type { MergedExecution } from './executions.ts';
import type { Facts } from './facts.ts';
import type { SharedFacts } from './shared-facts.ts';

/** An execution as it is shown. */
export type KeptExecution = Pick<MergedExecution, 'timeNs' | 'success' | 'errno' | 'facts' | 'environment'>;

/** The executions of all processes, those of one (by its row) together and in order. */
export class KeptExecutions {
  readonly #facts: SharedFacts;
  readonly #start = new ReferenceColumn();
  readonly #end = new ReferenceColumn();
  #size = 0;

  readonly #sinceNs = new TimeColumn();
  /** Where it is not `sinceNs`. */
  readonly #timeNs = new Map<number, bigint>();
  readonly #factsNumber = new ReferenceColumn();
  readonly #failed = new ByteColumn();
  readonly #errno = new Map<number, number>();
  readonly #environment = new Map<number, EnvironmentNames>();

  constructor(facts: SharedFacts) {
    this.#facts = facts;
  }

  add(row: number, executions: readonly MergedExecution[]): void {
    if (executions.length === 0) return;
    this.#start.set(row, this.#size);
    for (const { timeNs, sinceNs, success, errno, facts, environment } of executions) {
      const index = this.#size;
      this.#sinceNs.set(index, sinceNs);
      if (timeNs !== sinceNs) this.#timeNs.set(index, timeNs);
      this.#factsNumber.set(index, this.#facts.add(facts));
      if (!success) this.#failed.set(index, 1);
      if (errno !== undefined) this.#errno.set(index, errno);
      if (environment !== undefined) this.#environment.set(index, environment);
      this.#size += 1;
    }
    this.#end.set(row, this.#size);
  }

  of(row: number): KeptExecution[] {
    const executions: KeptExecution[] = [];
    const end = this.#end.at(row);
    for (let index = Math.max(this.#start.at(row), 0); index < end; index += 1) {
      const timeNs = this.#timeNs.get(index) ?? this.#sinceNs.at(index) ?? 0n;
      const success = this.#failed.at(index) === 0;
      const facts: Facts = this.#facts.get(this.#factsNumber.at(index));
      const errno = this.#errno.get(index);
      const environment = this.#environment.get(index);
      executions.push({
        ...{ timeNs, success, facts },
        ...(errno !== undefined && { errno }),
        ...(environment !== undefined && { environment }),
      });
    }
    return executions;
  }

  /**
   * The number of the facts that hold after the last successful execution at or before a moment. Goes back only as far
   * as there is something to learn.
   *
   * @param timeNs - null: at the end.
   * @param base - What held before the first.
   */
  stateAt(row: number, timeNs: bigint | null, base: number): number {
    const start = this.#start.at(row);
    if (start === none) return base;
    let state = none;
    for (let index = this.#countAt(start, this.#end.at(row), timeNs) - 1; index >= start; index -= 1) {
      if (this.#failed.at(index) === 1) continue;
      const execution = this.#factsNumber.at(index);
      state = state === none ? execution : this.#facts.applyExecution(execution, state);
      if (this.#facts.knowsCwd(state)) return state;
    }
    return state === none ? base : this.#facts.applyExecution(base, state);
  }

  /** The place behind the last execution at or before a moment. */
  #countAt(start: number, end: number, timeNs: bigint | null): number {
    if (timeNs === null) return end;
    let low = start;
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sinceNs.at(middle) ?? timeNs) <= timeNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
