import type { Command } from 'commander';
import { showFiles } from '../views/files.ts';
import type { World } from '../world.ts';
import { viewCommand } from './view-command.ts';

export function filesCommand(world: World): Command {
  return viewCommand(
    world,
    'files',
    'what is changed in the end, by container: A added, C changed, D removed, with first and last writer',
    showFiles,
  );
}
