import { readFileSync } from 'node:fs';
import { openCookedWriter, openRawReader, resolveTarget } from '@godo/evidence';
import { Interrupted, runCommand } from './command.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// A reader that went away is told to each write; without a listener it would end the process with a stack trace.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // A second one ends the process at once: the new cooked evidence is not in place before its commit.
  process.once(signal, () => controller.abort(new Interrupted()));
}

process.exitCode = await runCommand(
  process.argv.slice(2),
  {
    target: (options) => resolveTarget(options, { uid: process.getuid?.() ?? -1, environment: process.env }),
    openReader: openRawReader,
    openWriter: openCookedWriter,
    print: (text) => void process.stdout.write(text),
    say: (text) => void process.stderr.write(text),
    terminal: process.stderr.isTTY === true,
    nowMs: () => performance.now(),
    signal: controller.signal,
  },
  version,
);
