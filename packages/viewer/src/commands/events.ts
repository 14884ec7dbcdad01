import type { Command } from 'commander';
import { showEvents } from '../views/collections.ts';
import type { World } from '../world.ts';
import { viewCommand } from './view-command.ts';

export function eventsCommand(world: World): Command {
  return viewCommand(world, 'events', 'everything else that was recorded', showEvents);
}
