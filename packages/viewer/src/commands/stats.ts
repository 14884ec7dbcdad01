import type { Command } from 'commander';
import { showStats } from '../views/stats.ts';
import type { World } from '../world.ts';
import { viewCommand } from './view-command.ts';

export function statsCommand(world: World): Command {
  return viewCommand(world, 'stats', 'how much evidence there is, and the runs it comes from', showStats);
}
