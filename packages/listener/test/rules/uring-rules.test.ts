import { expect, it } from 'vitest';
import { encodeRule, isHiding } from '../../src/rules/audit-rule.ts';
import { describeRule, isOurs } from '../../src/rules/rule-set.ts';
import { uringRuleSet, uringTrial } from '../../src/rules/uring-rules.ts';

it('io_uring has rules of its own, for operations that are told of files', () => {
  expect(uringRuleSet([77]).map(describeRule)).toEqual([
    '-A never,io_uring -F pid=77 -U all -k godo',
    '-a always,io_uring -F success=1 -U 18,28,19,17,55,35,36,37,38,39,42,41 -k godo',
  ]);
});

it('rules for io_uring are known as ours', () => {
  expect([...uringRuleSet([77]), uringTrial].map((rule) => isOurs(encodeRule(rule)))).toEqual([true, true, true]);
});

it('a rule for io_uring is on the list AUDIT_FILTER_URING_EXIT, and one that never records hides', () => {
  const [never, always] = uringRuleSet([77]).map(encodeRule) as [Uint8Array, Uint8Array];

  expect([Buffer.from(never).readUInt32LE(0), Buffer.from(always).readUInt32LE(0)]).toEqual([7 | 0x10, 7]);
  expect([isHiding(never), isHiding(always)]).toEqual([true, false]);
});
