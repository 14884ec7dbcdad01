/** Which file an exec ran, from the records of the call: the script, its interpreters, and whether the file was deleted. */

import { baseName } from '../base-name.ts';
import { beforeDeletedMark } from '../deleted-suffix.ts';
import type { BinaryString } from '../events.ts';
import { absolutePath } from './paths.ts';

export interface ExecRecords {
  /**
   * The PATH items' names by their numbers: the file that was asked for, then the interpreter that each names, last the
   * dynamic loader where the program has one. null: not known. Empty: the file was given by a descriptor alone.
   */
  readonly names: readonly (BinaryString | null)[];
  readonly argv: readonly BinaryString[] | null;
  readonly cwd: BinaryString | null;
  readonly exe: BinaryString | null;
  readonly comm: BinaryString | null;
}

export interface ExecutedFile {
  /** Path of the program without the mark behind it, where it was deleted. */
  readonly exe?: BinaryString;
  /** null: its path ends like that of a deleted file, and it cannot be told from the call whether that is its name. */
  readonly exeDeleted?: true | null;
  readonly script?: BinaryString;
  readonly viaScripts?: readonly BinaryString[];
}

const nothing: ExecutedFile = {};

/** Of a call that succeeded. What is not said was not so. */
export function executedFile(records: ExecRecords): ExecutedFile {
  const chain = records.names.length > 1 ? interpreters(records) : null;
  const cut = records.exe === null ? null : beforeDeletedMark(records.exe);
  if (chain === null && cut === null) return nothing;
  const { cwd, names } = records;
  const [script, ...via] = (chain ?? []).map((name) => absolutePath(name, cwd) ?? name);
  return {
    ...(cut !== null && deletion(records, names[chain?.length ?? 0] ?? null, cut)),
    ...(script !== undefined && { script }),
    ...(via.length > 0 && { viaScripts: via }),
  };
}

/**
 * The scripts, the executed one first; null where the file itself is the program. For each `#!` line the kernel puts the
 * interpreter, its one argument and the name of the script before the rest of argv (load_script in fs/binfmt_script.c;
 * binfmt_misc does the same), so argv begins with names that stand in the PATH items too.
 */
function interpreters(records: ExecRecords): BinaryString[] | null {
  const { names, argv } = records;
  if (argv === null) return null;
  // Behind the last interpreter there is its loader, if it has one.
  for (let last = names.length - 1; last > 0 && last >= names.length - 2; last -= 1) {
    const scripts = scriptsBefore(last, names, argv);
    if (scripts !== null) return names.length > 2 || !endsWithLoader(records) ? scripts : null;
  }
  return null;
}

function scriptsBefore(
  last: number,
  names: readonly (BinaryString | null)[],
  argv: readonly BinaryString[],
): BinaryString[] | null {
  if (argv[0] !== names[last]) return null;
  const scripts: BinaryString[] = [];
  let place = 1;
  for (let at = last - 1; at >= 0; at -= 1) {
    const name = names[at];
    const given = [argv[place], argv[place + 1]].findIndex((text) => text !== undefined && isName(text, name, at));
    const script = given < 0 ? undefined : argv[place + given];
    if (script === undefined) return null;
    scripts.unshift(script);
    place += given + 1;
  }
  return scripts;
}

/** What execveat found by a descriptor goes by the name of the descriptor (alloc_bprm in fs/exec.c). */
function isName(text: BinaryString, name: BinaryString | null | undefined, item: number): boolean {
  if (name == null) return false;
  if (text === name) return name !== '';
  const byDescriptor = item === 0 ? /^\/dev\/fd\/\d+(?:\/(.*))?$/s.exec(text) : null;
  return byDescriptor !== null && (byDescriptor[1] ?? '') === name;
}

/**
 * Two items may also be a program and its loader, started with argv that looks like that of a script. Then exe is the
 * first of them; links on the way leave the names of loaders to tell by.
 */
function endsWithLoader({ names, cwd, exe }: ExecRecords): boolean {
  const [file, second] = names;
  if (exe === null || file == null || second == null) return true;
  if (absolutePath(second, cwd) === exe) return false;
  if (absolutePath(file, cwd) === exe) return true;
  return baseName(second) !== baseName(exe) && /^ld[-.]|^ld64/.test(baseName(second));
}

/** `ran`: the name under which the program was looked up, `cut`: its path without the mark. */
function deletion({ exe, comm }: ExecRecords, ran: BinaryString | null, cut: BinaryString): ExecutedFile {
  if (exe === null) return nothing;
  const [marked, plain] = [baseName(exe), baseName(cut)];
  if (ran !== null && ran !== '' && baseName(ran) === marked) return nothing;
  // A file given by its descriptor gives the process its own name, 15 bytes of it (Linux 6.14 and later).
  if (ran === '' && comm !== null && short(plain) !== short(marked)) {
    if (comm === short(plain)) return { exe: cut, exeDeleted: true };
    if (comm === short(marked)) return nothing;
  }
  return { exeDeleted: null };
}

function short(name: BinaryString): BinaryString {
  return name.slice(0, 15);
}
