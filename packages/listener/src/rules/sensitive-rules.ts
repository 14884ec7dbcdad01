/** The rules about sensitive files: who opens them, also for reading, and who connects to sockets among them. */

import { type Architecture, auditArch, type SyscallName, socketcallConnect, syscallNumber } from '../audit/syscalls.ts';
import type { AuditRule, RuleCondition, RulePlace } from './audit-rule.ts';
import { sensitiveKey } from './rule-keys.ts';

/** A file or folder as the kernel is to watch it: an absolute path of which no part but the last may be a link. */
export interface SensitivePlace extends RulePlace {
  /** It is a socket, or may become one. */
  readonly isSocket: boolean;
}

/**
 * Of programs of each architecture. Failed calls match too, where they got as far as the file. Whatever was opened for
 * writing has matched a rule before these.
 */
export function sensitiveRules(architectures: readonly Architecture[], place: SensitivePlace): AuditRule[] {
  return architectures.flatMap((arch) => {
    const ofArch: RuleCondition = { field: 'arch', operator: '=', value: auditArch[arch] };
    const opens = ['open', 'openat', 'openat2', ...(place.isSocket ? (['connect'] as const) : [])] as const;
    const rules = [ruleOf(numbers(arch, opens), [ofArch], place)];
    const socketcall = place.isSocket ? numbers(arch, ['socketcall']) : [];
    if (socketcall.length > 0) {
      const connects: RuleCondition = { field: 'a0', operator: '=', value: socketcallConnect };
      rules.push(ruleOf(socketcall, [ofArch, connects], place));
    }
    return rules;
  });
}

function numbers(arch: Architecture, names: readonly SyscallName[]): number[] {
  return names.flatMap((name) => syscallNumber(arch, name) ?? []);
}

function ruleOf(
  syscalls: readonly number[],
  conditions: readonly RuleCondition[],
  { field, path }: SensitivePlace,
): AuditRule {
  return {
    list: 'exit',
    action: 'always',
    syscalls,
    conditions,
    place: { field, path },
    first: false,
    key: sensitiveKey,
  };
}
