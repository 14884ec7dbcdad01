/** `godo cleanup`: take our rules out of the kernel, and put back what a listener that was cut off had found. */

import { Command, Option } from 'commander';
import { AuditRole } from '../kernel/audit-role.ts';
import { isRunning, type RunState, readRunState, writeRunState } from '../kernel/run-file.ts';
import { withRunLock } from '../kernel/run-lock.ts';
import { ListenerError } from '../listener-error.ts';
import { requireCapabilities } from './listen.ts';
import type { World } from './world.ts';

export function cleanupCommand(world: World): Command {
  return new Command('cleanup')
    .description('remove our audit rules after a listener was cut off')
    .addOption(new Option('--after <pid>', 'what the guardian of a listener asks for').argParser(Number).hideHelp())
    .action(({ after }: { after?: number }) => {
      requireCapabilities('godo cleanup');
      const done = withRunLock(() => cleanUpAfter(after));
      if (done === null) return;
      if (after === undefined) world.print(`${done}.`);
      else world.log({}).warn(`godo (pid ${after}) had ended without cleaning up: ${done}.`);
    });
}

/** What was done, in words; null: nothing was to be done. */
function cleanUpAfter(after: number | undefined): string | null {
  const state = readRunState();
  // Another listener has begun meanwhile, or somebody was quicker: nothing is left for the guardian to do.
  if (after !== undefined && (state?.pid !== after || isRunning(state))) return null;
  if (state !== null && isRunning(state)) {
    throw new ListenerError('ALREADY_RUNNING', `godo is running (pid ${state.pid}): stop it, it cleans up by itself.`);
  }
  const removed = cleanUp(state);
  return `${removed} rule(s) removed${state !== null ? ', audit settings put back as they were found' : ''}`;
}

/** The note of a listener that was cut off stays: the next one states the gap that it left. */
function cleanUp(state: RunState | null): number {
  const role = new AuditRole();
  try {
    if (role.immutable) {
      throw new ListenerError('NO_AUDIT', 'The audit rules are locked (enabled=2) until the next boot.');
    }
    // By when they were gone is of use of one that was cut off, and only once.
    if (state === null || state.restored) return role.removeRules();
    const { removed, end } = role.endRules();
    role.inherit(state.found);
    role.restore();
    writeRunState({ ...state, restored: true, endOfRules: end });
    return removed;
  } finally {
    role.close();
  }
}
