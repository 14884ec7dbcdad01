/** Rules for what processes do through io_uring: no rule for system calls sees it, and they hold for all architectures. */

import { uringNumbers } from '../audit/uring-numbers.ts';
import type { AuditRule } from './audit-rule.ts';
import { markOfOurs, ruleKey } from './rule-set.ts';

/**
 * Of the operations that the kernel tells audit of (audit_skip in io_uring/opdef.c: reads, writes and what waits are not
 * among them), those that say something of files. Not a splice: neither its files nor how much it moved are told.
 * What failed at once is tried again by a worker, which makes a record of its own.
 */
const recording: AuditRule = {
  list: 'io_uring',
  action: 'always',
  syscalls: Object.values(uringNumbers),
  conditions: [{ field: 'success', operator: '=', value: 1 }],
  first: false,
  key: ruleKey,
};

/** Matches no process: {@link markOfOurs} is no pid. */
export const uringTrial: AuditRule = {
  ...recording,
  conditions: [{ field: 'pid', operator: '=', value: markOfOurs.value }],
};

/** @param exemptPids as of ruleSet. */
export function uringRuleSet(exemptPids: readonly number[]): AuditRule[] {
  const exempting = exemptPids.map(
    (pid): AuditRule => ({
      ...recording,
      action: 'never',
      syscalls: [],
      conditions: [{ field: 'pid', operator: '=', value: pid }],
      first: true,
    }),
  );
  return [...exempting, recording];
}
