import type { Command } from 'commander';
import { showTree } from '../views/tree.ts';
import type { World } from '../world.ts';
import { viewCommand } from './view-command.ts';

export function treeCommand(world: World): Command {
  return viewCommand(world, 'tree', 'processes as a tree below the container engine or the recorded command', showTree);
}
