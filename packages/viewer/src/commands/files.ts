import type { Command } from 'commander';
import { showFiles } from '../views/collections.ts';
import type { World } from '../world.ts';
import { viewCommand } from './view-command.ts';

export function filesCommand(world: World): Command {
  return viewCommand(world, 'files', 'changed files: who wrote them, how much and when', showFiles);
}
