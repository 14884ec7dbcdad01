/** `godo record -- COMMAND`: listen while a command runs, then filter and show. */

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { holdsSecret, secretArgument, secretWarning, withoutSecrets } from '@godo/evidence';
import { Command } from 'commander';
import { ListenerError } from '../listener-error.ts';
import { Supervisor } from '../stages/supervisor.ts';
import { type HandedOn, handedOn } from './handed-on.ts';
import {
  listenerOptions,
  requireCapabilities,
  type SignalWatch,
  startUnlessStopped,
  stopAndReport,
  watchSignals,
} from './listen.ts';
import { addListenOptions, type SharedOptions, targetOf } from './options.ts';
import { showProgress } from './progress.ts';
import type { World } from './world.ts';

interface RecordOptions extends SharedOptions {
  readonly cookedDb?: string;
}

export function recordCommand(world: World): Command {
  const command = new Command('record')
    .description('listen while COMMAND runs, then filter and show what it did')
    .argument('<command...>', 'the command and its arguments, after --')
    .passThroughOptions();
  return addListenOptions(command)
    .option('--cooked-db <name>', 'MongoDB database of the cooked evidence (default: cooked)')
    .action(async (words: string[], options: RecordOptions) => {
      requireCapabilities('godo record');
      const log = world.log({ quiet: options.verbose !== true, ...options });
      if (secretArgument(options) !== null) log.warn(secretWarning);
      const store = handedOn(options, targetOf(options));
      const supervisor = new Supervisor(listenerOptions(options, words), log);
      const signals = watchSignals();
      await startUnlessStopped(supervisor, signals);
      const endProgress = showProgress(process.stderr, () => supervisor.counters());
      let outcome: number | ListenerError;
      try {
        outcome = await Promise.race([runStarred(words, supervisor, signals), supervisor.failed]);
      } catch (error) {
        await supervisor.abandon();
        throw error;
      } finally {
        endProgress();
      }
      await stopAndReport(supervisor, 'command-ended', signals, log);
      if (typeof outcome !== 'number') throw outcome;
      const cooked = options.cookedDb === undefined ? [] : [`--cooked-db=${options.cookedDb}`];
      const raw = options.rawDb === undefined ? [] : [`--raw-db=${options.rawDb}`];
      await runProgram('filter', [...store.words, ...raw, ...cooked, '--quiet'], store.environment);
      await runProgram('viewer', [...store.words, ...cooked, '--session', supervisor.sessionId], store.environment);
      world.exitWith(outcome);
    });
}

/**
 * Runs the command and returns its exit code, or 128 + signal as a shell does; or why it could not be run. Signals to us
 * go to it.
 */
async function runStarred(
  words: readonly string[],
  supervisor: Supervisor,
  signals: SignalWatch,
): Promise<number | ListenerError> {
  const [program = '', ...rest] = words;
  const child = spawn(program, rest, { stdio: 'inherit', env: environmentOfCommand(process.env) });
  const { pid } = child;
  if (pid !== undefined) supervisor.star(pid);
  // A signal that came while we started is for the command as well.
  void signals.first.then((signal) => child.kill(signal as NodeJS.Signals));
  return await new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const what = error.code === 'ENOENT' ? 'there is no such program' : error.message;
      resolve(new ListenerError('COMMAND_FAILED', `${program} cannot be run: ${what}.`));
    });
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** What is recorded is not to know the password of where it is recorded. */
function environmentOfCommand(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // sudo tells the command that it was given.
  const secret = (name: string, value = '') =>
    (name === 'GODO_DB' && holdsSecret(value)) || (name === 'SUDO_COMMAND' && withoutSecrets(value) !== value);
  return Object.fromEntries(Object.entries(own).filter(([name, value]) => !secret(name, value)));
}

/** The other two programs are started as programs: the database is the only thing between us. */
async function runProgram(
  name: 'filter' | 'viewer',
  args: readonly string[],
  environment: HandedOn['environment'],
): Promise<void> {
  const path = fileURLToPath(new URL(`../../../${name}/bin/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 1));
  });
  if (code !== 0)
    throw new ListenerError(
      'COMMAND_FAILED',
      `${name} ended with code ${code}: the evidence is kept, run it again by hand.`,
    );
}
