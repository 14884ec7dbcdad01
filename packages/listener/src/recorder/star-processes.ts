/** Stars: the processes that are roots of the tree, by their executable, or because the listener said so. */

import { baseName } from '../base-name.ts';
import type { BinaryString, StarEvent } from '../events.ts';
import type { ProcessState } from './process-table.ts';
import type { Processes } from './processes.ts';

/** Its starter has not waited for it yet, so that no other process has had the number since. */
const starsAfterNs = 1_000_000_000n;

export class StarProcesses {
  readonly #executables: readonly string[];
  readonly #processes: Processes;
  readonly #expected = new Set<number>();

  constructor(executables: readonly string[], processes: Processes) {
    this.#executables = executables;
    this.#processes = processes;
  }

  /** `argv` is what it was executed with, where that is known. */
  note(process: ProcessState, argv: readonly BinaryString[] | null | undefined): void {
    if (process.exe === null || !this.#executables.includes(process.exe)) return;
    if (isEngineItself(process.exe, process.comm, argv?.[0])) process.star = true;
  }

  /**
   * The process may be told before its fork is: then it becomes a star with that. Or after its exit: what is told to us
   * and what the kernel tells come by different ways.
   */
  told(event: StarEvent): void {
    const process = this.#processes.table.latest(event.tgid);
    const isIt = process?.exitedNs == null || event.timeNs - process.exitedNs < starsAfterNs;
    if (process !== undefined && isIt) this.#make(process, event.timeNs);
    else this.#expected.add(event.tgid);
  }

  forked(process: ProcessState, timeNs: bigint): void {
    if (this.#expected.delete(process.tgid)) this.#make(process, timeNs);
  }

  #make(process: ProcessState, timeNs: bigint): void {
    const { observations } = this.#processes;
    process.star = true;
    const id = `${observations.origin.sessionId}:star:${process.tgid}`;
    const seen = { observation: 'star', source: 'listener', clock: null, timeNs } as const;
    const draft = observations.begin(process, { ...seen, id, pid: process.tgid });
    draft.star = true;
    observations.tell(draft);
  }
}

/**
 * dockerd runs itself under other names for small tasks (libnetwork-setkey, set-ipv6): the same executable, but not an
 * engine. argv[0] tells them apart, or comm where argv is not known. Other programs may be called what they like.
 */
function isEngineItself(exe: BinaryString, comm: BinaryString | null, called: BinaryString | undefined): boolean {
  if (baseName(exe) !== 'dockerd') return true;
  return called === undefined ? comm === 'dockerd' : baseName(called) === 'dockerd';
}
