import type { TaskDocument } from '@godo/evidence';
import type { Interner } from './interner.ts';
import { hexListOf, textListOf, textOf } from './values.ts';

/** What a process is at a moment. null: not known. The hex twin is there only where the text is not the exact bytes. */
export interface Facts {
  readonly exe: string | null;
  readonly exeHex?: string;
  readonly comm: string | null;
  readonly commHex?: string;
  readonly argv: readonly string[] | null;
  readonly argvHex?: readonly (string | null)[];
  readonly cwd: string | null;
  readonly cwdHex?: string;
}

export const noFacts: Facts = { exe: null, comm: null, argv: null, cwd: null };

function exeOf(facts: Facts): Pick<Facts, 'exe' | 'exeHex'> {
  return facts.exeHex === undefined ? { exe: facts.exe } : { exe: facts.exe, exeHex: facts.exeHex };
}

function commOf(facts: Facts): Pick<Facts, 'comm' | 'commHex'> {
  return facts.commHex === undefined ? { comm: facts.comm } : { comm: facts.comm, commHex: facts.commHex };
}

function argvOf(facts: Facts): Pick<Facts, 'argv' | 'argvHex'> {
  return facts.argvHex === undefined ? { argv: facts.argv } : { argv: facts.argv, argvHex: facts.argvHex };
}

function cwdOf(facts: Facts): Pick<Facts, 'cwd' | 'cwdHex'> {
  return facts.cwdHex === undefined ? { cwd: facts.cwd } : { cwd: facts.cwd, cwdHex: facts.cwdHex };
}

/** The facts one observation states. `comm` is a task's own, so that of a thread says nothing about its process. */
export function readFacts(task: TaskDocument, share: Interner): Facts {
  const exe = textOf(task.exe);
  const comm = task.pid === task.tgid ? textOf(task.comm) : null;
  const argv = textListOf(task.argv);
  const cwd = textOf(task.cwd);
  if (exe === null && comm === null && argv === null && cwd === null) return noFacts;
  const exeHex = exe === null ? null : textOf(task.exeHex);
  const commHex = comm === null ? null : textOf(task.commHex);
  const argvHex = argv === null ? null : hexListOf(task.argvHex, argv.length);
  const cwdHex = cwd === null ? null : textOf(task.cwdHex);
  const exact = exeHex === null && commHex === null && argvHex === null && cwdHex === null;
  if (exact) {
    return share.value(nameOf(exe, comm, argv, cwd), () => ({
      exe: exe === null ? null : share.text(exe),
      comm: comm === null ? null : share.text(comm),
      argv,
      cwd: cwd === null ? null : share.text(cwd),
    }));
  }
  return {
    exe,
    ...(exeHex !== null && { exeHex }),
    comm,
    ...(commHex !== null && { commHex }),
    argv,
    ...(argvHex !== null && { argvHex }),
    cwd,
    ...(cwdHex !== null && { cwdHex }),
  };
}

type Texts = readonly string[];

/** The kernel lets no NUL into a path, a name or an argument, and only arguments are ever empty. */
function nameOf(exe: string | null, comm: string | null, argv: Texts | null, cwd: string | null): string {
  const words = argv === null ? '' : `${argv.length}\0${argv.join('\0')}`;
  return `facts ${exe ?? ''}\0${comm ?? ''}\0${cwd ?? ''}\0${words}`;
}

/** Each fact from `over` where it is known there, else from `under`; text and hex twin stay together. */
export function overlay(under: Facts, over: Facts): Facts {
  if (over === noFacts || under === over) return under;
  if (under === noFacts) return over;
  return {
    ...exeOf(over.exe === null ? under : over),
    ...commOf(over.comm === null ? under : over),
    ...argvOf(over.argv === null ? under : over),
    ...cwdOf(over.cwd === null ? under : over),
  };
}

/**
 * The state after an execution: another program has other arguments and another name, known or not, so nothing of the
 * old program shows through; the working directory outlives an execution.
 */
export function applyExecution(before: Facts, execution: Facts): Facts {
  if (execution.cwd !== null) return execution;
  return { ...exeOf(execution), ...commOf(execution), ...argvOf(execution), ...cwdOf(before) };
}
