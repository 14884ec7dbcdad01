/** The kernel as witness: it takes the rules, and lists them as we meant them. */

import { execFileSync } from 'node:child_process';
import { release } from 'node:os';
import { addAuditRule, deleteAuditRule, listAuditRules } from '@godo/native';
import { describe, expect, it } from 'vitest';
import { withAuditExperiment } from '../../../../native/test/support/audit-experiment.ts';
import { lockedTestMs } from '../../../../native/test/support/audit-lock.ts';
import { describeAsRoot } from '../../../../native/test/support/privilege.ts';
import { type AuditRule, encodeRule } from '../../src/rules/audit-rule.ts';
import {
  architecturesOf,
  describeRule,
  excludeRule,
  isOurs,
  isRecording,
  isSensitive,
  ruleSet,
} from '../../src/rules/rule-set.ts';
import { type SensitivePlace, sensitiveRules } from '../../src/rules/sensitive-rules.ts';
import { uringRuleSet, uringTrial } from '../../src/rules/uring-rules.ts';
import { canonicalRule, findAuditctl } from '../support/auditctl.ts';

const limitMs = 5000;

const ours = (control: number) => listAuditRules(control, limitMs).filter(isOurs);

/** Loads the rules while `work` runs. Refuses where a listener has its rules loaded: they are not ours to delete. */
async function withRules(rules: readonly AuditRule[], work: (control: number) => void): Promise<void> {
  await withAuditExperiment((control) => {
    if (ours(control).length > 0) throw new Error('rules of a listener are loaded: stop it, or run `godo cleanup`');
    try {
      for (const rule of rules) addAuditRule(control, encodeRule(rule), limitMs);
      work(control);
    } finally {
      for (const rule of ours(control)) deleteAuditRule(control, rule, limitMs);
    }
  });
}

const [major = 0, minor = 0] = release().split('.').map(Number);
const hasUringRules = major * 1000 + minor >= 5016;
const places: readonly SensitivePlace[] = [
  { field: 'path', path: '/etc/shadow', isSocket: false },
  { field: 'path', path: '/run/not-there-yet.sock', isSocket: true },
  { field: 'dir', path: '/etc/ssl', isSocket: false },
];
const architectures = architecturesOf(process.arch);
const recording = [...ruleSet(architectures, [process.pid]), excludeRule];
const sensitive = places.flatMap((place) => sensitiveRules(architectures, place));
const rules = [...recording, ...sensitive];

describeAsRoot('the kernel', () => {
  it('lists every rule of the set as ours, in the order that was meant', { timeout: lockedTestMs }, async () => {
    let listed: Uint8Array[] = [];
    await withRules(rules, (control) => {
      listed = ours(control);
    });

    expect(listed.map(withoutPrepend).filter((rule) => !ofPaths.has(rule))).toEqual(forms(recording));
    // Those of paths are listed by the numbers of their inodes.
    expect(
      listed
        .map(withoutPrepend)
        .filter((rule) => ofPaths.has(rule))
        .sort(),
    ).toEqual([...ofPaths].sort());
    expect([listed.filter(isRecording).length, listed.filter(isSensitive).length]).toEqual([
      recording.length,
      sensitive.length,
    ]);
  });

  it.skipIf(!hasUringRules)('lists the rules for io_uring as ours too', { timeout: lockedTestMs }, async () => {
    const wanted = [...uringRuleSet([process.pid]), uringTrial];
    let listed: Uint8Array[] = [];
    await withRules(wanted, (control) => {
      listed = ours(control);
    });

    expect(listed.map(withoutPrepend)).toEqual(wanted.map((rule) => withoutPrepend(encodeRule(rule))));
  });

  const auditctl = findAuditctl();
  const describeWithAuditctl = auditctl === null && process.env.CI !== 'true' ? describe.skip : describe;

  describeWithAuditctl('as auditctl prints it', () => {
    it('has the rules that describeRule tells', { timeout: lockedTestMs }, async () => {
      let printed = '';
      await withRules(rules, () => {
        printed = execFileSync(auditctl ?? 'auditctl', ['-l'], { encoding: 'utf8' });
      });
      const lines = printed.split('\n').filter((line) => line !== '' && line !== 'No rules');

      const sorted = (all: readonly string[]) => all.map((line) => JSON.stringify(canonicalRule(line))).sort();

      expect(sorted(lines)).toEqual(sorted(rules.map(describeRule)));
    });
  });
});

const forms = (all: readonly AuditRule[]) => all.map((rule) => withoutPrepend(encodeRule(rule)));
const ofPaths = new Set(forms(sensitive));

/** AUDIT_FILTER_PREPEND says where to put a rule; the kernel does not keep it. */
function withoutPrepend(rule: Uint8Array): string {
  const bytes = Buffer.from(rule);
  bytes.writeUInt32LE(bytes.readUInt32LE(0) & 0xf, 0);
  return bytes.toString('hex');
}
