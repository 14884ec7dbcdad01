import { isDeepStrictEqual } from 'node:util';
import {
  type AuditStatus,
  closeSocket,
  deleteAuditRule,
  getAuditStatus,
  listAuditRules,
  openAuditControl,
  setAuditStatus,
} from '../../index.js';
import { withAuditLock } from './audit-lock.ts';
import { isTestRule } from './audit-rules.ts';

const limitMs = 5000;

type Settings = Pick<AuditStatus, 'enabled' | 'failure' | 'rateLimit' | 'backlogLimit' | 'backlogWaitTime'>;

interface AuditState {
  settings: Settings;
  rules: Uint8Array[];
}

function readState(control: number): AuditState {
  const { enabled, failure, rateLimit, backlogLimit, backlogWaitTime } = getAuditStatus(control, limitMs);
  return {
    settings: { enabled, failure, rateLimit, backlogLimit, backlogWaitTime },
    rules: listAuditRules(control, limitMs),
  };
}

function restore(control: number, before: AuditState): void {
  for (const rule of listAuditRules(control, limitMs)) {
    if (isTestRule(rule)) deleteAuditRule(control, rule, limitMs);
  }
  const { backlogWaitTime, ...others } = before.settings;
  setAuditStatus(control, { enabled: others.enabled }, limitMs);
  if (getAuditStatus(control, limitMs).pid === process.pid) setAuditStatus(control, { pid: 0 }, limitMs);
  setAuditStatus(control, others, limitMs);
  if (backlogWaitTime !== null) setAuditStatus(control, { backlogWaitTime }, limitMs);
  const after = readState(control);
  if (!isDeepStrictEqual(after, before)) throw new Error('the audit state that was found could not be restored');
}

/**
 * Runs `work` with settings under which no process can be made to wait for audit, whatever goes wrong, and puts
 * everything back that was found before.
 */
export async function withAuditExperiment(work: (control: number) => void | Promise<void>): Promise<void> {
  await withAuditLock(async () => {
    const control = openAuditControl();
    try {
      const before = readState(control);
      try {
        setAuditStatus(control, { backlogWaitTime: 0, backlogLimit: 65536, failure: 0 }, limitMs);
        await work(control);
      } finally {
        restore(control, before);
      }
    } finally {
      closeSocket(control);
    }
  });
}
