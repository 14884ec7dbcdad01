/** Processes that nobody told the start of: made from the first that is told of them, and marked. */

import { deletedByPath } from '../deleted-suffix.ts';
import type { AuditEvent, BecameEvent, ExitEvent } from '../events.ts';
import { nanosecondsPerMs, putCaller, putParent, putPlace } from './documents.ts';
import type { ForkInference } from './fork-inference.ts';
import type { ProcessState } from './process-table.ts';
import type { Processes } from './processes.ts';
import type { StarProcesses } from './star-processes.ts';

export class UntoldStarts {
  readonly #processes: Processes;
  readonly #stars: StarProcesses;
  readonly #inference: ForkInference | null;

  /** @param inference null: forks are told, by the connector. */
  constructor(processes: Processes, stars: StarProcesses, inference: ForkInference | null) {
    this.#processes = processes;
    this.#stars = stars;
    this.#inference = inference;
  }

  /** By the connector's message of `what`. */
  fromConnector(tgid: number, event: BecameEvent | ExitEvent, what: string): ProcessState {
    const { observations } = this.#processes;
    const made = this.#processes.makeUnseen(tgid, `${event.monotonicNs}`);
    const seen = observations.fromConnector(event, 'snapshot', tgid);
    const draft = observations.begin(made, { ...seen, id: `${seen.id}:unseen` });
    draft.warnings = [`its start was not seen: ${what} is the first that was told of it`];
    observations.tell(draft);
    return made;
  }

  fromAudit(event: AuditEvent): ProcessState {
    const { caller } = event;
    const { table, observations } = this.#processes;
    const parent = this.#inference === null ? table.alive(caller.ppid) : this.#inferredParent(event);
    const startMs = this.#inference?.startOf(event) ?? null;
    const startNs = startMs === null ? null : BigInt(startMs) * nanosecondsPerMs;
    const process = this.#processes.make(caller.tgid, null, startNs, {
      mark: `${event.ms}.${event.serial}`,
      provisional: true,
      ppid: numberOrNull(caller.ppid),
      parentTgid: numberOrNull(caller.ppid),
      parentKey: parent?.key ?? null,
      comm: caller.comm,
      exe: caller.exe,
      exeDeleted: deletedByPath(caller.exe),
      rootfs: parent?.rootfs ?? null,
      mounts: parent?.mounts ?? 0,
      chroot: parent === undefined ? '' : parent.chroot,
      containerId: parent?.containerId,
      rootDev: parent?.rootDev ?? null,
    });
    this.#inference?.met(process, event);
    process.tasks.add(caller.tgid);
    process.copiesFrom = parent ?? null;
    this.#stars.note(process, null);
    const seen = observations.fromAudit(event, process.startNs === null ? 'snapshot' : 'fork', ':first');
    const draft = observations.begin(process, { ...seen, timeNs: process.startNs ?? seen.timeNs });
    putParent(draft, process);
    putCaller(draft, caller);
    putPlace(draft, process);
    draft.inferred = true;
    if (process.star) draft.star = true;
    if (this.#inference === null) draft.warnings = ['its start was not seen: an audit record is the first of it'];
    observations.tell(draft);
    return process;
  }

  /** The parent that a record names, made known if it was not. */
  #inferredParent(event: AuditEvent): ProcessState | undefined {
    const { ppid } = event.caller;
    if (ppid === 0 || Number.isNaN(ppid)) return undefined;
    const { table, observations } = this.#processes;
    const known = table.alive(ppid);
    if (known !== undefined) return known;
    const parent = this.#processes.make(ppid, null, null, { mark: `${event.ms}.${event.serial}`, provisional: true });
    this.#inference?.met(parent, event);
    parent.tasks.add(ppid);
    const draft = observations.begin(parent, { ...observations.fromAudit(event, 'snapshot', ':parent'), pid: ppid });
    draft.inferred = true;
    observations.tell(draft);
    return parent;
  }

  /** The first record of a process that so far was only named as a parent. */
  learn(process: ProcessState, event: AuditEvent): void {
    const { caller } = event;
    process.exe = caller.exe;
    process.exeDeleted = deletedByPath(caller.exe);
    process.comm = caller.comm;
    const parent = this.#inference === null ? undefined : this.#inferredParent(event);
    if (process.parentTgid === null) {
      process.ppid = numberOrNull(caller.ppid);
      process.parentTgid = process.ppid;
      process.parentKey = parent?.key ?? null;
    }
    this.#stars.note(process, null);
    const { observations } = this.#processes;
    const draft = observations.begin(process, observations.fromAudit(event, 'snapshot', ':learnt'));
    putParent(draft, process);
    putCaller(draft, caller);
    draft.inferred = true;
    if (process.star) draft.star = true;
    observations.tell(draft);
  }
}

/** A damaged record does not say all of its numbers. */
function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
