import type { EnvironmentNames, TaskObservation } from '@godo/evidence';
import { agree, noCredentials, overlayCredentials, readCredentials } from './credentials.ts';
import { environmentOf } from './environment.ts';
import { ExecutionLog } from './execution-log.ts';
import { type MergedExecution, mergeExecutions } from './executions.ts';
import { type Facts, noFacts, overlay, readFacts } from './facts.ts';
import { processExit } from './inferred-exits.ts';
import { InsideLog } from './inside.ts';
import { addWarning, type KnownUsage, type ObservedProcess } from './observed-process.ts';
import { compareNs } from './order.ts';
import { betterClaim, claimOf, type ParentClaim } from './parent-claim.ts';
import { type RootChange, rootChangeOf } from './root-changes.ts';
import { beginsAnew, mergeTask, type Task } from './task-merge.ts';
import { coarseNs, countOf, nsOf, textListOf, textOf } from './values.ts';

/** More would not fit into one document of the database; the raw evidence has them all. */
export const mostTasks = 10_000;
const mostRoots = 1_000;

/** Whether the filter can use an observation at all: without these a record belongs to no process and no time. */
export function isUsable(task: TaskObservation): boolean {
  return (
    textOf(task.key) !== null &&
    nsOf(task.timeNs) !== null &&
    countOf(task.pid) !== null &&
    countOf(task.tgid) !== null &&
    textOf(task.bootId) !== null
  );
}

/** Steps 1 and 2 for one process: its observations one after the other, its tasks merged, the process made of them. */
export class ProcessBuilder {
  readonly #first: TaskObservation;
  readonly #sessionIds: string[] = [];
  readonly #warnings: string[] = [];
  /** The task with the number of the process; the others are few or none. */
  #main: Task | undefined;
  #others: Map<number, Task> | null = null;
  #ended: Task[] | null = null;
  #tasksLeftOut = 0;
  #startTicks: number | null = null;
  #fork: { readonly timeNs: bigint; readonly coarse: boolean } | null = null;
  #snapshot = false;
  #star = false;
  #usage: KnownUsage | null = null;
  #claim: ParentClaim | null = null;
  #containerId: string | null | undefined;
  #credentials = noCredentials;
  #credentialsConstant = true;
  readonly #roots: RootChange[] = [];
  #environment: EnvironmentNames | undefined;
  #inside: InsideLog | null = null;
  readonly #log = new ExecutionLog();
  #executed = false;
  #initial: Facts = noFacts;
  #latest: Facts = noFacts;
  #latestNs: bigint | null = null;

  constructor(first: TaskObservation) {
    this.#first = first;
  }

  get key(): string {
    return this.#first.key;
  }

  /** Takes the next observation of the process, in order of (timeNs, _id). */
  observe(task: TaskObservation): void {
    const main = task.pid === task.tgid;
    const born = main && task.observation === 'fork';
    const session = textOf(task.sessionId);
    if (session !== null && !this.#sessionIds.includes(session)) this.#sessionIds.push(session);
    if (task.warnings !== undefined) {
      for (const warning of textListOf(task.warnings) ?? []) addWarning(this.#warnings, warning);
    }
    if (task.tgid !== this.#first.tgid) {
      addWarning(this.#warnings, 'observations under this key name different process ids');
    }
    if (born && this.#fork === null) {
      this.#fork = { timeNs: task.timeNs, coarse: task.inferred === true || task.source === 'audit' };
    }
    if (main && task.observation === 'snapshot' && task.source === 'proc') this.#snapshot = true;
    if (task.star === true || task.observation === 'star') this.#star = true;
    this.#startTicks ??= countOf(task.startTicks);
    if (main && task.observation === 'exit') this.#usage = usageOf(task);
    this.#observeTask(task);
    this.#claim = betterClaim(this.#claim, claimOf(task));
    this.#observeRoot(task, born);
    if (task.innerPid !== undefined || task.namespaces !== undefined) {
      this.#inside ??= new InsideLog();
      this.#inside.observe(task);
    }
    this.#observeContainer(task);
    this.#observeCredentials(task, born);
    this.#observeFacts(task, born);
  }

  finish(): ObservedProcess {
    const first = this.#first;
    const main = this.#main;
    const tasks = this.#allTasks();
    const executions = mergeExecutions(this.#log.observations());
    const startNs = main?.startNs ?? null;
    return {
      key: first.key,
      host: textOf(first.host) ?? '',
      machineId: textOf(first.machineId),
      bootId: first.bootId,
      tgid: first.tgid,
      startTicks: this.#startTicks,
      startNs,
      birthNs: this.#fork?.timeNs ?? startNs ?? first.timeNs,
      birthCoarse: this.#fork?.coarse ?? true,
      forked: this.#fork !== null,
      snapshot: this.#snapshot,
      star: this.#star,
      sessionIds: this.#sessionIds,
      exitNs: processExit(first.tgid, tasks),
      exitCode: main?.exitCode ?? null,
      exitSignal: main?.exitSignal ?? null,
      coreDumped: main?.coreDumped ?? false,
      usage: this.#usage,
      claim: this.#claim,
      credentials: this.#credentials,
      credentialsConstant: this.#credentialsConstant,
      containerId: this.#containerId,
      tasks,
      tasksLeftOut: this.#tasksLeftOut,
      executions,
      executionsLeftOut: this.#log.leftOut,
      initial: this.#initial,
      latest: this.#settledLatest(executions),
      roots: this.#roots,
      environment: this.#environment,
      inside: this.#inside?.finish() ?? null,
      warnings: this.#warnings,
    };
  }

  #observeTask(task: TaskObservation): void {
    const isMain = task.pid === this.#first.tgid;
    let known = isMain ? this.#main : this.#others?.get(task.pid);
    if (known !== undefined && beginsAnew(known, task)) {
      this.#ended ??= [];
      this.#ended.push(known);
      known = undefined;
      if (isMain) this.#main = undefined;
      else this.#others?.delete(task.pid);
    }
    if (known === undefined && task.pid !== task.tgid && this.#taskCount() >= mostTasks) {
      if (task.observation === 'fork' || task.observation === 'snapshot') this.#tasksLeftOut += 1;
      return;
    }
    const merged = mergeTask(known, task);
    if (isMain) {
      this.#main = merged;
    } else if (merged !== known) {
      this.#others ??= new Map();
      this.#others.set(task.pid, merged);
    }
  }

  #taskCount(): number {
    return (this.#main === undefined ? 0 : 1) + (this.#others?.size ?? 0) + (this.#ended?.length ?? 0);
  }

  #allTasks(): Task[] {
    const main = this.#main === undefined ? [] : [this.#main];
    if (this.#others === null && this.#ended === null) return main;
    const { tgid } = this.#first;
    return [...(this.#ended ?? []), ...main, ...(this.#others?.values() ?? [])].sort(
      (a, b) => Number(b.pid === tgid) - Number(a.pid === tgid) || compareNs(a.startNs, b.startNs) || a.pid - b.pid,
    );
  }

  #observeRoot(task: TaskObservation, born: boolean): void {
    const change = rootChangeOf(task);
    if (change === null) return;
    const roots = this.#roots;
    if (born) {
      roots.unshift(change);
      return;
    }
    const last = roots.at(-1);
    const same =
      last !== undefined && !change.kernel && last.rootfs === change.rootfs && last.rootfsHex === change.rootfsHex;
    if (!same && roots.length < mostRoots) roots.push(change);
  }

  #observeContainer(task: TaskObservation): void {
    // The last id holds: runc moves a process into its cgroup between fork and exec. None ever leaves again.
    if (task.containerId === null) this.#containerId ??= null;
    else this.#containerId = textOf(task.containerId) ?? this.#containerId;
  }

  #observeCredentials(task: TaskObservation, born: boolean): void {
    const read = readCredentials(task);
    if (read === noCredentials) return;
    const before = this.#credentials;
    if (!agree(before, read)) this.#credentialsConstant = false;
    this.#credentials = born ? overlayCredentials(read, before) : overlayCredentials(before, read);
  }

  #observeFacts(task: TaskObservation, born: boolean): void {
    const facts = readFacts(task);
    if (task.observation === 'snapshot') this.#environment = environmentOf(task) ?? this.#environment;
    if (task.observation === 'exec') {
      const success = task.success !== false;
      const source = task.source === 'audit' ? 'audit' : 'connector';
      const observation = { id: textOf(task._id) ?? '', timeNs: task.timeNs, source, success, facts } as const;
      const environment = environmentOf(task);
      const isPlain = typeof task.errno !== 'number' && environment === undefined;
      this.#log.add(
        isPlain
          ? observation
          : {
              ...observation,
              ...(typeof task.errno === 'number' && { errno: task.errno }),
              ...(environment !== undefined && { environment }),
            },
      );
      if (success) {
        this.#executed = true;
        this.#latest = noFacts;
        this.#latestNs = null;
      }
    } else if (born) {
      // A coarse audit stamp may lie before the fork itself; nothing of a process is older than its fork.
      this.#initial = overlay(facts, this.#initial);
    } else if (!this.#executed) {
      this.#initial = overlay(this.#initial, facts);
    } else {
      this.#latest = overlay(this.#latest, facts);
      this.#latestNs = task.timeNs;
    }
  }

  /** A reading of /proc right after the coarse stamp of an exec may be older than the exec itself. */
  #settledLatest(executions: readonly MergedExecution[]): Facts {
    const latest = this.#latest;
    const last = executions.findLast((one) => one.success);
    if (last === undefined || this.#latestNs === null || !last.coarse || this.#latestNs >= last.timeNs + coarseNs) {
      return latest;
    }
    return overlay(latest, last.facts);
  }
}

function usageOf(task: TaskObservation): KnownUsage | null {
  const cpuUs = countOf(task.cpuUs);
  const maxRssKb = countOf(task.maxRssKb);
  return cpuUs === null || maxRssKb === null ? null : { cpuUs, maxRssKb, partial: task.usagePartial === true };
}

/** Steps 1 and 2 at once for a process all of whose observations are at hand. */
export function buildProcess(observations: readonly [TaskObservation, ...TaskObservation[]]): ObservedProcess {
  const builder = new ProcessBuilder(observations[0]);
  for (const observation of observations) builder.observe(observation);
  return builder.finish();
}
