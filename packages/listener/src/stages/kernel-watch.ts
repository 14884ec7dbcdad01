/** Watches what the kernel says of audit while we listen: its own losses, and whether it still does what we asked for. */

import { isoTime } from '@godo/evidence';
import type { AuditStatus } from '@godo/native';
import type { AuditRole } from '../kernel/audit-role.ts';
import { realtimeNs } from '../kernel/host.ts';
import type { LossFacts } from '../loss-event.ts';
import type { AuditRule } from '../rules/audit-rule.ts';

export class KernelWatch {
  readonly #role: AuditRole;
  readonly #rules: readonly AuditRule[];
  readonly #tell: (loss: LossFacts) => void;
  readonly #lostAtStart: number;
  #lost: number;
  #taskNeverRules: number;
  #lastLookNs = realtimeNs();
  /** Another daemon has our role: said once, not every second. */
  #roleTakenBy = 0;

  constructor(role: AuditRole, rules: readonly AuditRule[], tell: (loss: LossFacts) => void) {
    this.#role = role;
    this.#rules = rules;
    this.#tell = tell;
    this.#lost = role.status().lost;
    this.#lostAtStart = this.#lost;
    this.#taskNeverRules = role.taskNeverRules();
  }

  /** Records that the kernel dropped since we listen. */
  get lost(): number {
    return this.#lost - this.#lostAtStart;
  }

  /** Call it about once a second. @throws NativeError when the kernel does not answer. */
  look(): void {
    const nowNs = realtimeNs();
    const { enabled, pid } = this.countLost();
    const between = { from: isoTime(this.#lastLookNs), to: isoTime(nowNs) };
    this.#lookAtRules(enabled, between);
    if (this.#role.intake === 'unicast') this.#lookAtRole(pid, between);
    this.#lastLookNs = nowNs;
  }

  /** Only the kernel's own losses: at the end, when our rules are gone because we removed them. */
  countLost(): AuditStatus {
    const status = this.#role.status();
    if (status.lost > this.#lost) {
      const count = status.lost - this.#lost;
      const reason = `The kernel dropped ${count} audit record(s): its queue was full.`;
      this.#tell({ source: 'audit-kernel', from: String(this.#lost), to: String(status.lost), count, reason });
    }
    this.#lost = status.lost;
    return status;
  }

  #lookAtRules(enabled: number, between: { from: string; to: string }): void {
    if (this.#role.immutable) return;
    this.#lookAtTaskRules(between);
    const missing = this.#rules.length - this.#role.ownRules();
    if (missing <= 0 && enabled !== 0) return;
    const what = enabled === 0 ? 'switched audit off' : `removed ${missing} of our audit rules`;
    const reason = `Somebody ${what}: calls between these times may not have been recorded.`;
    this.#tell({ source: 'audit-rules', reason, ...between });
    // Locked meanwhile (enabled 2): there is nothing to be done until the next boot.
    if (enabled !== 2) this.#role.load(this.#rules);
  }

  /** Those that were there at the start are a blind spot of the whole run. */
  #lookAtTaskRules(between: { from: string; to: string }): void {
    const rules = this.#role.taskNeverRules();
    if (rules > this.#taskNeverRules) {
      const reason = `Somebody loaded ${rules - this.#taskNeverRules} task,never rule(s): tasks that match them and were forked since make no records, so their execs and file writes are not seen.`;
      this.#tell({ severity: 'warning', source: 'blind-spot', reason, ...between });
    }
    this.#taskNeverRules = rules;
  }

  #lookAtRole(pid: number, between: { from: string; to: string }): void {
    if (pid === process.pid) {
      this.#roleTakenBy = 0;
      return;
    }
    if (pid === 0) {
      this.#tell({
        source: 'audit-socket',
        reason: 'The kernel had let go of us as its audit daemon: records between these times are lost.',
        ...between,
      });
      this.#role.takeAgain();
    } else if (pid !== this.#roleTakenBy) {
      this.#roleTakenBy = pid;
      const reason = `Another process (pid ${pid}) has taken the audit role from us: from now on no audit record reaches this listener; start it again.`;
      this.#tell({ source: 'audit-socket', reason, from: between.from });
    }
  }
}
