import type { Command } from 'commander';
import { showOperations } from '../views/collections.ts';
import type { World } from '../world.ts';
import { viewCommand } from './view-command.ts';

export function operationsCommand(world: World): Command {
  return viewCommand(
    world,
    'operations',
    'files renamed, removed, made, linked, cut or given other rights, and what failed of that',
    showOperations,
  );
}
