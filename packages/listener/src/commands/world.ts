/** What the commands need of the process around them. */

import { harmlessJson, withoutSecrets } from '@godo/evidence';
import pino, { type Logger } from 'pino';
import { isJournal, priorityOf } from '../kernel/service-manager.ts';

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
  const harmless = {
    // What is quoted in a line of the log may be of anybody's making.
    write: (line: string) => void destination.write(harmlessJson(withoutSecretsIn(line))),
  };
  return isJournal(2, process.env.JOURNAL_STREAM) ? prioritized(harmless) : harmless;
}

/** Each line begins with its priority, which the journal takes off. */
function prioritized(destination: { write(text: string): void }) {
  return {
    /** pino sets `lastLevel` of a destination that has this. */
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 30,
    write(line: string) {
      destination.write(`<${priorityOf(this.lastLevel)}>${line}`);
    },
  };
}

/** A line of the log: its texts without passwords, and still JSON. */
function withoutSecretsIn(line: string): string {
  if (withoutSecrets(line) === line) return line;
  const masked = JSON.parse(line, (_name, value: unknown) =>
    typeof value === 'string' ? withoutSecrets(value) : value,
  );
  return `${JSON.stringify(masked)}\n`;
}
