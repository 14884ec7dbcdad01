/** `godo status`: what the kernel and a running listener say. */

import { Command } from 'commander';
import { AuditRole } from '../kernel/audit-role.ts';
import { isRunning, readRunState } from '../kernel/run-file.ts';
import { requireCapabilities } from './listen.ts';
import type { World } from './world.ts';

export function statusCommand(world: World): Command {
  return new Command('status')
    .description('show what the kernel and a running listener say')
    .option('--json', 'one JSON document')
    .action((options: { json?: boolean }) => {
      requireCapabilities('godo status');
      const status = readStatus();
      world.print(options.json ? JSON.stringify(status) : statusText(status));
    });
}

export type Status = ReturnType<typeof readStatus>;

function readStatus() {
  const role = new AuditRole();
  try {
    const state = readRunState();
    const running = state !== null && isRunning(state);
    return {
      kernel: role.found,
      rules: role.ownRules(),
      taskNeverRules: role.taskNeverRules(),
      listener: running ? state : null,
      /** A listener that was cut off left its note: `godo cleanup` puts back what it found. */
      leftBehind: state !== null && !running,
    };
  } finally {
    role.close();
  }
}

export function statusText(status: Status): string {
  const { kernel, listener } = status;
  const lines = [
    `audit         ${['off', 'on', 'on, rules locked'][kernel.enabled] ?? kernel.enabled}`,
    `audit role    ${kernel.pid === 0 ? 'free' : kernel.pid === listener?.pid ? `ours (pid ${kernel.pid})` : `pid ${kernel.pid}, not ours`}`,
    `backlog       ${kernel.backlog} of ${kernel.backlogLimit} records; a full one makes processes wait ${kernel.backlogWaitTime ?? '?'} jiffies`,
    `lost          ${kernel.lost} records since boot`,
    `our rules     ${status.rules}${status.rules > 0 && listener === null ? ' (no listener runs: `godo cleanup` removes them)' : ''}`,
  ];
  if (status.taskNeverRules > 0)
    lines.push(`blind spot    ${status.taskNeverRules} task,never rule(s): their tasks are not seen`);
  if (listener === null) {
    lines.push(`listener      not running${status.leftBehind ? ' (one was cut off: run `godo cleanup`)' : ''}`);
    return lines.join('\n');
  }
  lines.push(
    `listener      pid ${listener.pid} since ${listener.started}, ${listener.intake}, writes to ${listener.store}`,
  );
  for (const [name, value] of Object.entries(listener.counters)) lines.push(`  ${name.padEnd(22)}${value}`);
  return lines.join('\n');
}
