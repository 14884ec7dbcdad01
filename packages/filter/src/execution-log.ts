import type { ExecObservation } from './executions.ts';

/** Together they stay well below the 16 MiB a MongoDB document can have. */
const mostBytes = 3 * 1024 * 1024;
const mostObservations = 10_000;
/** The last observations are kept in any case: they tell what the process became. */
const tailLength = 4;

/** Exec observations of one process, bounded: the first ones and the last ones. */
export interface ExecutionLog {
  add(observation: ExecObservation): void;
  observations(): ExecObservation[];
  /** How many from the middle were not kept. */
  leftOut(): number;
}

function sizeOf({ facts }: ExecObservation): number {
  let size = 200 + (facts.exe?.length ?? 0) + (facts.cwd?.length ?? 0);
  for (const argument of facts.argv ?? []) size += argument.length + 10;
  for (const hex of facts.argvHex ?? []) size += (hex?.length ?? 0) + 10;
  return size;
}

export function createExecutionLog(): ExecutionLog {
  const head: ExecObservation[] = [];
  const tail: ExecObservation[] = [];
  let bytes = 0;
  let leftOut = 0;
  let full = false;
  return {
    add(observation) {
      if (!full) {
        bytes += sizeOf(observation);
        full = head.length >= mostObservations || (bytes > mostBytes && head.length > 0);
      }
      if (!full) {
        head.push(observation);
        return;
      }
      tail.push(observation);
      if (tail.length > tailLength) {
        tail.shift();
        leftOut += 1;
      }
    },
    observations: () => [...head, ...tail],
    leftOut: () => leftOut,
  };
}
