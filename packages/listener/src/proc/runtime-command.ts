/** What the command line of a container runtime says. Pure. */

import { basename } from 'node:path';
import type { BinaryString } from '../events.ts';

const runtimes: ReadonlySet<string> = new Set(['runc', 'crun', 'youki']);
const making: ReadonlySet<string> = new Set(['run', 'create', 'restore']);
/** What runc takes for an id (libcontainer, validateID). */
export const idForm = /^[\w+.-]{1,1024}$/;

/** The id that `runc run|create|restore … ID` names; null: it makes none. */
export function containerMadeBy(exe: BinaryString, argv: readonly BinaryString[]): string | null {
  if (!runtimes.has(basename(exe)) || !argv.slice(1, -1).some((argument) => making.has(argument))) return null;
  const id = argv.at(-1) ?? '';
  return idForm.test(id) && id !== '.' && id !== '..' ? id : null;
}
