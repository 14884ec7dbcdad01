/** The processes the recorder knows: who is behind a tgid at a given moment. Pure; no /proc, no clock. */

import type { BinaryString } from '../events.ts';
import { coarseClockMs } from './coarse-clock.ts';
import type { DescriptorTable } from './descriptor-table.ts';
import type { InnerPid } from './inner-pids.ts';
import type { MappedSession } from './mapped-sessions.ts';

/** What the tasks of a process that have ended have used, by what the kernel told at their ends. */
export interface ProcessUsage {
  cpuUs: number;
  maxRssKb: number;
  /** It had other tasks, of which it was not told, or may have had. */
  partial: boolean;
}

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
  /** As in the document. */
  exeDeleted: true | null | undefined;
  cwd: BinaryString | null;
  rootfs: BinaryString | null;
  /** As in PathView: what its paths count from. */
  mounts: number;
  chroot: BinaryString | null;
  /** Processes that have one root and working directory with it (CLONE_FS), itself among them; null: it has its own. */
  rootSharers: Set<ProcessState> | null;
  /** undefined: never read, nor inherited from one that was. */
  containerId: string | null | undefined;
  /**
   * What it has of its parent as that was when the fork was told: what the parent did before it may still be on its way from
   * audit. `place` is container, root and mounts.
   */
  inherits: 'place' | 'mounts' | null;
  /** Device of a root that is a container's own, as audit tells it; null: not known. */
  rootDev: string | null;
  /** null: in the host's pid namespace, as far as is known. */
  inner: InnerPid | null;
  /** It has had other threads since its last exec: what a clone returned may be one of them. */
  threaded: boolean;
  /** The container that a runtime among its ancestors was started for, whether it is in it yet or not. */
  madeFor: string | null;
  star: boolean;
  /** Living tasks. The process has ended when the set is empty. */
  readonly tasks: Set<number>;
  /** Time of the last exec: an exit of the leader from before it did not end the process. */
  lastExecNs: bigint;
  exitedNs: bigint | null;
  /** null: nothing was told. */
  usage: ProcessUsage | null;
  /** Its own, or one that it shares with others (CLONE_FILES). */
  descriptors: DescriptorTable;
  /** Audit has told of an exec of it: since then its descriptors are its own. */
  executed: boolean;
  /** What it has mapped, as far as is known; null: nothing. */
  mapped: Set<MappedSession> | null;
  /** Where /proc showed its descriptors at a known moment (ms): older closes are part of what was seen. */
  snapshotMs: number | null;
  /** Made from an audit record alone; a fork that is told later is this process. */
  readonly provisional: boolean;
  /** Parent whose descriptors are still to be copied. */
  copiesFrom: ProcessState | null;
  /** Children whose clone record has not come, in the order of their forks; some may have copied already. */
  readonly uncloned: ProcessState[];
  /** Children in pid namespaces of their own whose clone record has not come, in the order of their forks. */
  readonly unnumbered: ProcessState[];
  /** ms: the latest call that may have made a process or a thread (clone3). */
  hiddenCloneMs: number;
  /** Another thread may have made it, or records were lost since: the order of the calls does not tell which was its own. */
  doubtful: boolean;
}

/**
 * So many processes that ended are remembered for calls that come late. Of more, those are forgotten beyond whose end audit
 * is; where audit lags so far behind that there are none, the oldest.
 */
const rememberedExits = 4096;
const mostRememberedExits = 65_536;
/** Stamps of audit events come out of order by less than this. */
const disorderMs = 2_000;

export class ProcessTable {
  readonly #alive = new Map<number, ProcessState>();
  /** In the order of their ends. */
  readonly #ended = new Set<ProcessState>();
  /** The same by tgid, oldest first. */
  readonly #endedOf = new Map<number, ProcessState[]>();
  /** The latest stamp of an audit event so far. */
  #auditMs = 0;

  get size(): number {
    return this.#alive.size;
  }

  alive(tgid: number): ProcessState | undefined {
    return this.#alive.get(tgid);
  }

  /** The process that had this number last, if it is still remembered. */
  latest(tgid: number): ProcessState | undefined {
    return this.#alive.get(tgid) ?? this.#endedOf.get(tgid)?.at(-1);
  }

  all(): IterableIterator<ProcessState> {
    return this.#alive.values();
  }

  /**
   * The process that made a call with this stamp. Audit may lag so far behind the connector that the number was given out
   * again since, and more than once: it is the last life that had begun by then, or the first that had not ended, where
   * the stamp is older than its clock allows (a processor that did not run has not ticked).
   */
  caller(tgid: number, ms: number): ProcessState | undefined {
    if (ms > this.#auditMs) this.#auditMs = ms;
    const alive = this.#alive.get(tgid);
    const hadBegun = ({ startNs }: ProcessState) => !startedBy(ms + coarseClockMs, startNs);
    if (alive !== undefined && hadBegun(alive)) return alive;
    // A call that began after the end of all of them is of another life, whose start we did not see.
    const lives = this.#endedOf.get(tgid)?.filter(({ exitedNs }) => startedBy(ms, exitedNs)) ?? [];
    return lives.findLast(hadBegun) ?? lives[0] ?? alive;
  }

  add(process: ProcessState): void {
    this.#alive.set(process.tgid, process);
  }

  end(process: ProcessState): void {
    if (this.#alive.get(process.tgid) === process) this.#alive.delete(process.tgid);
    this.#ended.add(process);
    const lives = this.#endedOf.get(process.tgid);
    if (lives === undefined) this.#endedOf.set(process.tgid, [process]);
    else if (!lives.includes(process)) lives.push(process);
    this.#forget();
  }

  #forget(): void {
    for (const process of this.#ended) {
      if (this.#ended.size <= rememberedExits) return;
      const isPast = !startedBy(this.#auditMs - disorderMs, process.exitedNs);
      if (!isPast && this.#ended.size <= mostRememberedExits) return;
      this.#ended.delete(process);
      const lives = this.#endedOf.get(process.tgid) ?? [];
      if (lives.length <= 1) this.#endedOf.delete(process.tgid);
      else lives.splice(lives.indexOf(process), 1);
    }
  }
}

/** Whether a moment in ms is not after one in ns; unknown ones are. */
function startedBy(ms: number, limitNs: bigint | null): boolean {
  return limitNs !== null && BigInt(ms) * 1_000_000n <= limitNs;
}
