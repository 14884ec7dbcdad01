/** What the command line of a container runtime says. Pure. */

import { basename } from 'node:path';
import type { BinaryString } from '../events.ts';

/** File names of the programs that make containers. */
export const runtimes: ReadonlySet<string> = new Set(['runc', 'crun', 'youki']);
const making: ReadonlySet<string> = new Set(['run', 'create', 'restore']);
const idForm = /^[\w+.-]{1,1024}$/;

/** What runc takes for an id (libcontainer, validateID): it is a file name, and no other folder's. */
export function isContainerId(text: string): boolean {
  return idForm.test(text) && text !== '.' && text !== '..';
}

/** The id that `runc run|create|restore … ID` names; null: it makes none. */
export function containerMadeBy(exe: BinaryString, argv: readonly BinaryString[]): string | null {
  if (!runtimes.has(basename(exe)) || !argv.slice(1, -1).some((argument) => making.has(argument))) return null;
  const id = argv.at(-1) ?? '';
  return isContainerId(id) ? id : null;
}
