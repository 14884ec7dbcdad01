/** What strace says that a program did to files: an independent witness of the same execution. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** To be put before a command: each process gets a file of its own (`<prefix>.<pid>`), where no line is torn apart. */
export function straceCommand(prefix: string): readonly string[] {
  return ['strace', '-ff', '-y', '-o', prefix, '-e', `trace=${[...opening, ...Object.keys(written)].join(',')}`];
}

/** By `path pid`. */
export interface Witnessed {
  /** Successful calls that opened a file for writing. */
  readonly opened: ReadonlyMap<string, number>;
  /** Bytes that were written by calls. */
  readonly bytes: ReadonlyMap<string, number>;
}

const opening = ['open', 'openat', 'openat2', 'creat'];
/** Which of the descriptors among the arguments is written to. */
const written: Readonly<Record<string, number>> = {
  ...{ write: 0, pwrite64: 0, writev: 0, pwritev: 0, pwritev2: 0, sendfile: 0 },
  ...{ copy_file_range: 1, splice: 1 },
};

/** @param below - Only files in this folder. */
export async function witnessed(folder: string, prefix: string, below: string): Promise<Witnessed> {
  const [opened, bytes] = [new Map<string, number>(), new Map<string, number>()];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const pid = name.slice(prefix.length + 1);
    for (const line of (await readFile(join(folder, name), 'latin1')).split('\n')) {
      const told = openOf(line) ?? writeOf(line);
      if (told === null || !told.path.startsWith(`${below}/`)) continue;
      const key = `${unescaped(told.path)} ${pid}`;
      const counts = told.bytes === null ? opened : bytes;
      counts.set(key, (counts.get(key) ?? 0) + (told.bytes ?? 1));
    }
  }
  return { opened, bytes };
}

/** Bytes that are no printable ASCII stand as octal numbers in paths. */
function unescaped(path: string): string {
  const bytes = path.replace(/\\([0-7]{1,3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

interface Told {
  readonly path: string;
  /** null: it was opened. */
  readonly bytes: number | null;
}

function openOf(line: string): Told | null {
  const [, call = '', args = '', path = ''] = /^(\w+)\((.*)\) += \d+<(.*)>$/.exec(line) ?? [];
  if (!opening.includes(call)) return null;
  return call === 'creat' || /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(args) ? { path, bytes: null } : null;
}

function writeOf(line: string): Told | null {
  const [, call = '', args = '', result] = /^(\w+)\((.*)\) += (\d+)$/.exec(line) ?? [];
  const place = written[call];
  if (place === undefined || result === '0') return null;
  // Behind the first descriptor may be data, which can look like anything.
  const first = /^\d+<([^>]*)>/.exec(args)?.[1];
  const path = place === 0 ? first : [...args.matchAll(/\d+<([^>]*)>/g)][place]?.[1];
  return path === undefined ? null : { path, bytes: Number(result) };
}
