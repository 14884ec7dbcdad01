/** What the command line of a container runtime says. Pure. */

import { baseName } from '../base-name.ts';
import { beforeDeletedMark } from '../deleted-suffix.ts';
import type { BinaryString } from '../events.ts';

/** File names of the programs that make containers. */
export const runtimes: ReadonlySet<string> = new Set(['runc', 'crun', 'youki']);

/**
 * Whether an executable has no name: runtimes execute copies of themselves, so that a container cannot write to theirs, which
 * lie in memory (`/memfd:…`) or on a mount that hangs nowhere (`/`).
 */
export function isNameless(exe: BinaryString): boolean {
  return exe.endsWith('/') || exe.startsWith('/memfd:');
}

/** The file name of a program, or what a nameless one was called. */
export function programName(exe: BinaryString, argv: readonly BinaryString[] | null): BinaryString {
  return baseName(isNameless(exe) ? (argv?.[0] ?? '') : (beforeDeletedMark(exe) ?? exe));
}

const making: ReadonlySet<string> = new Set(['run', 'create', 'restore']);
const idForm = /^[\w+.-]{1,1024}$/;

/** What runc takes for an id (libcontainer, validateID): it is a file name, and no other folder's. */
export function isContainerId(text: string): boolean {
  return idForm.test(text) && text !== '.' && text !== '..';
}

/** The id that `runc run|create|restore … ID` names; null: it makes none. */
export function containerMadeBy(exe: BinaryString, argv: readonly BinaryString[]): string | null {
  if (!runtimes.has(programName(exe, argv)) || !argv.slice(1, -1).some((argument) => making.has(argument))) return null;
  const id = argv.at(-1) ?? '';
  return isContainerId(id) ? id : null;
}
