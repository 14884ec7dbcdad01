import type { Command } from 'commander';
import { showProcesses } from '../views/collections.ts';
import type { World } from '../world.ts';
import { viewCommand } from './view-command.ts';

export function processesCommand(world: World): Command {
  return viewCommand(world, 'processes', 'processes with their times, programs and exact arguments', showProcesses);
}
