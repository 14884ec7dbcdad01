/**
 * When the kernel is asked again whether it still does what we asked for. Each question makes the kernel start a thread
 * for its answer, and each of those is a fork and an exit that the connector tells: a host at rest would be busy with
 * our questions.
 */

/** So long after a look there is another one, whatever happened. */
const atRestMs = 10_000;
/** Records since the last tick with which the kernel's queue may have been full. */
const manyRecords = 1_000;

export interface Seen {
  readonly auditRecords: number;
  readonly auditOverruns: number;
  /** Records of changes to audit's settings and rules: the kernel makes one before audit is switched off, too. */
  readonly configChanges: number;
  /** Messages that somebody else wants the audit role. */
  readonly roleRequests: number;
}

export class LookPace {
  #lookMs = Number.NEGATIVE_INFINITY;
  #last: Seen = { auditRecords: 0, auditOverruns: 0, configChanges: 0, roleRequests: 0 };

  /** Call it about once a second with what was counted so far; `nowMs` of a clock that never goes back. */
  isDue(nowMs: number, seen: Seen): boolean {
    const { auditRecords, auditOverruns, configChanges, roleRequests } = this.#last;
    const due =
      nowMs - this.#lookMs >= atRestMs ||
      seen.configChanges !== configChanges ||
      seen.roleRequests !== roleRequests ||
      seen.auditOverruns !== auditOverruns ||
      seen.auditRecords - auditRecords >= manyRecords;
    this.#last = seen;
    if (due) this.#lookMs = nowMs;
    return due;
  }
}
