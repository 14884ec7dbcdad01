/** Files that wait to be read. One that is closed again and again is read once, when it rests. Pure. */

import type { ContentJob } from './content-job.ts';

/** So long after a close it is waited for another one, and so long at most. */
const restMs = 200;
const mostWaitMs = 2_000;

interface Waiting {
  readonly job: ContentJob;
  readonly firstMs: number;
  readonly dueMs: number;
}

export class ContentQueue {
  /** By the file, the one that came first before the others. */
  readonly #waiting = new Map<string, Waiting>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Returns whether a job for the same file was there, which this one stands for now. `nowMs` of a clock that never goes back. */
  add(job: ContentJob, nowMs: number): boolean {
    const { dev, inode, path, fileSessionId } = job;
    // An inode that was given out again is another file, mostly with another name.
    const file = dev === null || inode === null ? fileSessionId : `${dev} ${inode} ${path}`;
    const before = this.#waiting.get(file);
    const firstMs = before?.firstMs ?? nowMs;
    this.#waiting.set(file, { job, firstMs, dueMs: Math.min(nowMs + restMs, firstMs + mostWaitMs) });
    return before !== undefined;
  }

  /** The next that is due; null: none is. `atOnce`: nothing is waited for any more. */
  take(nowMs: number, atOnce = false): ContentJob | null {
    for (const [file, { job, dueMs }] of this.#waiting) {
      if (!atOnce && dueMs > nowMs) continue;
      this.#waiting.delete(file);
      return job;
    }
    return null;
  }

  /** ms until one is due; null: none waits. */
  waitMs(nowMs: number): number | null {
    let due = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#waiting.values()) due = Math.min(due, dueMs);
    return due === Number.POSITIVE_INFINITY ? null : Math.max(0, due - nowMs);
  }
}
