import type { Task } from './task-merge.ts';

/**
 * When a process ended: with its last task. Known only where the exit of its main task was seen, for that task stays
 * to the end, as a zombie where it left first.
 */
export function processExit(tgid: number, tasks: readonly Task[]): bigint | null {
  let main: Task | undefined;
  for (const task of tasks) if (task.pid === tgid) main = task;
  let exitNs = main?.exitNs ?? null;
  if (exitNs === null) return null;
  for (const task of tasks) if (task.exitNs !== null && task.exitNs > exitNs) exitNs = task.exitNs;
  return exitNs;
}

/** Step 6: a task whose exit was not seen ended with its process, where that one's exit is known. */
export function exitOf(
  { exitNs }: Pick<Task, 'exitNs'>,
  processExitNs: bigint | null,
): { readonly exitNs: bigint | null; readonly exitInferred: boolean } {
  return { exitNs: exitNs ?? processExitNs, exitInferred: exitNs === null && processExitNs !== null };
}
