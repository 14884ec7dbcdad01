/** What all that follows processes shares: who there is, their descriptors, and where observations of them go. */

import type { FileRecorder } from './file-recorder.ts';
import { copyDescriptors } from './fork-inheritance.ts';
import { type FirstFacts, newProcess } from './new-process.ts';
import type { Observations } from './observations.ts';
import { type ProcessState, ProcessTable } from './process-table.ts';

export class Processes {
  readonly table = new ProcessTable();
  readonly files: FileRecorder;
  readonly observations: Observations;

  constructor(files: FileRecorder, observations: Observations) {
    this.files = files;
    this.observations = observations;
  }

  make(tgid: number, startTicks: number | null, startNs: bigint | null, facts: FirstFacts): ProcessState {
    const process = newProcess(this.observations.origin.bootId, tgid, startTicks, startNs, facts);
    this.table.add(process);
    return process;
  }

  /** A process whose start nobody told. */
  makeUnseen(tgid: number, mark: string): ProcessState {
    const process = this.make(tgid, null, null, { mark, provisional: true });
    process.tasks.add(tgid);
    return process;
  }

  end(process: ProcessState, timeNs: bigint): void {
    // Children whose descriptors were not copied yet must not lose what they inherited.
    for (const child of process.uncloned) copyDescriptors(child);
    process.uncloned.length = 0;
    copyDescriptors(process);
    this.files.exit(process, timeNs);
    process.exitedNs = timeNs;
    process.tasks.clear();
    this.table.end(process);
  }
}
