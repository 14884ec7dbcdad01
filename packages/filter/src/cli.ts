import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { openCookedWriter, openRawReader, openRawVerifier, ownTarget } from '@godo/evidence';
import { Interrupted, runCommand } from './command.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// A reader that went away is told to each write; without a listener it would end the process with a stack trace.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

// What lives long is in typed arrays, a tenth of the heap or less: it may grow to twice of that before it is cleared, not
// to four times. At ten million documents that is 60 MB of 490, and costs nothing that could be measured.
setFlagsFromString('--heap-growing-percent=100');

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // A second one ends the process at once: the new cooked evidence is not in place before its commit.
  process.once(signal, () => controller.abort(new Interrupted()));
}

process.exitCode = await runCommand(
  process.argv.slice(2),
  {
    target: ownTarget,
    openReader: openRawReader,
    openWriter: openCookedWriter,
    openVerifier: openRawVerifier,
    print: (text) => void process.stdout.write(text),
    say: (text) => void process.stderr.write(text),
    terminal: process.stderr.isTTY === true,
    nowMs: () => performance.now(),
    signal: controller.signal,
  },
  version,
);
