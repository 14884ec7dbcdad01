import { secretArgument, secretWarning } from '@godo/evidence';
import { Command } from 'commander';
import { filtersOf, type ViewerOptions } from '../options/shared.ts';
import { Output } from '../output.ts';
import { coloured } from '../render/paint.ts';
import { screenFor } from '../render/screen.ts';
import type { Job } from '../views/job.ts';
import type { World } from '../world.ts';

export type Show = (job: Job) => Promise<unknown>;

/** A sub-command that opens the evidence, shows one view of it and closes it. */
export function viewCommand(world: World, name: string, description: string, show: Show): Command {
  return new Command(name)
    .description(description)
    .action((_options: unknown, command: Command) => runView(world, command, show));
}

/** Runs one view with the options of the command and of the program above it. */
export async function runView(world: World, command: Command, show: Show): Promise<void> {
  const options = command.optsWithGlobals<ViewerOptions>();
  const filters = filtersOf(options);
  if (filters.sinceNs !== undefined && filters.untilNs !== undefined && filters.sinceNs > filters.untilNs) {
    command.error('error: --since is later than --until, so that nothing can be between them.');
  }
  if (secretArgument(options) !== null) world.say(`viewer: ${secretWarning}\n`);
  const reader = await world.openEvidence(options);
  try {
    const out = new Output(world.out);
    await show({
      reader,
      filters,
      screen: screenFor(world.terminal, world.environment, coloured),
      json: options.json === true,
      out,
      note: (sentence) => world.say(`viewer: ${sentence}\n`),
    });
    await out.flush();
  } finally {
    await reader.close();
  }
}
