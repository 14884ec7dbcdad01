import {
  KeyError,
  longOptions,
  rewriteGoStyle,
  StoreError,
  visibleLines,
  visibleSentence,
  withoutSecrets,
} from '@godo/evidence';
import { CommanderError } from 'commander';
import { OutputClosed } from './output.ts';
import { buildProgram } from './program.ts';
import type { World } from './world.ts';

/**
 * Runs the viewer with its arguments (without node and script) and resolves to the exit code: 0, 1 when the evidence
 * cannot be read, 2 when the arguments are wrong; of `verify` what it found. Never rejects.
 */
export async function runViewer(
  argv: readonly string[],
  surroundings: Omit<World, 'exitWith'>,
  version: string,
): Promise<number> {
  let code = 0;
  const world: World = {
    ...surroundings,
    exitWith: (told) => {
      code = told;
    },
  };
  try {
    const program = buildProgram(world, version);
    await program.parseAsync(rewriteGoStyle(argv, longOptions(program)), { from: 'user' });
    return code;
  } catch (error) {
    // commander has said what is wrong by itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof OutputClosed) return code;
    if (error instanceof KeyError) {
      world.say(`viewer: ${visibleSentence(error.message)}\n`);
      return 2;
    }
    if (error instanceof StoreError) world.say(`viewer: ${visibleSentence(withoutSecrets(error.message))}\n`);
    else {
      const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
      world.say(`viewer: this is a fault of the viewer: ${visibleLines(withoutSecrets(trace))}\n`);
    }
    return 1;
  }
}
