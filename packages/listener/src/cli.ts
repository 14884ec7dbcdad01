/** The program `godo`. The only place that sets the exit code. */

import { setFlagsFromString } from 'node:v8';
import { longOptions, rewriteGoStyle, StoreError, visibleLines, visibleSentence, withoutSecrets } from '@godo/evidence';
import { CommanderError } from 'commander';
import { program } from './commands/program.ts';
import { realWorld } from './commands/world.ts';
import { ListenerError } from './listener-error.ts';

// What dies young here leaves little behind: sharing that out among threads costs more than it saves.
setFlagsFromString('--no-parallel-scavenge');

const world = realWorld((code) => {
  process.exitCode = code;
});

try {
  const godo = program(world);
  await godo.parseAsync(rewriteGoStyle(process.argv.slice(2), longOptions(godo)), { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said it already.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof ListenerError || error instanceof StoreError || isNativeError(error)) {
    process.stderr.write(`${visibleSentence(withoutSecrets(error.message))}\n`);
    process.exitCode = 1;
  } else {
    process.stderr.write(
      `godo failed in a way it does not know: ${visibleLines(withoutSecrets(String((error as Error).stack ?? error)))}\n`,
    );
    process.exitCode = 70;
  }
}

function isNativeError(error: unknown): error is Error {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'string';
}
