import type { Command } from 'commander';
import { showSessions } from '../views/collections.ts';
import type { World } from '../world.ts';
import { viewCommand } from './view-command.ts';

export function sessionsCommand(world: World): Command {
  return viewCommand(world, 'sessions', 'each opening of a changed file: who wrote, how much and when', showSessions);
}
