import { commandOutput } from '@godo/evidence';
import { Command } from 'commander';
import { containersCommand } from './commands/containers.ts';
import { eventsCommand } from './commands/events.ts';
import { fileCommand } from './commands/file.ts';
import { filesCommand } from './commands/files.ts';
import { lossesCommand } from './commands/losses.ts';
import { operationsCommand } from './commands/operations.ts';
import { processesCommand } from './commands/processes.ts';
import { sessionsCommand } from './commands/sessions.ts';
import { statsCommand } from './commands/stats.ts';
import { treeCommand } from './commands/tree.ts';
import { verifyCommand } from './commands/verify.ts';
import { runView } from './commands/view-command.ts';
import { addSharedOptions } from './options/shared.ts';
import { nearestWord } from './options/suggest.ts';
import { showOverview } from './views/overview.ts';
import type { World } from './world.ts';

const timeHelp = `
Times are UTC: 2025-11-22, "2025-11-22 13:05:09.250", 2025-11-22T14:05+01:00, epoch seconds,
or how long ago: 30s, 10m, 2h, 3d, 1w.
Without a view: the tree, the processes and the changed files.

Examples:
  viewer tree --path '/etc/**'                who changed something below /etc, and who started them
  viewer files --container 3f2a               what is different in that container, as docker diff has it
  viewer sessions --container 3f2a --since 2h what that container wrote in the last two hours
  viewer operations --path '/var/log/**'      who renamed, removed or changed something there, or tried to
  viewer file /etc/passwd                     all that was done to it, under all its names
  viewer processes --exe 'python3*' --json    exact arguments, for other programs
`;

/** The whole command line. Usage errors are thrown as CommanderError. */
export function buildProgram(world: World, version: string): Command {
  const program = new Command('viewer')
    .description('Shows recorded evidence: which process, in which container, changed which file, and when.')
    .version(version, '-V, --version')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput(
      commandOutput(
        (text) => void world.out.write(text, () => undefined),
        (text) => world.say(text),
      ),
    )
    .showSuggestionAfterError()
    .addHelpText('after', timeHelp)
    .commandsGroup('Views:')
    .helpCommand('help [view]', 'what a view shows and its options')
    .argument('[view]')
    .usage('[view] [options]');
  addSharedOptions(program, world.nowNs);
  const views = [
    ...[treeCommand, processesCommand, filesCommand, sessionsCommand, operationsCommand, fileCommand],
    ...[containersCommand, eventsCommand, lossesCommand, statsCommand, verifyCommand],
  ].map((build) => build(world));
  for (const view of views) program.addCommand(view.copyInheritedSettings(program));
  program.action((view: string | undefined, _options: unknown, command: Command) => {
    if (view === undefined) return runView(world, command, showOverview);
    const names = views.map((known) => known.name());
    const near = nearestWord(view, names);
    const hint = near ? `Did you mean "${near}"?` : `There are ${names.join(', ')}.`;
    return command.error(`error: there is no view "${view}". ${hint}`);
  });
  return program;
}
