/** Where processes are: their container, root and mount namespace, and what they do to change them. */

import { cloneFileSystem } from '../audit/syscalls.ts';
import type {
  ChrootEvent,
  CloneEvent,
  ExecEvent,
  PivotRootEvent,
  ProcFacts,
  SetnsEvent,
  UnshareEvent,
} from '../events.ts';
import { ContainerRoots, entersContainer } from './container-roots.ts';
import { putText, putWarnings } from './documents.ts';
import { newNamespace } from './inner-pids.ts';
import { viewOf } from './name-resolver.ts';
import type { ProcessState } from './process-table.ts';
import type { Processes } from './processes.ts';

/** A runtime's processes are forked by the one that was given the command, or by a child or grandchild of that. */
const nearAncestors = 4;

const containerEntered =
  'its container is concluded: it changed its root for the container that its runtime was started for';

export class ProcessPlaces {
  readonly #processes: Processes;
  readonly #roots = new ContainerRoots();
  /** Mount namespaces that were made or entered. */
  #mounts = 0;

  constructor(processes: Processes) {
    this.#processes = processes;
  }

  /** Takes what /proc said of containers' roots. */
  learn(facts: ProcFacts): void {
    this.#roots.learn(facts);
  }

  apply(process: ProcessState, facts: ProcFacts): void {
    this.#roots.learn(facts);
    if (facts.containerId !== undefined) {
      process.containerId = facts.containerId;
      if (process.inherits === 'place') process.inherits = 'mounts';
    }
    if (facts.rootfs === undefined) return;
    // Of a container it is the container's root that was read, of the host the process's own.
    if (process.containerId == null) process.chroot = '';
    else if (process.chroot !== '') return;
    process.rootfs = facts.rootfs;
    process.rootDev = facts.rootDev ?? null;
  }

  /**
   * /proc may be too late for a process that a runtime puts into a container and that ends at once. That its program
   * lies on the container's own root file system is told by the kernel with the call. True: so it was concluded.
   */
  conclude(process: ProcessState, event: ExecEvent): boolean {
    const container = this.#roots.on(event.dev);
    if (process.containerId != null || container === undefined || container !== this.#madeFor(process)) return false;
    process.containerId = container;
    return true;
  }

  /** A child that a call with these flags made. */
  cloned(parent: ProcessState, child: ProcessState, { flags }: CloneEvent): void {
    // clone3 does not tell its flags, and nobody else tells whether they share their root.
    if (flags !== null && (flags & cloneFileSystem) !== 0) shareRoot(parent, child);
    if (flags === null || (flags & newNamespace.mnt) === 0) return;
    this.#copyMounts(child);
  }

  /** unshare and setns. */
  moved(process: ProcessState, event: UnshareEvent | SetnsEvent): void {
    const { flags } = event;
    if (event.kind === 'unshare' && (flags & (cloneFileSystem | newNamespace.mnt)) !== 0) leaveRoot(process);
    if ((flags & newNamespace.mnt) === 0 && (event.kind !== 'setns' || flags !== 0)) return;
    if (event.kind === 'unshare') this.#copyMounts(process);
    else this.#enterMounts(process, event);
  }

  /** A mount namespace of its own, with what the one before had. */
  #copyMounts(process: ProcessState): void {
    const before = viewOf(process);
    this.#mounts += 1;
    process.mounts = this.#mounts;
    this.#processes.files.copiedMounts(process, before);
  }

  #enterMounts(process: ProcessState, event: SetnsEvent): void {
    this.#mounts += 1;
    process.mounts = this.#mounts;
    // The kernel makes the root of the namespace that of the caller, wherever that lies (mntns_install).
    process.chroot = '';
    // A runtime goes into the container that it was called for.
    const container = entersContainer(event.caller.comm) ? this.#madeFor(process) : null;
    process.rootfs = container === null ? null : this.#roots.pathOf(container);
    const { observations } = this.#processes;
    const draft = observations.begin(process, observations.fromAudit(event, 'root', ':root'));
    putText(draft, 'rootfs', process.rootfs);
    observations.tell(draft);
  }

  /** Its fork may have been told before audit told what its parent had executed. */
  #madeFor(process: ProcessState): string | null {
    let above: ProcessState | undefined = process;
    for (let steps = 0; above !== undefined && above.madeFor === null && steps < nearAncestors; steps += 1) {
      const { parentTgid, parentKey }: ProcessState = above;
      const parent: ProcessState | undefined =
        parentTgid === null ? undefined : this.#processes.table.latest(parentTgid);
      above = parent?.key === parentKey ? parent : undefined;
    }
    process.madeFor = above?.madeFor ?? null;
    return process.madeFor;
  }

  pivotRoot(process: ProcessState, event: PivotRootEvent): void {
    const base = process.rootfs === null || process.rootfs === '/' ? '' : process.rootfs;
    if (event.newRoot !== null) process.rootfs = `${base}${event.newRoot}`;
    process.chroot = '';
    this.#mounts += 1;
    process.mounts = this.#mounts;
    process.rootDev = null;
    const container = process.containerId == null ? this.#madeFor(process) : null;
    const enters = container !== null && entersContainer(event.caller.comm);
    if (enters) process.containerId = container;
    const { observations } = this.#processes;
    const draft = observations.begin(process, observations.fromAudit(event, 'root'));
    if (event.newRoot !== null) putText(draft, 'rootfs', process.rootfs);
    if (process.containerId !== undefined) draft.containerId = process.containerId;
    putWarnings(draft, [...(event.warnings ?? []), ...(enters ? [containerEntered] : [])]);
    observations.tell(draft);
  }

  /** Of the caller, and of each process that has its root with it. */
  chroot(process: ProcessState, event: ChrootEvent, suffix = ''): void {
    const { chroot, rootfs } = process;
    const { files, observations } = this.#processes;
    const own = event.path ?? files.directory(process, event);
    const isWhole = event.path !== null && event.isWhole;
    const base = chroot === null || !rootfs?.endsWith(chroot) ? null : rootfs.slice(0, rootfs.length - chroot.length);
    if (own === null) process.chroot = null;
    else if (isWhole) process.chroot = own === '/' ? '' : own;
    else process.chroot = chroot === null ? null : `${chroot}${own === '/' ? '' : own}`;
    const isKnown = process.chroot !== null && base !== null;
    process.rootfs = isKnown ? `${base === '/' ? '' : base}${process.chroot}` || '/' : null;
    const told = { ...observations.fromAudit(event, 'root', suffix), ...(suffix !== '' && { pid: process.tgid }) };
    const draft = observations.begin(process, told);
    putText(draft, 'rootfs', process.rootfs);
    if (process.containerId !== undefined) draft.containerId = process.containerId;
    const warnings = event.path === null && own === null ? ['the path of the new root is not known from the call'] : [];
    putWarnings(draft, [...(event.warnings ?? []), ...warnings]);
    observations.tell(draft);
  }
}

function shareRoot(parent: ProcessState, child: ProcessState): void {
  parent.rootSharers ??= new Set([parent]);
  child.rootSharers = parent.rootSharers.add(child);
}

function leaveRoot(process: ProcessState): void {
  process.rootSharers?.delete(process);
  process.rootSharers = null;
}
