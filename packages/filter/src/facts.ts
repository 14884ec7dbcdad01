import type { TaskObservation } from '@godo/evidence';
import { type ProgramDetails, programDetailsOf } from './program-details.ts';
import { hexListOf, textListOf, textOf } from './values.ts';

/** What a process is at a moment. null: not known. The hex twin is there only where the text is not the exact bytes. */
export interface Facts {
  readonly exe: string | null;
  readonly exeHex?: string;
  /** What else is known of `exe`, and goes with it. */
  readonly program?: ProgramDetails;
  readonly comm: string | null;
  readonly commHex?: string;
  readonly argv: readonly string[] | null;
  readonly argvHex?: readonly (string | null)[];
  readonly cwd: string | null;
  readonly cwdHex?: string;
}

export const noFacts: Facts = { exe: null, comm: null, argv: null, cwd: null };

/** The facts one observation states. `comm` is a task's own, so that of a thread says nothing about its process. */
export function readFacts(task: TaskObservation): Facts {
  const exe = textOf(task.exe);
  const comm = task.pid === task.tgid ? textOf(task.comm) : null;
  const argv = textListOf(task.argv);
  const cwd = textOf(task.cwd);
  if (exe === null && comm === null && argv === null && cwd === null) return noFacts;
  const exeHex = exe === null ? null : textOf(task.exeHex);
  const commHex = comm === null ? null : textOf(task.commHex);
  const argvHex = argv === null ? null : hexListOf(task.argvHex, argv.length);
  const cwdHex = cwd === null ? null : textOf(task.cwdHex);
  const program = exe === null ? null : programDetailsOf(task);
  const exact = exeHex === null && commHex === null && argvHex === null && cwdHex === null;
  if (exact && program === null) return { exe, comm, argv, cwd };
  return {
    exe,
    ...(exeHex !== null && { exeHex }),
    ...(program !== null && { program }),
    comm,
    ...(commHex !== null && { commHex }),
    argv,
    ...(argvHex !== null && { argvHex }),
    cwd,
    ...(cwdHex !== null && { cwdHex }),
  };
}

/** Facts whose parts come from several; text and hex twin stay together. */
function composed(exe: Facts, comm: Facts, argv: Facts, cwd: Facts): Facts {
  const exact =
    exe.exeHex === undefined && comm.commHex === undefined && argv.argvHex === undefined && cwd.cwdHex === undefined;
  if (exact && exe.program === undefined) return { exe: exe.exe, comm: comm.comm, argv: argv.argv, cwd: cwd.cwd };
  return {
    exe: exe.exe,
    ...(exe.exeHex !== undefined && { exeHex: exe.exeHex }),
    ...(exe.program !== undefined && { program: exe.program }),
    comm: comm.comm,
    ...(comm.commHex !== undefined && { commHex: comm.commHex }),
    argv: argv.argv,
    ...(argv.argvHex !== undefined && { argvHex: argv.argvHex }),
    cwd: cwd.cwd,
    ...(cwd.cwdHex !== undefined && { cwdHex: cwd.cwdHex }),
  };
}

/** Each fact from `over` where it is known there, else from `under`. */
export function overlay(under: Facts, over: Facts): Facts {
  if (over === noFacts || under === over) return under;
  if (under === noFacts) return over;
  return composed(
    over.exe === null ? under : over,
    over.comm === null ? under : over,
    over.argv === null ? under : over,
    over.cwd === null ? under : over,
  );
}

/**
 * The state after an execution: another program has other arguments and another name, known or not, so nothing of the
 * old program shows through; the working directory outlives an execution.
 */
export function applyExecution(before: Facts, execution: Facts): Facts {
  return execution.cwd !== null ? execution : composed(execution, execution, execution, before);
}
