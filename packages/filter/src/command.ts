import {
  type CookedWriter,
  commandOutput,
  harmlessJson,
  KeyError,
  longOptions,
  type RawReader,
  type RawVerifier,
  rewriteGoStyle,
  runVerify,
  StoreError,
  type StoreOptions,
  type StoreTarget,
  secretArgument,
  secretWarning,
  verifyHelp,
  visibleLines,
  visibleSentence,
  withoutSecrets,
} from '@godo/evidence';
import { Command, CommanderError } from 'commander';
import { createProgressLine, silent } from './progress.ts';
import { runFilter } from './run-filter.ts';
import { summaryText } from './summary.ts';

/** What the command needs of the process around it. */
export interface World {
  /** @throws StoreError BAD_TARGET */
  target(options: StoreOptions): StoreTarget;
  openReader(target: StoreTarget): Promise<RawReader>;
  openWriter(target: StoreTarget): Promise<CookedWriter>;
  openVerifier(target: StoreTarget): Promise<RawVerifier>;
  /** Data: standard output. */
  print(text: string): void;
  /** Everything else: standard error. */
  say(text: string): void;
  /** Standard error is a terminal. */
  readonly terminal: boolean;
  /** A clock in ms, for rates and durations only. */
  nowMs(): number;
  /** Aborted when the user wants the program to end. */
  readonly signal: AbortSignal;
}

interface Options extends StoreOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The user ended the run. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('interrupted; the cooked evidence is as it was before.');
  }
}

/**
 * `filter`: raw evidence to cooked evidence. Usage errors are thrown as CommanderError.
 *
 * @param exitWith is given the exit code of `filter verify`.
 */
export function filterCommand(world: World, version: string, exitWith: (code: number) => void): Command {
  const filter = new Command('filter')
    .description(
      'Makes cooked evidence from raw evidence: the tree of the container engine’s processes and their files.',
    )
    .version(version, '-V, --version')
    .option(
      '--db <url|directory>',
      'where evidence is kept: mongodb://… or a directory (default: $GODO_DB, or /var/lib/godo for root)',
    )
    .option('--db-file <file>', 'a file, readable by nobody else, with what --db takes (default: $GODO_DB_FILE)')
    .option('--mongo <host:port|uri>', 'MongoDB server')
    .option('--raw-db <name>', 'MongoDB database of the raw evidence (default: test)')
    .option('--cooked-db <name>', 'MongoDB database of the cooked evidence (default: cooked)')
    .option('--json', 'print the summary as one line of JSON')
    .option('-q, --quiet', 'no progress and no summary')
    .allowExcessArguments(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput(
      commandOutput(
        (text) => world.print(text),
        (text) => world.say(text),
      ),
    )
    .action((options: Options) => run(options, world));
  const verify = new Command('verify')
    .description(verifyHelp.description)
    .option(...verifyHelp.publicKey)
    .action(async (_options: unknown, command: Command) => {
      const { publicKey, json, quiet, ...store } = command.optsWithGlobals<Options & { publicKey?: string }>();
      if (secretArgument(store) !== null) world.say(`filter: ${secretWarning}\n`);
      const open = async () => world.openVerifier(world.target(store));
      const print = (text: string) => world.print(text);
      exitWith(await runVerify({ open, publicKey, json: json === true, print }));
    });
  return filter.addCommand(verify.copyInheritedSettings(filter));
}

async function run({ json, quiet, ...store }: Options, world: World): Promise<void> {
  const begunMs = world.nowMs();
  if (secretArgument(store) !== null) world.say(`filter: ${secretWarning}\n`);
  const target = world.target(store);
  const reader = await world.openReader(target);
  const progress =
    world.terminal && quiet !== true
      ? createProgressLine(
          (text) => world.say(text),
          () => world.nowMs(),
        )
      : silent;
  try {
    const writer = await world.openWriter(target);
    const summary = await runFilter({ reader, writer, progress, signal: world.signal });
    const seconds = (world.nowMs() - begunMs) / 1000;
    if (json === true) {
      const all = { ...summary, seconds, raw: reader.location, cooked: writer.location };
      world.print(`${harmlessJson(JSON.stringify(all))}\n`);
    } else if (quiet !== true) {
      world.say(summaryText(summary, seconds, writer.location));
    }
  } catch (error) {
    progress.end();
    throw error;
  } finally {
    await reader.close();
  }
}

/**
 * Runs the filter with its arguments (without node and script).
 *
 * @returns The exit code: 0; 1 when the evidence cannot be read or written; 2 when the arguments are wrong; of `verify`
 *   what it found. Never rejects.
 */
export async function runCommand(args: readonly string[], world: World, version: string): Promise<number> {
  let code = 0;
  try {
    const command = filterCommand(world, version, (told) => {
      code = told;
    });
    await command.parseAsync(rewriteGoStyle(args, longOptions(command)), { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what is wrong by itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof KeyError) {
      world.say(`filter: ${visibleSentence(error.message)}\n`);
      return 2;
    }
    if (error instanceof StoreError || error instanceof Interrupted) {
      world.say(`filter: ${visibleSentence(withoutSecrets(error.message))}\n`);
    } else {
      const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
      world.say(`filter: this is a fault of the filter: ${visibleLines(withoutSecrets(trace))}\n`);
    }
    return 1;
  }
}
