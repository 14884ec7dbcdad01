/** The commands of `godo`. */

import { commandOutput } from '@godo/evidence';
import { Command } from 'commander';
import { version } from '../kernel/host.ts';
import { cleanupCommand } from './cleanup.ts';
import { installServiceCommand } from './install-service.ts';
import { listenCommand } from './listen.ts';
import { recordCommand } from './record.ts';
import { replayCommand } from './replay.ts';
import { statusCommand } from './status.ts';
import type { World } from './world.ts';

export function program(world: World): Command {
  const root = new Command('godo')
    .description('Container forensics: keeps which process, in which container, changed which file, and when.')
    .version(version)
    .enablePositionalOptions()
    .addCommand(listenCommand(world), { isDefault: true })
    .addCommand(recordCommand(world))
    .addCommand(replayCommand(world))
    .addCommand(statusCommand(world))
    .addCommand(cleanupCommand(world))
    .addCommand(installServiceCommand(world));
  const output = commandOutput(
    (text) => void process.stdout.write(text),
    (text) => void process.stderr.write(text),
  );
  for (const command of [root, ...root.commands]) {
    command.exitOverride().configureOutput(output).showHelpAfterError('(--help tells more)');
  }
  return root;
}
