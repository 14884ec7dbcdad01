import type { Program, TaskObservation } from '@godo/evidence';
import { hexListOf, textListOf, textOf } from './values.ts';

/** What is known of a program beside its path. Not there for most. */
export type ProgramDetails = Omit<Program, 'exe' | 'exeHex'>;

/** null where the observation says nothing but the path. */
export function programDetailsOf(task: TaskObservation): ProgramDetails | null {
  const { exeDeleted } = task;
  if (exeDeleted === undefined && task.script === undefined) return null;
  const script = textOf(task.script);
  const scriptHex = script === null ? null : textOf(task.scriptHex);
  const viaScripts = script === null ? null : textListOf(task.viaScripts);
  const viaScriptsHex = viaScripts === null ? null : hexListOf(task.viaScriptsHex, viaScripts.length);
  const isTold = exeDeleted === true || exeDeleted === null;
  if (!isTold && script === null) return null;
  return {
    ...(isTold && { exeDeleted }),
    ...(script !== null && { script }),
    ...(scriptHex !== null && { scriptHex }),
    ...(viaScripts !== null && { viaScripts }),
    ...(viaScriptsHex !== null && { viaScriptsHex }),
  };
}
