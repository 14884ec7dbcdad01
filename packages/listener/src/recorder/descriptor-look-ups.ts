/**
 * What nothing told of a descriptor, and /proc may still show. Whoever records live looks; when a --diag file is recorded
 * again, what was found stands there before the event that it was looked up for.
 *
 * To know more of descriptors: `find` tells of any number of a process what it refers to now, a directory too. Whoever asks
 * remembers the answer, and forgets it where a call gives the number away (DescriptorTable).
 */

import type { DescriptorFoundEvent, DescriptorsSharedEvent, HeldDescriptor, LookUpEvent } from '../events.ts';
import type { ProcessState } from './process-table.ts';

/** Descriptors of recorded sessions that may refer to the same open file description as one of this file. */
export type HoldersOf = (dev: string, inode: string) => readonly HeldDescriptor[];

/** Looks at /proc now. What it returns has been written into the --diag file, if there is one. */
export interface DescriptorLooks {
  /** null: there was no time for it. */
  descriptor(wanted: HeldDescriptor, holders: HoldersOf): DescriptorFoundEvent | null;
  /** null: they do not share their descriptors, or it is not to be told. */
  sharing(child: Omit<HeldDescriptor, 'fd'>, parent: Omit<HeldDescriptor, 'fd'>): DescriptorsSharedEvent | null;
}

const nobody: HoldersOf = () => [];

export class DescriptorLookUps {
  readonly #looks: DescriptorLooks | null;
  #told: LookUpEvent[] = [];

  /** null: nobody can look, all there is is what is told. */
  constructor(looks: DescriptorLooks | null) {
    this.#looks = looks;
  }

  /** What was found for the event that comes next. */
  tell(event: LookUpEvent): void {
    this.#told.push(event);
  }

  /** The event for which something was told has been recorded. */
  forget(): void {
    if (this.#told.length > 0) this.#told = [];
  }

  /**
   * What a descriptor of a process refers to, a few ms to a second after the call that is being recorded: who asks must
   * take it back where a call that is told later gave the number away before `timeNs`. null: nobody could look.
   */
  find({ tgid, startTicks, exitedNs }: ProcessState, fd: number, holders = nobody): DescriptorFoundEvent | null {
    // Of a process whose start is not known nobody can say whether it is the one that /proc shows.
    if (startTicks === null) return null;
    for (const told of this.#told) {
      if (told.kind === 'descriptor-found' && told.tgid === tgid && told.fd === fd) return told;
    }
    if (this.#looks === null || exitedNs !== null) return null;
    return this.#looks.descriptor({ tgid, startTicks, fd }, holders);
  }

  /** Whether a child has the same table of descriptors as its parent. */
  areShared(child: ProcessState, parent: ProcessState): boolean {
    if (child.startTicks === null || parent.startTicks === null) return false;
    const isIt = (told: LookUpEvent) => told.kind === 'descriptors-shared' && told.tgid === child.tgid;
    if (this.#told.some(isIt)) return true;
    if (this.#looks === null || child.exitedNs !== null || parent.exitedNs !== null) return false;
    const { startTicks } = child;
    return (
      this.#looks.sharing({ tgid: child.tgid, startTicks }, { tgid: parent.tgid, startTicks: parent.startTicks }) !==
      null
    );
  }
}
