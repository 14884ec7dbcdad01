import { expect, it } from 'vitest';
import {
  addAuditRule,
  closeSocket,
  deleteAuditRule,
  getAuditStatus,
  listAuditRules,
  openAuditControl,
  setAuditStatus,
} from '../index.js';
import { withAuditExperiment } from './support/audit-experiment.ts';
import { lockedTestMs } from './support/audit-lock.ts';
import { exitRule, isTestRule } from './support/audit-rules.ts';
import { describeAsRoot } from './support/privilege.ts';

const limitMs = 5000;
// Above the largest pid_max there can be: matches nothing.
const neverAPid = 0x7ffffffe;

describeAsRoot('the audit control socket', () => {
  it('reads every field of the status', () => {
    const control = openAuditControl();
    try {
      const aNumber = expect.any(Number);
      expect(getAuditStatus(control, limitMs)).toEqual({
        enabled: aNumber,
        failure: aNumber,
        pid: aNumber,
        rateLimit: aNumber,
        backlogLimit: aNumber,
        lost: aNumber,
        backlog: aNumber,
        featureBitmap: aNumber,
        backlogWaitTime: aNumber,
        backlogWaitTimeActual: aNumber,
      });
    } finally {
      closeSocket(control);
    }
  });

  it('sets just the fields that are given', { timeout: lockedTestMs }, async () => {
    await withAuditExperiment((control) => {
      const { backlog: _, lost: __, ...before } = getAuditStatus(control, limitMs);
      setAuditStatus(control, { backlogLimit: 8192, backlogWaitTime: 3 }, limitMs);
      expect(getAuditStatus(control, limitMs)).toMatchObject({ ...before, backlogLimit: 8192, backlogWaitTime: 3 });
    });
  });

  it('resets the loss counter', { timeout: lockedTestMs }, async () => {
    await withAuditExperiment((control) => {
      const fields: object = { lost: 0 };
      setAuditStatus(control, fields, limitMs);
      expect(getAuditStatus(control, limitMs).lost).toBe(0);
    });
  });

  it('adds, lists and deletes a rule in binary form', { timeout: lockedTestMs }, async () => {
    await withAuditExperiment((control) => {
      const rule = exitRule('mount', { pid: neverAPid });
      const others = listAuditRules(control, limitMs);
      addAuditRule(control, rule, limitMs);
      expect(listAuditRules(control, limitMs).filter(isTestRule)).toEqual([rule]);
      expect(() => addAuditRule(control, rule, limitMs)).toThrow(
        expect.objectContaining({ code: 'EEXIST', errno: 17, syscall: 'AUDIT_ADD_RULE' }),
      );
      deleteAuditRule(control, rule, limitMs);
      expect(() => deleteAuditRule(control, rule, limitMs)).toThrow(
        expect.objectContaining({ code: 'ENOENT', errno: 2, syscall: 'AUDIT_DEL_RULE' }),
      );
      expect(listAuditRules(control, limitMs)).toEqual(others);
    });
  });

  it('lists more rules than one batch holds', { timeout: lockedTestMs }, async () => {
    await withAuditExperiment((control) => {
      const rules = Array.from({ length: 150 }, (_, index) => exitRule('mount', { pid: neverAPid - index }));
      for (const rule of rules) addAuditRule(control, rule, limitMs);
      expect(listAuditRules(control, limitMs).filter(isTestRule)).toEqual(rules);
    });
  });

  it('gives the kernel its refusal of a rule back as an error', { timeout: lockedTestMs }, async () => {
    await withAuditExperiment((control) => {
      const rule = exitRule('mount', { pid: neverAPid });
      // A field that no kernel knows, in the first place of `fields`.
      new DataView(rule.buffer).setUint32(268, 9999, true);
      expect(() => addAuditRule(control, rule, limitMs)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    });
  });
});
