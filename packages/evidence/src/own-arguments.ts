/**
 * The first thing that each program does: passwords that it was given on its command line are overwritten, so that the
 * list of processes (/proc/PID/cmdline, which everybody may read) shows them no longer than it took to come here.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { maskedArguments } from './masked-text.ts';

/** `process.argv` keeps what was given. */
export function hideOwnSecrets(): void {
  const words = ownCommandLine();
  const shown = maskedArguments(words);
  if (shown.every((word, index) => word === words[index])) return;
  const name = textOf(nameFile);
  // Written over the arguments that the kernel shows; what does not fit is cut off, the rest cleared.
  process.title = shown.join(' ');
  // That names the thread as well, by which programs are known.
  if (name !== null) writeFileSync(nameFile, name.trimEnd());
}

const nameFile = '/proc/self/comm';

/** As the kernel shows it, where it does. */
function ownCommandLine(): readonly string[] {
  const line = textOf('/proc/self/cmdline');
  if (line) return line.replace(/\0$/, '').split('\0');
  return [process.argv0, ...process.execArgv, ...process.argv.slice(1)];
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
