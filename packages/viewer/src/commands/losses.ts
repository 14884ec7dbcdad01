import type { Command } from 'commander';
import { showLosses } from '../views/collections.ts';
import type { World } from '../world.ts';
import { viewCommand } from './view-command.ts';

export function lossesCommand(world: World): Command {
  return viewCommand(world, 'losses', 'what is known to be missing in the evidence', showLosses);
}
