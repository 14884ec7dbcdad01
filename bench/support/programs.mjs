/** Programs of the system, found and run; and our own C programs, compiled. */

import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BenchError, onCleanup } from './cleanup.mjs';

const run = promisify(execFile);

/** Path of a program, or null. The sbin folders and Go's bin folder are searched too. */
export function findProgram(name) {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/go/bin', join(homedir(), 'go/bin')],
  ];
  return folders.map((folder) => join(folder, name)).find((path) => path.startsWith('/') && isExecutable(path)) ?? null;
}

/** The path of each needed program by name. `needed`: program → Debian package. @throws BenchError naming the missing. */
export function requirePrograms(needed) {
  const found = Object.keys(needed).map((name) => [name, findProgram(name)]);
  const missing = found.filter(([, path]) => path === null).map(([name]) => `${name} (Debian package ${needed[name]})`);
  if (missing.length > 0) throw new BenchError(`Missing here, and not installed by a bench: ${missing.join(', ')}.`);
  return Object.fromEntries(found);
}

export function requireRoot() {
  if (process.getuid() !== 0) throw new BenchError('It must run as root: it listens to the kernel.');
}

/** Path of godo's program in a built checkout. @throws BenchError when it is not built. */
export function godoProgram(directory) {
  const bin = join(directory, 'packages/listener/bin/godo.js');
  if (!existsSync(bin) || !existsSync(join(directory, 'packages/listener/dist/cli.js')))
    throw new BenchError(`${directory} holds no built godo: run "npm ci" there, or name another with --godo.`);
  return bin;
}

/** Runs a program to its end, standard output as text. @throws Error with what it said when it fails. */
export async function output(program, args, options = {}) {
  const { stdout } = await run(program, args, { maxBuffer: 64 * 1024 * 1024, timeout: 60_000, ...options });
  return stdout;
}

/** A folder of our own below $TMPDIR (or `parent`), gone when the bench is over. */
export function temporaryFolder(parent = tmpdir()) {
  const folder = mkdtempSync(join(parent, 'godo-bench-'));
  onCleanup(`remove ${folder}`, () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Compiles bench/programs/NAME.c for each name into a folder; gives the paths by name. */
export async function compilePrograms(names, folder) {
  const { gcc } = requirePrograms({ gcc: 'gcc' });
  const paths = names.map((name) => [name, join(folder, name)]);
  for (const [name, path] of paths) {
    const source = fileURLToPath(new URL(`../programs/${name}.c`, import.meta.url));
    await run(gcc, ['-O2', '-Wall', '-o', path, source]);
  }
  return Object.fromEntries(paths);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
