/** The processes the recorder knows: who is behind a tgid at a given moment. Pure; no /proc, no clock. */

import type { BinaryString } from '../events.ts';
import { coarseClockMs } from './coarse-clock.ts';
import type { DescriptorTable } from './descriptor-table.ts';

/** One process from its start to its end. */
export interface ProcessState {
  readonly key: string;
  readonly tgid: number;
  readonly startTicks: number | null;
  readonly startNs: bigint | null;
  ppid: number | null;
  parentTgid: number | null;
  parentKey: string | null;
  comm: BinaryString | null;
  exe: BinaryString | null;
  cwd: BinaryString | null;
  rootfs: BinaryString | null;
  /** undefined: never read, nor inherited from one that was. */
  containerId: string | null | undefined;
  /** The container that a runtime among its ancestors was started for, whether it is in it yet or not. */
  madeFor: string | null;
  star: boolean;
  /** Living tasks. The process has ended when the set is empty. */
  readonly tasks: Set<number>;
  /** Time of the last exec: an exit of the leader from before it did not end the process. */
  lastExecNs: bigint;
  exitedNs: bigint | null;
  readonly descriptors: DescriptorTable;
  /** Where /proc showed its descriptors at a known moment (ms): older closes are part of what was seen. */
  snapshotMs: number | null;
  /** Made from an audit record alone; a fork that is told later is this process. */
  readonly provisional: boolean;
  /** Parent whose descriptors are still to be copied. */
  copiesFrom: ProcessState | null;
  /** Children whose clone record has not come, in the order of their forks; some may have copied already. */
  readonly uncloned: ProcessState[];
}

/** How long a process that ended is still found for events that come late: this many of them are remembered. */
const rememberedExits = 4096;

export class ProcessTable {
  readonly #alive = new Map<number, ProcessState>();
  /** Ended ones by tgid, oldest first. */
  readonly #ended = new Map<number, ProcessState>();

  get size(): number {
    return this.#alive.size;
  }

  alive(tgid: number): ProcessState | undefined {
    return this.#alive.get(tgid);
  }

  /** The process that had this number last, if it is still remembered. */
  latest(tgid: number): ProcessState | undefined {
    return this.#alive.get(tgid) ?? this.#ended.get(tgid);
  }

  all(): IterableIterator<ProcessState> {
    return this.#alive.values();
  }

  /**
   * The process that made a call with this stamp. When the number was given out again since, the stamp decides between
   * the two lives.
   */
  caller(tgid: number, ms: number): ProcessState | undefined {
    const alive = this.#alive.get(tgid);
    if (alive === undefined) {
      const ended = this.#ended.get(tgid);
      // A call that began after its end is another life whose start we did not see.
      return ended !== undefined && startedBy(ms, ended.exitedNs) ? ended : undefined;
    }
    if (startedBy(ms + coarseClockMs, alive.startNs)) {
      const ended = this.#ended.get(tgid);
      if (ended !== undefined && startedBy(ms, ended.exitedNs)) return ended;
    }
    return alive;
  }

  add(process: ProcessState): void {
    this.#alive.set(process.tgid, process);
  }

  end(process: ProcessState): void {
    if (this.#alive.get(process.tgid) === process) this.#alive.delete(process.tgid);
    this.#ended.delete(process.tgid);
    this.#ended.set(process.tgid, process);
    if (this.#ended.size > rememberedExits) {
      const oldest = this.#ended.keys().next().value;
      if (oldest !== undefined) this.#ended.delete(oldest);
    }
  }
}

/** Whether a moment in ms is not after one in ns; unknown ones are. */
function startedBy(ms: number, limitNs: bigint | null): boolean {
  return limitNs !== null && BigInt(ms) * 1_000_000n <= limitNs;
}
