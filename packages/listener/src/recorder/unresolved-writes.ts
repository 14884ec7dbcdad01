/** Writes of which nobody can say any more what they went to: counted, and told now and then. */

import type { LossFacts } from '../loss-event.ts';
import type { ProcessState } from './process-table.ts';

/** Between two warnings, so that a host where this is usual is not told of it all the time. */
const tellNs = 600_000_000_000n;

export class UnresolvedWrites {
  /** Of the whole run. */
  writes = 0;
  #since = { writes: 0, bytes: 0, processes: 0, met: new WeakSet<ProcessState>() };
  #toldNs: bigint | null = null;

  add(process: ProcessState, writes: number, bytes: number): void {
    if (writes <= 0) return;
    const since = this.#since;
    this.writes += writes;
    since.writes += writes;
    since.bytes += bytes;
    if (since.met.has(process)) return;
    since.met.add(process);
    since.processes += 1;
  }

  /** What is to be told of those since the last time; null: nothing, or not yet. */
  due(timeNs: bigint, atOnce: boolean): LossFacts | null {
    const { writes, bytes, processes } = this.#since;
    if (writes === 0 || (!atOnce && this.#toldNs !== null && timeNs - this.#toldNs < tellNs)) return null;
    this.#toldNs = timeNs;
    this.#since = { writes: 0, bytes: 0, processes: 0, met: new WeakSet() };
    const which = `${writes} write(s), ${bytes} bytes, of ${processes} process(es)`;
    const reason = `${which} went to descriptors that no call told of, and that could not be looked at in /proc any more: pipes, sockets or terminals, or files that were received from another process.`;
    return { severity: 'warning', source: 'proc', count: writes, reason };
  }
}
