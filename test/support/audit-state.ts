/** The state of the kernel's audit subsystem as auditctl, a program that is not ours, tells it. */

import { findProgram } from './needs.ts';
import { runOrThrow, runProgram } from './run-program.ts';

export interface AuditState {
  /** The settings; the counters are left out, for they go up and never come back. */
  readonly enabled: number;
  readonly failure: number;
  readonly pid: number;
  readonly rateLimit: number;
  readonly backlogLimit: number;
  readonly backlogWaitTime: number;
  /** In auditctl's own form. */
  readonly rules: readonly string[];
}

export async function readAuditState(): Promise<AuditState> {
  const status = (await runOrThrow(auditctl(), ['-s'])).stdout;
  const rules = (await runOrThrow(auditctl(), ['-l'])).stdout;
  const value = (name: string): number => {
    const match = new RegExp(`^${name} (\\d+)`, 'm').exec(status);
    if (match?.[1] === undefined) throw new Error(`auditctl -s says nothing about ${name}:\n${status}`);
    return Number(match[1]);
  };
  return {
    enabled: value('enabled'),
    failure: value('failure'),
    pid: value('pid'),
    rateLimit: value('rate_limit'),
    backlogLimit: value('backlog_limit'),
    backlogWaitTime: value('backlog_wait_time'),
    rules: rules.split('\n').filter((line) => line !== '' && line !== 'No rules'),
  };
}

/**
 * After a test that went wrong: removes the rules that were not there in `before`, then puts the settings back.
 * Refuses to touch rules when there were some before, for they might be an administrator's.
 */
export async function restoreAuditState(before: AuditState): Promise<void> {
  const now = await readAuditState();
  if (JSON.stringify(now) === JSON.stringify(before)) return;
  if (before.rules.length === 0 && now.rules.length > 0) await runProgram(auditctl(), ['-D']);
  const settings = [
    ['--backlog_wait_time', before.backlogWaitTime],
    ['-b', before.backlogLimit],
    ['-f', before.failure],
    ['-r', before.rateLimit],
    ['-e', before.enabled],
  ] as const;
  for (const [option, value] of settings) await runProgram(auditctl(), [option, String(value)]);
}

function auditctl(): string {
  return findProgram('auditctl') ?? 'auditctl';
}
