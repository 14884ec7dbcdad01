import { describe, expect, it } from 'vitest';
import { type Architecture, auditArch, type SyscallName, syscallName } from '../../src/audit/syscalls.ts';
import type { AuditRule } from '../../src/rules/audit-rule.ts';
import { encodeRule } from '../../src/rules/audit-rule.ts';
import { architecturesOf, describeRule, excludeRule, isOurs, ruleKey, ruleSet } from '../../src/rules/rule-set.ts';

const ofArchitecture = (arch: Architecture) => (rule: AuditRule) =>
  rule.conditions.some(({ field, value }) => field === 'arch' && value === auditArch[arch]);

const namesOf = (arch: Architecture, rules: readonly AuditRule[]): (SyscallName | undefined)[] =>
  rules.flatMap(({ syscalls }) => syscalls.map((number) => syscallName(auditArch[arch], number)));

/** Successful and failed, from rename to utimensat. */
const operations = {
  x86_64: [
    ...['82,264,316,87,263,84,83,258,133,259,86,265,88,266,76,77,285,469,90,91,268,452,92,94,93,260'],
    ...['188,189,190,463,197,198,199,466,132,235,261,280'],
  ].join(','),
  aarch64: '38,276,35,34,33,37,36,45,46,47,469,52,53,452,55,54,5,6,7,463,14,15,16,466,88',
};

/** FICLONE, FICLONERANGE, FIDEDUPERANGE, FS_IOC_SETFLAGS as 64-bit programs have it, FS_IOC_FSSETXATTR. */
const fileIoctls = [0x40049409, 0x4020940d, 0xc0189436, 0x40086602, 0x401c5820];

describe('the rules that godo loads', () => {
  it('are those of the processor, its 32-bit mode included', () => {
    expect(['x64', 'arm64', 'riscv64'].map(architecturesOf)).toEqual([['x86_64', 'i386'], ['aarch64'], []]);
  });

  it('on x86-64 are these', () => {
    expect(ruleSet(['x86_64'], []).map(describeRule)).toEqual([
      '-a always,exit -F arch=b64 -S 59,322 -k godo',
      '-a always,exit -F arch=b64 -F a1&010201103 -F success=1 -S 2 -k godo',
      '-a always,exit -F arch=b64 -F a2&010201103 -F success=1 -S 257,304 -k godo',
      '-a always,exit -F arch=b64 -F success=1 -S 85,437 -k godo',
      '-a always,exit -F arch=b64 -F success=1 -S 3,436,1,18,20,296,328,40,275,326,32,33,292,438,319,22,293,155,161,166,272,308,425 -k godo',
      '-a always,exit -F arch=b64 -F a1=0 -F success=1 -S 72 -k godo',
      '-a always,exit -F arch=b64 -F a1=2 -F success=1 -S 72 -k godo',
      '-a always,exit -F arch=b64 -F a1=1030 -F success=1 -S 72 -k godo',
      '-a always,exit -F arch=b64 -F success=0 -F exit!=-9 -S 3 -k godo',
      '-a always,exit -F arch=b64 -F a1=21584 -F success=1 -S 16 -k godo',
      '-a always,exit -F arch=b64 -F a1=21585 -F success=1 -S 16 -k godo',
      '-a never,exit -F arch=b64 -F a0&0200000 -S 56 -k godo',
      '-a always,exit -F arch=b64 -F success=1 -S 57,58,56,435 -k godo',
      '-a always,exit -F arch=b64 -F a3&01 -F success=1 -S 9 -k godo',
      ...fileIoctls.map((command) => `-a always,exit -F arch=b64 -F a1=${command} -S 16 -k godo`),
      `-a always,exit -F arch=b64 -S ${operations.x86_64} -k godo`,
    ]);
  });

  it('on aarch64, which has no open, creat, dup2, fork and vfork, are fewer', () => {
    expect(ruleSet(['aarch64'], []).map(describeRule)).toEqual([
      '-a always,exit -F arch=b64 -S 221,281 -k godo',
      '-a always,exit -F arch=b64 -F a2&010041103 -F success=1 -S 56,265 -k godo',
      '-a always,exit -F arch=b64 -F success=1 -S 437 -k godo',
      '-a always,exit -F arch=b64 -F success=1 -S 57,436,64,68,66,70,287,71,76,285,23,24,438,279,59,41,51,39,97,268,425 -k godo',
      '-a always,exit -F arch=b64 -F a1=0 -F success=1 -S 25 -k godo',
      '-a always,exit -F arch=b64 -F a1=2 -F success=1 -S 25 -k godo',
      '-a always,exit -F arch=b64 -F a1=1030 -F success=1 -S 25 -k godo',
      '-a always,exit -F arch=b64 -F success=0 -F exit!=-9 -S 57 -k godo',
      '-a always,exit -F arch=b64 -F a1=21584 -F success=1 -S 29 -k godo',
      '-a always,exit -F arch=b64 -F a1=21585 -F success=1 -S 29 -k godo',
      '-a never,exit -F arch=b64 -F a0&0200000 -S 220 -k godo',
      '-a always,exit -F arch=b64 -F success=1 -S 220,435 -k godo',
      '-a always,exit -F arch=b64 -F a3&01 -F success=1 -S 222 -k godo',
      ...fileIoctls.map((command) => `-a always,exit -F arch=b64 -F a1=${command} -S 29 -k godo`),
      `-a always,exit -F arch=b64 -S ${operations.aarch64} -k godo`,
    ]);
  });

  it.each(['x86_64', 'i386', 'aarch64'] as const)(
    'on %s know every call by the number that is its own there',
    (arch) => {
      const names = namesOf(arch, ruleSet([arch], []));

      expect(names).not.toContain(undefined);
      expect(new Set(names).size).toBeGreaterThanOrEqual(19);
    },
  );

  it('of two architectures are those of each, told apart', () => {
    const both = ruleSet(['x86_64', 'i386'], []);

    expect(both).toEqual([...ruleSet(['x86_64'], []), ...ruleSet(['i386'], [])]);
    expect(both.filter(ofArchitecture('i386'))).toEqual(ruleSet(['i386'], []));
  });

  it('pass over threads before they record clones', () => {
    const clones = ruleSet(['x86_64'], []).filter(({ syscalls }) => syscalls.includes(56));

    expect(clones.map(({ action }) => action)).toEqual(['never', 'always']);
  });

  it('on i386 take shared mappings by mmap2, and all by mmap, whose arguments are behind a pointer', () => {
    const mmaps = ruleSet(['i386'], []).filter(({ syscalls }) => syscalls.includes(90) || syscalls.includes(192));

    expect(mmaps.map(describeRule)).toEqual([
      '-a always,exit -F arch=b32 -F a3&01 -F success=1 -S 192 -k godo',
      '-a always,exit -F arch=b32 -F success=1 -S 90 -k godo',
    ]);
  });

  it('exempt whole processes before everything else', () => {
    expect(ruleSet(['aarch64'], [77, 88]).slice(0, 3).map(describeRule)).toEqual([
      '-A never,exit -F pid=77 -S all -k godo',
      '-A never,exit -F pid=88 -S all -k godo',
      '-a always,exit -F arch=b64 -S 221,281 -k godo',
    ]);
  });

  it('all carry our key', () => {
    expect(ruleSet(['x86_64', 'i386', 'aarch64'], [77]).every(({ key }) => key === ruleKey)).toBe(true);
  });

  it('and the one that leaves PROCTITLE out are known as ours, and no other is', () => {
    const { list, action, conditions } = excludeRule;
    const ofOthers = { ...excludeRule, conditions: conditions.slice(0, 1) };

    expect([list, action, describeRule(excludeRule)]).toEqual([
      'exclude',
      'never',
      '-a never,exclude -F msgtype=PROCTITLE -F pid!=1735353455',
    ]);
    expect([excludeRule, ...ruleSet(['x86_64'], [77])].map((rule) => isOurs(encodeRule(rule)))).not.toContain(false);
    expect(isOurs(encodeRule(ofOthers))).toBe(false);
  });
});
