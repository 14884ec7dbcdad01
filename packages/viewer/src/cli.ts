import { readFileSync } from 'node:fs';
import { openCookedReader, openRawVerifier, ownTarget } from '@godo/evidence';
import { runViewer } from './run.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// A reader that went away is told to each write; without a listener it would end the process with a stack trace.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

process.exitCode = await runViewer(
  process.argv.slice(2),
  {
    openEvidence: (options) => openCookedReader(ownTarget(options)),
    openRaw: async (options) => openRawVerifier(ownTarget(options)),
    out: process.stdout,
    say: (text) => void process.stderr.write(text),
    nowNs: () => BigInt(Date.now()) * 1_000_000n,
    terminal: { isTerminal: process.stdout.isTTY === true, columns: process.stdout.columns },
    environment: process.env,
  },
  version,
);
