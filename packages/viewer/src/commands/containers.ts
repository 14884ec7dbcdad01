import type { Command } from 'commander';
import { showContainers } from '../views/collections.ts';
import type { World } from '../world.ts';
import { viewCommand } from './view-command.ts';

export function containersCommand(world: World): Command {
  return viewCommand(world, 'containers', 'containers with their engine and what happened in them', showContainers);
}
