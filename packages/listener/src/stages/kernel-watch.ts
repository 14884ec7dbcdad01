/** Watches what the kernel says of audit while we listen: its own losses, and whether it still does what we asked for. */

import { isoTime } from '@godo/evidence';
import type { AuditStatus } from '@godo/native';
import type { MissedTime } from '../events.ts';
import { type AuditIntake, type AuditRole, isAlive } from '../kernel/audit-role.ts';
import { realtimeNs } from '../kernel/host.ts';
import type { LossFacts } from '../loss-event.ts';
import type { AuditRule } from '../rules/audit-rule.ts';
import { kernelLoss } from './kernel-loss.ts';

/** A role that nobody has is taken after this: a daemon that is being started again comes back before. */
const freeMs = 10_000;

export class KernelWatch {
  readonly #role: AuditRole;
  readonly #rulesOf: (intake: AuditIntake) => readonly AuditRule[];
  #rules: readonly AuditRule[];
  readonly #tell: (loss: LossFacts) => void;
  readonly #lostAtStart: number;
  #lost: number;
  #taskNeverRules: number;
  #lastLookNs = realtimeNs();
  /** How often somebody else has asked for the role. */
  #requests = 0;
  /** ms of performance.now() since which nobody has the role; null: somebody has. */
  #freeSinceMs: number | null = null;

  /** The role has been taken. `rulesOf`: what is to be loaded with the role, and beside another daemon. */
  constructor(
    role: AuditRole,
    rulesOf: (intake: AuditIntake) => readonly AuditRule[],
    tell: (loss: LossFacts) => void,
  ) {
    this.#role = role;
    this.#rulesOf = rulesOf;
    this.#rules = rulesOf(role.intake);
    this.#tell = tell;
    this.#lost = role.status().lost;
    this.#lostAtStart = this.#lost;
    this.#taskNeverRules = role.taskNeverRules();
  }

  /** Records that the kernel dropped since we listen. */
  get lost(): number {
    return this.#lost - this.#lostAtStart;
  }

  /** As it counts since the boot. */
  get lostByKernel(): number {
    return this.#lost;
  }

  get rules(): readonly AuditRule[] {
    return this.#rules;
  }

  /**
   * Call it about once a second. `roleRequests`: how often somebody else has asked for the role so far.
   * @throws NativeError when the kernel does not answer.
   */
  look(roleRequests: number): void {
    const nowNs = realtimeNs();
    const { enabled, pid } = this.countLost();
    const between = { from: isoTime(this.#lastLookNs), to: isoTime(nowNs) };
    this.#lookAtRules(enabled, between);
    if (this.#role.intake === 'multicast') this.#lookAtOthersRole(pid, between);
    else if (pid === process.pid && roleRequests > this.#requests) this.#giveWay(null, between);
    else if (pid !== process.pid) this.#roleIsGone(pid, between);
    this.#requests = roleRequests;
    this.#lastLookNs = nowNs;
  }

  /** Only the kernel's own losses: at the end, when our rules are gone because we removed them. */
  countLost(): AuditStatus {
    const status = this.#role.status();
    if (status.lost > this.#lost) {
      const missed = this.#missed();
      this.#tell({ ...kernelLoss(this.#lost, status.lost, missed), missed });
    }
    this.#lost = status.lost;
    return status;
  }

  /** Until the last look nothing had been. */
  #missed(): MissedTime {
    return { sinceNs: this.#lastLookNs, untilNs: realtimeNs() };
  }

  #lookAtRules(enabled: number, between: { from: string; to: string }): void {
    if (this.#role.immutable) return;
    this.#lookAtTaskRules(between);
    const missing = this.#rules.length - this.#role.recordingRules();
    if (missing <= 0 && enabled !== 0) return;
    const what = enabled === 0 ? 'switched audit off' : `removed ${missing} of our audit rules`;
    const reason = `Somebody ${what}: calls between these times may not have been recorded.`;
    this.#tell({ source: 'audit-rules', reason, ...between, missed: this.#missed() });
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

  #roleIsGone(pid: number, between: { from: string; to: string }): void {
    if (isAlive(pid)) {
      this.#giveWay(pid, between);
      return;
    }
    this.#tell({
      source: 'audit-socket',
      reason: 'The kernel had let go of us as its audit daemon: records between these times are lost.',
      ...between,
      missed: this.#missed(),
    });
    this.#role.takeAgain();
  }

  /** null: it has asked, and is most likely being started again by now. */
  #giveWay(pid: number | null, between: { from: string; to: string }): void {
    this.#role.giveWay();
    this.#changeRules();
    const shared = 'from now on records are read from the multicast group, which drops records when we are slow';
    if (pid === null) {
      const reason = `Another audit daemon has asked for the audit role, which godo has given up for it (start it again where it did not wait): ${shared}.`;
      this.#tell({ severity: 'warning', source: 'audit-socket', reason, ...between });
      return;
    }
    const reason = `Another process (pid ${pid}) has taken the audit role from us: records between these times are lost; ${shared}.`;
    this.#tell({ source: 'audit-socket', reason, ...between, missed: this.#missed() });
  }

  /** The role of another daemon: once that has ended, its records would go into the kernel's log. */
  #lookAtOthersRole(pid: number, between: { from: string; to: string }): void {
    if (isAlive(pid) || this.#role.immutable) {
      this.#freeSinceMs = null;
      return;
    }
    this.#freeSinceMs ??= performance.now();
    if (performance.now() - this.#freeSinceMs < freeMs || !this.#role.takeFree(process.pid)) return;
    this.#freeSinceMs = null;
    this.#changeRules();
    const reason =
      'The audit role was free, and godo has taken it: of the moment in which it did a record may be missing.';
    this.#tell({ severity: 'warning', source: 'audit-socket', reason, ...between, missed: this.#missed() });
  }

  #changeRules(): void {
    const rules = this.#rulesOf(this.#role.intake);
    this.#role.change(this.#rules, rules);
    this.#rules = rules;
  }
}
