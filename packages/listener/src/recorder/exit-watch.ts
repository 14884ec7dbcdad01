/** Decides when exits of tasks are the end of a process. */

import type { ExitEvent } from '../events.ts';
import type { ProcessState } from './process-table.ts';

export class ExitWatch {
  /** Exits of leaders whose other threads went on. */
  readonly #leaders = new WeakMap<ProcessState, ExitEvent>();

  /**
   * Takes the exit of a task out of the process's tasks. The exits to be written down now: none where the leader ended
   * and its threads go on (it is told with the last of them), or where an exec from another thread replaced the leader.
   */
  tell(process: ProcessState, event: ExitEvent): ExitEvent[] {
    const leader = event.pid === process.tgid;
    if (leader && event.monotonicNs < process.lastExecNs) return [];
    process.tasks.delete(event.pid);
    if (leader && process.tasks.size > 0) {
      this.#leaders.set(process, event);
      return [];
    }
    const held = process.tasks.size === 0 ? this.#leaders.get(process) : undefined;
    // An exec from another thread made that thread the leader: the held exit was of a task, not of the process.
    return held === undefined || held.monotonicNs < process.lastExecNs ? [event] : [event, held];
  }
}
