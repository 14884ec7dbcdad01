import { runVerify, secretArgument, secretWarning, verifyHelp } from '@godo/evidence';
import { Command } from 'commander';
import { Output } from '../output.ts';
import type { EvidenceOptions, World } from '../world.ts';

interface VerifyOptions extends EvidenceOptions {
  readonly publicKey?: string;
  readonly json?: boolean;
}

/** The only one that reads raw evidence. */
export function verifyCommand(world: World): Command {
  return new Command('verify')
    .description(verifyHelp.description)
    .option('--raw-db <name>', 'MongoDB database of the raw evidence (default: test)')
    .option(...verifyHelp.publicKey)
    .action(async (_options: unknown, command: Command) => {
      const { publicKey, json, ...store } = command.optsWithGlobals<VerifyOptions>();
      if (secretArgument(store) !== null) world.say(`viewer: ${secretWarning}\n`);
      const lines: string[] = [];
      const print = (text: string) => void lines.push(text);
      const code = await runVerify({ open: () => world.openRaw(store), publicKey, json: json === true, print });
      world.exitWith(code);
      const out = new Output(world.out);
      await out.lines(lines.map((line) => line.replace(/\n$/, '')));
      await out.flush();
    });
}
