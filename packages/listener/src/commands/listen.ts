/** `godo`: listen until told to stop. */

import { longOptions, rewriteGoStyle, secretArgument, secretWarning } from '@godo/evidence';
import { Command } from 'commander';
import type { Logger } from 'pino';
import { canBeBounded, keptCapabilities, ownsAll, startBounded, writtenTo } from '../kernel/bounded-start.ts';
import { missingCapabilities, missingSentence, ownStatus } from '../kernel/capabilities.ts';
import { version } from '../kernel/host.ts';
import { ServiceManager } from '../kernel/service-manager.ts';
import { ListenerError } from '../listener-error.ts';
import type { MetricsAddress } from '../metrics/address.ts';
import { MetricsEndpoint } from '../metrics/endpoint.ts';
import { defaultSensitivePaths } from '../rules/sensitive-paths.ts';
import { type ListenerOptions, Supervisor } from '../stages/supervisor.ts';
import { withoutStoreOptions } from './handed-on.ts';
import {
  addListenOptions,
  defaultStars,
  defaultWaitMs,
  engineNames,
  type SharedOptions,
  spoolOf,
  targetOf,
} from './options.ts';
import { showProgress } from './progress.ts';
import { readSignKey } from './sign-key.ts';
import type { World } from './world.ts';

export function listenCommand(world: World): Command {
  const command = new Command('listen').description(
    'listen to the kernel and keep raw evidence, until SIGINT or SIGTERM',
  );
  return addListenOptions(command).action(async (options: SharedOptions) => {
    requireCapabilities('godo');
    const log = world.log(options);
    if (secretArgument(options) !== null) log.warn(secretWarning);
    giveUpCapabilities(options, longOptions(command.parent ?? command), log);
    const supervisor = new Supervisor(listenerOptions(options, null), log);
    const signals = watchSignals();
    // Not for what we start.
    const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, GODO_DB, ...environment } = process.env;
    process.env = environment;
    const manager = new ServiceManager(
      {
        ...(NOTIFY_SOCKET !== undefined && { NOTIFY_SOCKET }),
        ...(WATCHDOG_USEC !== undefined && { WATCHDOG_USEC }),
        ...(WATCHDOG_PID !== undefined && { WATCHDOG_PID }),
      },
      process.pid,
    );
    const metrics = await offerMetrics(options.metrics, supervisor);
    try {
      await startUnlessStopped(supervisor, signals);
    } catch (error) {
      metrics?.close();
      throw error;
    }
    manager.ready(`listening (${supervisor.intake})`);
    const endProgress = options.quiet ? () => undefined : showProgress(process.stderr, () => supervisor.counters());
    let reason: string;
    try {
      reason = await Promise.race([signals.first, supervisor.failed]);
    } catch (error) {
      await supervisor.abandon();
      throw error;
    } finally {
      endProgress();
      manager.stopping();
      metrics?.close();
    }
    await stopAndReport(supervisor, reason, signals, log);
  });
}

async function offerMetrics(address: MetricsAddress | undefined, supervisor: Supervisor) {
  if (address === undefined) return null;
  const facts = () => ({ version, session: supervisor.sessionId, intake: supervisor.intake });
  return await MetricsEndpoint.open(address, { counters: () => supervisor.counters(), facts });
}

/** A start may wait for the database, and in a storm of processes for much else: who asks for an end meanwhile gets it. */
export async function startUnlessStopped(supervisor: Supervisor, signals: SignalWatch): Promise<void> {
  const start = supervisor.start();
  // Once abandoned it fails, later, for that alone.
  start.catch(() => undefined);
  const signal = await Promise.race([start, signals.first]);
  if (signal === undefined) return;
  await supervisor.abandon();
  throw new ListenerError('STAGE_FAILED', `${signal} came before anything was recorded: nothing is.`);
}

export function listenerOptions(options: SharedOptions, command: readonly string[] | null): ListenerOptions {
  return {
    target: targetOf(options),
    diagFile: options.diag ?? null,
    spool: spoolOf(options),
    backlog: options.backlog,
    receiveBufferBytes: options.receiveBuffer,
    waitMs: options.lossless === true ? defaultWaitMs : (options.lossless ?? 0),
    bpf: options.bpf,
    envNames: options.envNames ?? false,
    reads: options.reads ?? false,
    sensitive: sensitivePaths(options.sensitive),
    scope: options.scope,
    hash: options.hash === true ? { mostBytes: options.hashMax, bytesPerSecond: options.hashRate } : null,
    signKey: options.signKey === undefined ? null : readSignKey(options.signKey, process.getuid?.() ?? -1),
    // The command of `godo record` is the root of its own tree, and the only one.
    stars: command === null ? [...defaultStars, ...options.root] : options.root,
    engines: command === null ? engineNames : [],
    command,
  };
}

/** What is not needed is not had: nobody who gets into the listener gets more than it has. Root's alone are given up so. */
function giveUpCapabilities(options: SharedOptions, names: ReadonlyMap<string, boolean>, log: Logger): void {
  const uid = process.getuid?.();
  if (uid !== 0) return;
  const target = targetOf(options);
  const kept = keptCapabilities(
    ownsAll([...writtenTo(target, options.diag ?? null), ...[spoolOf(options)?.directory ?? []].flat()], uid),
  );
  if (!canBeBounded(ownStatus(), kept)) return;
  const words = rewriteGoStyle(process.argv.slice(2), names);
  try {
    if (secretArgument(options) === null || target.kind !== 'mongodb') startBounded(kept, words, {});
    else startBounded(kept, withoutStoreOptions(words, names), { GODO_DB: target.uri, GODO_DB_FILE: undefined });
  } catch (error) {
    log.warn(`Capabilities that are not needed cannot be given up (${(error as Error).message}).`);
  }
}

function sensitivePaths(choice: SharedOptions['sensitive']): readonly string[] {
  if (choice === false) return [];
  const { usual, paths } = choice ?? { usual: true, paths: [] };
  return [...new Set([...(usual ? defaultSensitivePaths : []), ...paths])];
}

/** @throws ListenerError NOT_PERMITTED, before anything is touched. */
export function requireCapabilities(program: string): void {
  const sentence = missingSentence(missingCapabilities(ownStatus()), program);
  if (sentence !== null) throw new ListenerError('NOT_PERMITTED', sentence);
}

/** Stops in order; a further signal, or a stage that fails meanwhile, cuts it short, and the kernel is put back all the same. */
export async function stopAndReport(
  supervisor: Supervisor,
  reason: string,
  signals: SignalWatch,
  log: Logger,
): Promise<void> {
  log.info({ reason }, 'stopping');
  let end: Awaited<ReturnType<Supervisor['stop']>>;
  try {
    end = await Promise.race([supervisor.stop(reason), signals.impatience(), supervisor.failed]);
  } catch (error) {
    await supervisor.abandon();
    throw error;
  }
  const counters = supervisor.counters();
  // To be noted elsewhere: it vouches for the run up to its end.
  log.info({ reason, counters, ...(end.entryHash !== null && { entry_hash: end.entryHash }) }, 'stopped');
  if (end.undelivered === null) {
    throw new ListenerError('DATABASE', 'The database did not come to an end: an unknown number of documents is lost.');
  }
  if (end.undelivered > 0) {
    throw new ListenerError(
      'DATABASE',
      `The database did not take the last ${end.undelivered} documents: they are lost.`,
    );
  }
  if (end.spoolLeft) {
    throw new ListenerError(
      'DATABASE',
      'The database did not take the last documents: they wait in the spool for the next start with the same database.',
    );
  }
}

export interface SignalWatch {
  /** Resolves with the name of the first signal that asks to end. */
  readonly first: Promise<string>;
  /** Rejects with the next signal from now on. */
  impatience(): Promise<never>;
}

/** From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT do not end the process by themselves. */
export function watchSignals(): SignalWatch {
  let told: (signal: string) => void = () => undefined;
  const first = new Promise<string>((resolve) => {
    told = resolve;
  });
  let impatient: ((signal: string) => void) | null = null;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
    process.on(signal, () => {
      told(signal);
      impatient?.(signal);
    });
  }
  return {
    first,
    impatience: () =>
      new Promise<never>((_, reject) => {
        impatient = (signal) =>
          reject(
            new ListenerError(
              'STAGE_FAILED',
              `${signal} again: stopped at once, what was not yet in the database is lost.`,
            ),
          );
      }),
  };
}
