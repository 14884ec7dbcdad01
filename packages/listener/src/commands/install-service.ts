/** `godo install-service`: a unit of systemd's that runs the listener. */

import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { longOptions, maskedArguments, resolveTarget, rewriteGoStyle } from '@godo/evidence';
import { Command } from 'commander';
import { ListenerError } from '../listener-error.ts';
import { serviceUnit } from '../service-unit.ts';
import { addListenOptions, type SharedOptions } from './options.ts';
import type { World } from './world.ts';

const unitPath = '/etc/systemd/system/godo.service';

export function installServiceCommand(world: World): Command {
  return new Command('install-service')
    .description('install a systemd unit that runs the listener from boot on')
    .argument('[options...]', "the listener's options, after --")
    .option('--print', 'print the unit and change nothing')
    .option('--now', 'enable and start it, too')
    .action((options: string[], { print, now }: { print?: boolean; now?: boolean }, command: Command) => {
      refuseSecrets(options);
      checkListenOptions(options, command);
      const program = fileURLToPath(new URL('../../bin/godo.js', import.meta.url));
      const unit = serviceUnit([process.execPath, program], options);
      if (print) {
        process.stdout.write(unit);
        return;
      }
      install(unit);
      systemctl(['daemon-reload']);
      if (now) systemctl(['enable', '--now', 'godo.service']);
      world.print(`${unitPath} written${now ? ', enabled and started' : ': `systemctl enable --now godo` starts it'}.`);
    });
}

/**
 * A unit that the listener refuses would be started again and again, and one with relative paths means others.
 *
 * @param asked - Whose settings say what happens to a wrong option.
 * @throws CommanderError, when that has said what is wrong; ListenerError BAD_INPUT; StoreError BAD_TARGET
 */
export function checkListenOptions(options: readonly string[], asked: Command): void {
  const listen = addListenOptions(new Command('listen')).copyInheritedSettings(asked);
  listen.parse(rewriteGoStyle(options, longOptions(listen)), { from: 'user' });
  const { db, dbFile, mongo, rawDb, diag, spool, signKey } = listen.opts<SharedOptions>();
  const named = { ...(db !== undefined && { db }), ...(dbFile !== undefined && { dbFile }) };
  const store = { ...named, ...(mongo !== undefined && { mongo }), ...(rawDb !== undefined && { rawDb }) };
  // The file is for the service to read.
  const target = resolveTarget(store, { uid: 0, environment: {}, readFile: () => 'mongodb://db/' });
  const directory = target.kind === 'sqlite' ? db : undefined;
  const paths = [directory, dbFile, diag, spool, signKey].filter((path) => typeof path === 'string');
  const relative = paths.find((path) => !isAbsolute(path));
  if (relative !== undefined) {
    throw new ListenerError('BAD_INPUT', `${relative} is no absolute path: a service runs in another folder than you.`);
  }
  if (signKey !== undefined && !existsSync(signKey)) throw new ListenerError('BAD_INPUT', `There is no ${signKey}.`);
}

/** Everybody may read a unit, and ask systemd for it. @throws ListenerError BAD_INPUT */
export function refuseSecrets(options: readonly string[]): void {
  const shown = maskedArguments(options);
  if (shown.every((word, index) => word === options[index])) return;
  throw new ListenerError(
    'BAD_INPUT',
    'The unit would hold the password, and everybody may read it: write the address into a file of root (chmod 600), and give --db-file with its path.',
  );
}

/** Whole or not at all, and never through a link that somebody put there. */
function install(unit: string): void {
  const temporary = `${unitPath}.${process.pid}`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
    try {
      writeFileSync(fd, unit);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, unitPath);
  } catch (error) {
    throw new ListenerError('NOT_PERMITTED', `${unitPath} cannot be written: ${(error as Error).message}.`);
  }
}

function systemctl(words: readonly string[]): void {
  const { error, status, stderr } = spawnSync('systemctl', words, { encoding: 'utf8' });
  if (error === undefined && status === 0) return;
  const why = error?.message ?? stderr.trim();
  throw new ListenerError('COMMAND_FAILED', `${unitPath} is written, but systemctl ${words.join(' ')} failed: ${why}`);
}
