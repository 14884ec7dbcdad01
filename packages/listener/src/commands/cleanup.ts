/** `godo cleanup`: take our rules out of the kernel, and put back what a listener that was cut off had found. */

import { Command } from 'commander';
import { AuditRole } from '../kernel/audit-role.ts';
import { isRunning, readRunState, removeRunState } from '../kernel/run-file.ts';
import { ListenerError } from '../listener-error.ts';
import { requireCapabilities } from './listen.ts';
import type { World } from './world.ts';

export function cleanupCommand(world: World): Command {
  return new Command('cleanup').description('remove our audit rules after a listener was cut off').action(() => {
    requireCapabilities('godo cleanup');
    const state = readRunState();
    if (state !== null && isRunning(state)) {
      throw new ListenerError(
        'ALREADY_RUNNING',
        `godo is running (pid ${state.pid}): stop it, it cleans up by itself.`,
      );
    }
    const role = new AuditRole();
    try {
      if (role.immutable)
        throw new ListenerError('NO_AUDIT', 'The audit rules are locked (enabled=2) until the next boot.');
      const removed = role.removeRules();
      if (state !== null) {
        role.inherit(state.found);
        role.restore();
      }
      removeRunState();
      world.print(`${removed} rule(s) removed${state !== null ? ', audit settings put back as they were found' : ''}.`);
    } finally {
      role.close();
    }
  });
}
