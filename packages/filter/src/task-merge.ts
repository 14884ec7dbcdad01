import type { TaskObservation } from '@godo/evidence';
import { countOf, nsOf } from './values.ts';

/** One task (thread) of a process: all its observations in one record. */
export interface Task {
  readonly pid: number;
  readonly startNs: bigint | null;
  /** Its making was observed, so `startNs` is the kernel's. */
  readonly forked: boolean;
  readonly exitNs: bigint | null;
  readonly exitCode: number | null;
  readonly exitSignal: number | null;
  readonly coreDumped: boolean;
}

function newTask(pid: number, startNs: bigint | null, forked: boolean): Task {
  return { pid, startNs, forked, exitNs: null, exitCode: null, exitSignal: null, coreDumped: false };
}

/** A fork of a pid that has exited already makes a new task: the number was given out again. */
export function beginsAnew(task: Task, observation: TaskObservation): boolean {
  return observation.observation === 'fork' && task.exitNs !== null && observation.timeNs > task.exitNs;
}

/**
 * Step 1: merges one more observation into what is known of its task. Observations come in order of time.
 *
 * @param known - The task so far, or undefined at its first observation.
 */
export function mergeTask(known: Task | undefined, observation: TaskObservation): Task {
  const task = known ?? newTask(observation.pid, null, false);
  switch (observation.observation) {
    case 'fork': {
      if (task.forked) return task;
      const startNs = nsOf(observation.startNs) ?? observation.timeNs;
      return known === undefined ? newTask(task.pid, startNs, true) : { ...task, startNs, forked: true };
    }
    case 'exit':
      return {
        pid: task.pid,
        startNs: task.startNs ?? nsOf(observation.startNs),
        forked: task.forked,
        exitNs: observation.timeNs,
        exitCode: countOf(observation.exitCode),
        exitSignal: countOf(observation.exitSignal),
        coreDumped: observation.coreDumped === true,
      };
    case 'exec': {
      // An exec by another thread ends the leader first and then takes its pid (fs/exec.c, de_thread): the task that
      // was seen to exit goes on.
      const wentOn =
        task.exitNs !== null &&
        observation.success !== false &&
        observation.pid === observation.tgid &&
        observation.timeNs > task.exitNs;
      if (wentOn) return { ...task, exitNs: null, exitCode: null, exitSignal: null, coreDumped: false };
      break;
    }
    default:
      break;
  }
  if (task.startNs === null) {
    const startNs = nsOf(observation.startNs);
    if (startNs !== null) return { ...task, startNs };
  }
  return task;
}

/** Step 1 for all observations of one task. Several tasks come out where the pid was given out again. */
export function mergeTasks(observations: readonly TaskObservation[]): Task[] {
  const tasks: Task[] = [];
  let current: Task | undefined;
  for (const observation of observations) {
    if (current !== undefined && beginsAnew(current, observation)) {
      tasks.push(current);
      current = undefined;
    }
    current = mergeTask(current, observation);
  }
  if (current !== undefined) tasks.push(current);
  return tasks;
}
