/** What /proc shows of processes: at the start, and once more after messages of the connector were lost. */

import { beforeDeletedMark } from '../deleted-suffix.ts';
import type { BinaryString, RescanEvent, SnapshotEvent } from '../events.ts';
import { containerNamedBy } from './container-roots.ts';
import { nanosecondsPerMs, putParent, putPlace, putProc, type TaskDraft } from './documents.ts';
import { asRead } from './inner-pids.ts';
import { isSameLife } from './process-lives.ts';
import type { ProcessPlaces } from './process-places.ts';
import type { ProcessState } from './process-table.ts';
import { missUsage } from './process-usage.ts';
import type { Processes } from './processes.ts';
import type { StarProcesses } from './star-processes.ts';

/** A process that started this long before a scan of /proc began is older than the scan, whatever clock ticks hide. */
const surelyBeforeNs = 50_000_000n;

/** What a look through /proc after a loss has brought. */
export interface SeenAgain {
  /** Processes whose start had not been told. */
  found: number;
  /** Processes that were another program, or in another container, than had been told. */
  changed: number;
  /** Processes whose exit had not been told. */
  ended: number;
}

export class ProcessesInProc {
  readonly #processes: Processes;
  readonly #places: ProcessPlaces;
  readonly #stars: StarProcesses;
  #seenAgain: SeenAgain = { found: 0, changed: 0, ended: 0 };

  constructor(processes: Processes, places: ProcessPlaces, stars: StarProcesses) {
    this.#processes = processes;
    this.#places = places;
    this.#stars = stars;
  }

  /** A process that was found in /proc. */
  snapshot(event: SnapshotEvent): ProcessState {
    const { proc } = event;
    const { table, observations } = this.#processes;
    const parent = table.alive(event.parentTgid);
    const process = this.#processes.make(event.tgid, proc.startTicks, event.startNs, {
      ppid: event.parentTgid,
      parentTgid: event.parentTgid,
      parentKey: parent?.key ?? null,
      comm: proc.comm ?? null,
      exe: proc.exe ?? null,
      exeDeleted: proc.exeDeleted,
      cwd: proc.cwd ?? null,
      rootfs: rootOf(event),
      mounts: proc.containerId == null ? (event.mountNamespace ?? 0) : 0,
      chroot: event.chroot ?? '',
      containerId: proc.containerId,
      rootDev: proc.rootDev ?? null,
      snapshotMs: Number(event.timeNs / nanosecondsPerMs),
    });
    for (const task of event.tasks) process.tasks.add(task);
    process.threaded = event.tasks.length > 1;
    process.inner = asRead(null, proc);
    process.madeFor = containerNamedBy(process.exe, proc.argv ?? null) ?? parent?.madeFor ?? null;
    this.#places.learn(proc);
    this.#stars.note(process, proc.argv);
    const draft = this.#seen(process, event);
    if (event.again) draft.warnings = ['its start was not told: messages of the connector had been lost'];
    observations.tell(draft);
    for (const task of event.tasks) {
      if (task === process.tgid) continue;
      const seen = { ...observations.fromProc(process, event), id: `${draft._id}/${task}`, pid: task };
      const thread = observations.begin(process, seen);
      thread.ppid = event.parentTgid;
      thread.parentTgid = event.parentTgid;
      observations.tell(thread);
    }
    return process;
  }

  /**
   * What /proc shows of a process after messages were lost. Returns the process where it is new to us: then so is what it
   * has open.
   */
  snapshotAgain(event: SnapshotEvent): ProcessState | null {
    const known = this.#processes.table.latest(event.tgid);
    if (known === undefined || !isSameLife(known, event)) {
      if (known !== undefined && known.exitedNs === null) this.#endUnseen(known, event.timeNs);
      this.#seenAgain.found += 1;
      return this.snapshot(event);
    }
    // It has not been waited for.
    if (known.exitedNs !== null) return null;
    for (const task of known.tasks) if (!event.tasks.includes(task)) known.tasks.delete(task);
    // A leader that ended before its threads is shown as long as they run.
    for (const task of event.tasks) if (task !== event.tgid) known.tasks.add(task);
    const { exe, exeDeleted, containerId } = event.proc;
    // A file that was deleted since, and has another name left, shows only by the mark.
    const isMarked = exeDeleted === null && exe !== undefined && beforeDeletedMark(exe) === known.exe;
    const differs = exe !== undefined && exe !== known.exe && !isMarked;
    if (!differs && (containerId === undefined || containerId === known.containerId)) return null;
    this.#seenAgain.changed += 1;
    this.#places.apply(known, event.proc);
    if (differs) {
      known.exe = exe;
      known.exeDeleted = exeDeleted;
    }
    known.comm = event.proc.comm ?? known.comm;
    known.cwd = event.proc.cwd ?? known.cwd;
    this.#stars.note(known, event.proc.argv);
    const draft = this.#seen(known, event);
    draft.warnings = ['it is another program than was told: messages of the connector had been lost'];
    this.#processes.observations.tell(draft);
    return null;
  }

  /** The end of such a look through /proc: whom it did not show has ended. Returns what came of the whole look. */
  rescan(event: RescanEvent): SeenAgain {
    const alive = new Set(event.alive);
    for (const process of this.#processes.table.all()) {
      // The ends of some of its threads may have been among what was lost.
      missUsage(process);
      const hadBegun = process.startNs !== null && process.startNs + surelyBeforeNs < event.beganNs;
      if (hadBegun && !alive.has(process.tgid)) this.#endUnseen(process, event.timeNs);
    }
    const seen = this.#seenAgain;
    this.#seenAgain = { found: 0, changed: 0, ended: 0 };
    return seen;
  }

  #endUnseen(process: ProcessState, timeNs: bigint): void {
    this.#seenAgain.ended += 1;
    const { observations } = this.#processes;
    const id = `${observations.origin.sessionId}:gone:${process.key}`;
    const seen = { id, observation: 'exit', source: 'proc', clock: null, timeNs, pid: process.tgid } as const;
    const draft = observations.begin(process, seen);
    draft.exitCode = null;
    draft.exitSignal = null;
    draft.inferred = true;
    draft.warnings = ['its exit was not told: messages of the connector had been lost, and then it was gone'];
    observations.tell(draft);
    this.#processes.end(process, timeNs);
  }

  #seen(process: ProcessState, event: SnapshotEvent): TaskDraft {
    const { observations } = this.#processes;
    const draft = observations.begin(process, observations.fromProc(process, event));
    putParent(draft, process);
    putProc(draft, event.proc);
    putPlace(draft, process);
    if (process.star) draft.star = true;
    return draft;
  }
}

/** Of a container it is the container's root that was read; of the host, a process's own where that is the host's root. */
function rootOf({ proc, chroot, mountNamespace }: SnapshotEvent): BinaryString | null {
  if (proc.rootfs !== undefined || chroot === undefined) return proc.rootfs ?? null;
  return proc.containerId == null && mountNamespace === undefined ? chroot : null;
}
