import type { ExecObservation } from './executions.ts';

/** Together they stay well below the 16 MiB a MongoDB document can have. */
const mostBytes = 3 * 1024 * 1024;
const mostObservations = 10_000;
/** The last observations are kept in any case: they tell what the process became. */
const tailLength = 4;

function sizeOf({ facts }: ExecObservation): number {
  let size = 200 + (facts.exe?.length ?? 0) + (facts.cwd?.length ?? 0);
  if (facts.program !== undefined) size += JSON.stringify(facts.program).length;
  if (facts.argv !== null) for (const argument of facts.argv) size += argument.length + 10;
  if (facts.argvHex !== undefined) for (const hex of facts.argvHex) size += (hex?.length ?? 0) + 10;
  return size;
}

/** Exec observations of one process, bounded: the first ones and the last ones. */
export class ExecutionLog {
  readonly #head: ExecObservation[] = [];
  #tail: ExecObservation[] | null = null;
  #bytes = 0;
  #leftOut = 0;

  add(observation: ExecObservation): void {
    if (this.#tail === null) {
      this.#bytes += sizeOf(observation);
      if (this.#head.length >= mostObservations || (this.#bytes > mostBytes && this.#head.length > 0)) this.#tail = [];
    }
    if (this.#tail === null) {
      this.#head.push(observation);
      return;
    }
    this.#tail.push(observation);
    if (this.#tail.length > tailLength) {
      this.#tail.shift();
      this.#leftOut += 1;
    }
  }

  observations(): ExecObservation[] {
    return this.#tail === null ? this.#head : [...this.#head, ...this.#tail];
  }

  /** How many from the middle were not kept. */
  get leftOut(): number {
    return this.#leftOut;
  }
}
