/** `godo`: listen until told to stop. */

import { Command } from 'commander';
import type { Logger } from 'pino';
import { missingCapabilities, missingSentence, ownStatus } from '../kernel/capabilities.ts';
import { ListenerError } from '../listener-error.ts';
import { type ListenerOptions, Supervisor } from '../stages/supervisor.ts';
import { addListenOptions, defaultStars, type SharedOptions, targetOf } from './options.ts';
import { showProgress } from './progress.ts';
import type { World } from './world.ts';

export function listenCommand(world: World): Command {
  const command = new Command('listen').description(
    'listen to the kernel and keep raw evidence, until SIGINT or SIGTERM',
  );
  return addListenOptions(command).action(async (options: SharedOptions) => {
    requireCapabilities('godo');
    const log = world.log(options);
    const supervisor = new Supervisor(listenerOptions(options, null), log);
    const stopped = nextSignal();
    await supervisor.start();
    const endProgress = options.quiet ? () => undefined : showProgress(process.stderr, () => supervisor.counters());
    let reason: string;
    try {
      reason = await Promise.race([stopped, supervisor.failed]);
    } catch (error) {
      await supervisor.abandon();
      throw error;
    } finally {
      endProgress();
    }
    await stopAndReport(supervisor, reason, log);
  });
}

export function listenerOptions(options: SharedOptions, command: readonly string[] | null): ListenerOptions {
  return {
    target: targetOf(options),
    diagFile: options.diag ?? null,
    backlog: options.backlog,
    // The command of `godo record` is the root of its own tree, and the only one.
    stars: command === null ? [...defaultStars, ...options.root] : options.root,
    command,
  };
}

/** @throws ListenerError NOT_PERMITTED, before anything is touched. */
export function requireCapabilities(program: string): void {
  const sentence = missingSentence(missingCapabilities(ownStatus()), program);
  if (sentence !== null) throw new ListenerError('NOT_PERMITTED', sentence);
}

export async function stopAndReport(supervisor: Supervisor, reason: string, log: Logger): Promise<void> {
  log.info({ reason }, 'stopping');
  const undelivered = await supervisor.stop(reason);
  const counters = supervisor.counters();
  log.info({ reason, counters }, 'stopped');
  if (undelivered > 0) {
    throw new ListenerError('DATABASE', `The database did not take the last ${undelivered} documents: they are lost.`);
  }
}

/** Resolves with the name of the first SIGINT or SIGTERM. Later ones are ignored: the end is under way. */
export function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(signal));
  });
}
