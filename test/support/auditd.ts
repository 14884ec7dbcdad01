/** Debian's real auditd, run beside the machine's own settings: own configuration, own log, no rules of its own. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAuditState } from './audit-state.ts';
import { findProgram } from './needs.ts';
import { waitFor } from './wait-for.ts';

export interface Auditd {
  readonly pid: number;
  /** Its log, in the ENRICHED format with `node=`. */
  readonly log: string;
  stop(): Promise<void>;
}

const settings = {
  local_events: 'yes',
  write_logs: 'yes',
  log_group: 'root',
  log_format: 'ENRICHED',
  flush: 'NONE',
  max_log_file: 80,
  num_logs: 2,
  priority_boost: 0,
  name_format: 'HOSTNAME',
  max_log_file_action: 'IGNORE',
  space_left: 20,
  space_left_action: 'IGNORE',
  admin_space_left: 10,
  admin_space_left_action: 'IGNORE',
  disk_full_action: 'IGNORE',
  disk_error_action: 'IGNORE',
  q_depth: 2000,
  overflow_action: 'IGNORE',
};

/** Resolves when it holds the audit role; rejects when it has ended without that. `folder` must belong to root alone, or auditd refuses it. */
export async function startAuditd(folder: string): Promise<Auditd> {
  const auditd = findProgram('auditd');
  if (auditd === null) throw new Error('There is no auditd here: install the package auditd.');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const log = join(folder, 'audit.log');
  const lines = Object.entries({ log_file: log, ...settings }).map(([name, value]) => `${name} = ${value}\n`);
  await writeFile(join(folder, 'auditd.conf'), lines.join(''), { mode: 0o600 });
  const child = spawn(auditd, ['-n', '-c', folder, '-s', 'nochange'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const pid = child.pid as number;
  const hasRole = async () => {
    if (child.exitCode !== null) throw new Error(`auditd has ended with code ${child.exitCode}.`);
    return (await readAuditState()).pid === pid;
  };
  await waitFor('auditd to take the audit role', hasRole, 20_000);
  return {
    pid,
    log,
    stop: async () => {
      if (child.exitCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}
