/** Forks as the connector tells them, and the calls that made them, which audit tells later. */

import { cloneFiles } from '../audit/syscalls.ts';
import type { CloneEvent, ForkEvent } from '../events.ts';
import { awaitCopy, copyDescriptors, inheritPlace } from './fork-inheritance.ts';
import { factsOf, isSameStart, startOfFork } from './process-lives.ts';
import type { ProcessNumbers } from './process-numbers.ts';
import type { ProcessPlaces } from './process-places.ts';
import type { ProcessState } from './process-table.ts';
import type { Processes } from './processes.ts';

export class ProcessBirths {
  readonly #processes: Processes;
  readonly #places: ProcessPlaces;
  readonly #numbers: ProcessNumbers;

  constructor(processes: Processes, places: ProcessPlaces, numbers: ProcessNumbers) {
    this.#processes = processes;
    this.#places = places;
    this.#numbers = numbers;
  }

  /** The process that was made, or that has a new thread. */
  forked(event: ForkEvent, warnings: string[]): ProcessState {
    return event.pid === event.tgid ? this.#processOf(event, warnings) : this.#threadOf(event, warnings);
  }

  #processOf(event: ForkEvent, warnings: string[]): ProcessState {
    const { table } = this.#processes;
    const startTicks = startOfFork(event);
    const facts = event.proc !== null && event.proc.startTicks === startTicks ? event.proc : null;
    const known = table.alive(event.tgid);
    const parent = table.alive(event.parentTgid);
    const parentKey = parent?.key ?? null;
    if (known?.startTicks != null && isSameStart(known.startTicks, event.ticks) && !known.provisional) {
      // The snapshot saw it first; the kernel knows its parent better.
      known.ppid = event.parentPid;
      known.parentTgid = event.parentTgid;
      known.parentKey = parentKey;
      return known;
    }
    if (known !== undefined) {
      warnings.push(`the exit of the process that had this number before (${known.key}) was not seen`);
      this.#processes.end(known, event.timeNs);
    }
    if (parent === undefined) warnings.push('its parent is not known');
    const child = this.#processes.make(event.tgid, startTicks, event.timeNs, {
      ppid: event.parentPid,
      parentTgid: event.parentTgid,
      parentKey,
      comm: parent?.comm ?? null,
      exe: parent?.exe ?? null,
      exeDeleted: parent?.exeDeleted,
      cwd: parent?.cwd ?? null,
      rootfs: parent?.rootfs ?? null,
      mounts: parent?.mounts ?? 0,
      chroot: parent === undefined ? '' : parent.chroot,
      containerId: facts?.containerId !== undefined ? facts.containerId : parent?.containerId,
      rootDev: parent?.rootDev ?? null,
    });
    child.inherits = parent === undefined ? null : 'place';
    if (facts !== null) this.#places.apply(child, facts);
    child.madeFor = parent?.madeFor ?? null;
    if (parent !== undefined) this.#numbers.await(parent, child);
    if (parent !== undefined) awaitCopy(parent, child);
    return child;
  }

  #threadOf(event: ForkEvent, warnings: string[]): ProcessState {
    const process = this.#processes.table.alive(event.tgid);
    if (process !== undefined) {
      const facts = factsOf(process, event.proc);
      if (facts !== null) this.#places.apply(process, facts);
      return process;
    }
    warnings.push('the start of its process was not seen');
    return this.#processes.makeUnseen(event.tgid, `${event.monotonicNs}`);
  }

  /** A fork returned in the parent: this is the point of the parent's history that the child's descriptors are from. */
  cloned(process: ProcessState, event: CloneEvent): void {
    // clone3 makes threads as well, and no rule can tell: they share the descriptors.
    if (process.tasks.has(event.childPid)) return;
    this.#numbers.cloned(process, event);
    const { uncloned } = process;
    // Inside a container the number is not the host's: then the child that was forked first is meant.
    const first = process.containerId == null ? undefined : uncloned[0];
    const child = uncloned.find((candidate) => candidate.tgid === event.childPid) ?? first;
    if (child === undefined) return;
    uncloned.splice(uncloned.indexOf(child), 1);
    inheritPlace(process, child);
    if (this.#haveOneTable(process, child, event)) this.#processes.files.share(process, child);
    else copyDescriptors(child);
    this.#places.cloned(process, child, event);
  }

  /** clone3 does not tell its flags: then the kernel says whether they share their descriptors still. */
  #haveOneTable(parent: ProcessState, child: ProcessState, { flags }: CloneEvent): boolean {
    if (child.executed) return false;
    if (flags !== null) return (flags & cloneFiles) !== 0;
    return child.lastExecNs === 0n && this.#processes.files.found.areShared(child, parent);
  }

  /** Records were lost: which call made which of the children that wait for theirs is not sure any more. */
  lost(): void {
    for (const { uncloned, unnumbered, descriptors } of this.#processes.table.all()) {
      for (const child of [...uncloned, ...unnumbered]) child.doubtful = true;
      descriptors.forgetAllElsewhere();
    }
  }
}
