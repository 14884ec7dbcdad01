/** What the commands need of the process around them. */

import pino, { type Logger } from 'pino';

export interface World {
  /** Logs go to standard error as JSON lines. */
  log(options: { readonly quiet?: boolean; readonly verbose?: boolean }): Logger;
  /** Data goes to standard output. */
  print(text: string): void;
  /** What the process exits with when nothing throws. */
  exitWith(code: number): void;
}

export function realWorld(exitWith: (code: number) => void): World {
  return {
    log: ({ quiet, verbose }) =>
      pino({ base: null, level: quiet ? 'warn' : verbose ? 'debug' : 'info' }, standardError()),
    print: (text) => {
      process.stdout.write(`${text}\n`);
    },
    exitWith,
  };
}

/** A log that cannot be written (its disk is full, its reader is gone) must not end the listener. */
function standardError() {
  const destination = pino.destination({ fd: 2, sync: true });
  destination.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  return destination;
}
