import { Command } from 'commander';
import { showFile } from '../views/file.ts';
import type { World } from '../world.ts';
import { runView } from './view-command.ts';

export function fileCommand(world: World): Command {
  return new Command('file')
    .description('the history of one file, under all names that it had: who wrote, renamed or changed it')
    .argument('<path>', 'a path that it had, as its process saw it')
    .action((path: string, _options: unknown, command: Command) =>
      runView(world, command, (job) => showFile(job, path)),
    );
}
