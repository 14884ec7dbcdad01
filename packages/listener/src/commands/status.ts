/** `godo status`: what the kernel and a running listener say. */

import { harmlessJson, visibleSentence } from '@godo/evidence';
import { Command } from 'commander';
import { AuditRole, sightOf } from '../kernel/audit-role.ts';
import { blindSpots } from '../kernel/blind-spots.ts';
import { isRunning, type RunState, readRunState } from '../kernel/run-file.ts';
import type { ListenerCounter } from '../metrics/counter-meanings.ts';
import { requireCapabilities } from './listen.ts';
import type { World } from './world.ts';

export function statusCommand(world: World): Command {
  return new Command('status')
    .description('show what the kernel and a running listener say')
    .option('--json', 'one JSON document')
    .action((options: { json?: boolean }) => {
      requireCapabilities('godo status');
      const status = readStatus();
      world.print(options.json ? harmlessJson(JSON.stringify(status)) : statusText(status));
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
      /** As the running listener stated them; without one, as it would. And what came since. */
      blindSpots: running ? spotsOf(state, role) : blindSpots(sightOf(role)),
      listener: running ? state : null,
      lost: running ? lossesOf(state) : null,
      /** A listener that was cut off left its note: `godo cleanup` puts back what it found. */
      leftBehind: state !== null && !running && !state.restored,
    };
  } finally {
    role.close();
  }
}

/** In different units, which are not added up: see docs/counters.md. */
export function lossesOf({ counters, intake }: Pick<RunState, 'counters' | 'intake'>) {
  const count = (name: ListenerCounter) => counters[name] ?? 0;
  return {
    records: count('lost'),
    events: count('missingSerials'),
    messages: count('connectorMissing'),
    documents: count('spoolLostDocuments') + count('refusedDocuments'),
    // For its daemon the kernel keeps what did not fit.
    overruns: count('connectorOverruns') + (intake === 'unicast' ? 0 : count('auditOverruns')),
  };
}

/** The listener has changed what it found: only rules that others have loaded since can have made it blinder. */
function spotsOf(state: RunState, role: AuditRole): string[] {
  const { taskNeverRules, hidingRules } = sightOf(role);
  const sees = { enabled: 1, roleOf: null, bootOptions: 'audit=1', processor: '', hidesUring: false };
  const since = blindSpots({ ...sees, taskNeverRules, hidingRules });
  return [...new Set([...(state.blindSpots ?? []), ...since])];
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
  for (const spot of status.blindSpots) lines.push(`blind spot    ${spot}`);
  if (listener === null) {
    lines.push(`listener      not running${status.leftBehind ? ' (one was cut off: run `godo cleanup`)' : ''}`);
    return shown(lines);
  }
  lines.push(
    `listener      pid ${listener.pid} since ${listener.started}, ${listener.intake}, writes to ${listener.store}`,
  );
  if (status.lost !== null) {
    const lost = Object.entries(status.lost).filter(([, count]) => count > 0);
    lines.push(
      `lost          ${lost.length === 0 ? 'nothing' : lost.map(([unit, count]) => `${count} ${unit}`).join(', ')}`,
    );
  }
  for (const [name, value] of Object.entries(listener.counters)) lines.push(`  ${name.padEnd(22)}${value}`);
  return shown(lines);
}

/** Rules of others, and where evidence is kept, are texts of others. */
function shown(lines: readonly string[]): string {
  return lines.map(visibleSentence).join('\n');
}
