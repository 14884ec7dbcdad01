import type { TaskDocument } from '@godo/evidence';
import { agree, noCredentials, overlayCredentials, readCredentials } from './credentials.ts';
import { createExecutionLog } from './execution-log.ts';
import { type MergedExecution, mergeExecutions } from './executions.ts';
import { type Facts, noFacts, overlay, readFacts } from './facts.ts';
import { processExit } from './inferred-exits.ts';
import { createInterner, type Interner } from './interner.ts';
import { compareNs } from './order.ts';
import { betterClaim, claimOf, type ParentClaim } from './parent-claim.ts';
import { type ProcessNode, warn } from './process-node.ts';
import { type RootChange, rootChangeOf } from './root-changes.ts';
import { beginsAnew, mergeTask, type Task } from './task-merge.ts';
import { coarseNs, countOf, nsOf, textListOf, textOf } from './values.ts';

/** More would not fit into one document of the database; the raw evidence has them all. */
export const mostTasks = 10_000;
const mostRoots = 1_000;

/** Shared by all that have nothing of a kind. */
const none: readonly never[] = [];

/** Whether the filter can use an observation at all: without these a record belongs to no process and no time. */
export function isUsable(task: TaskDocument): boolean {
  return (
    textOf(task.key) !== null &&
    nsOf(task.timeNs) !== null &&
    countOf(task.pid) !== null &&
    countOf(task.tgid) !== null &&
    textOf(task.bootId) !== null
  );
}

export interface ProcessBuilder {
  /** Takes the next observation of the process, in order of (timeNs, _id). */
  observe(task: TaskDocument): void;
  finish(): ProcessNode;
}

/** Steps 1 and 2 for one process: its observations one after the other, its tasks merged, the process made of them. */
export function createProcessBuilder(first: TaskDocument, share: Interner = createInterner()): ProcessBuilder {
  const key = first.key;
  const tasks = new Map<number, Task>();
  const ended: Task[] = [];
  const log = createExecutionLog();
  const sessionIds: string[] = [];
  const noted: { warnings: readonly string[] } = { warnings: none };
  const roots: RootChange[] = [];
  let tasksLeftOut = 0;
  let startTicks: number | null = null;
  let fork: { readonly timeNs: bigint; readonly coarse: boolean } | null = null;
  let snapshot = false;
  let star = false;
  let claim: ParentClaim | null = null;
  let containerId: string | null | undefined;
  let credentials = noCredentials;
  let credentialsConstant = true;
  let executed = false;
  let initial: Facts = noFacts;
  let latest: Facts = noFacts;
  let latestNs: bigint | null = null;

  function observeTask(task: TaskDocument): void {
    let known = tasks.get(task.pid);
    if (known !== undefined && beginsAnew(known, task)) {
      ended.push(known);
      tasks.delete(task.pid);
      known = undefined;
    }
    if (known === undefined && task.pid !== task.tgid && tasks.size + ended.length >= mostTasks) {
      if (task.observation === 'fork' || task.observation === 'snapshot') tasksLeftOut += 1;
      return;
    }
    tasks.set(task.pid, mergeTask(known, task));
  }

  function observeRoot(task: TaskDocument, born: boolean): void {
    const change = rootChangeOf(task);
    if (change === null) return;
    if (born) {
      roots.unshift(change);
      return;
    }
    const last = roots.at(-1);
    const same =
      last !== undefined && !change.kernel && last.rootfs === change.rootfs && last.rootfsHex === change.rootfsHex;
    if (same || roots.length >= mostRoots) return;
    roots.push(change.rootfs === null ? change : { ...change, rootfs: share.text(change.rootfs) });
  }

  function observeContainer(task: TaskDocument): void {
    const id = task.containerId;
    if (id === null) containerId ??= null;
    else {
      // The last id holds: runc moves a process into its cgroup between fork and exec. None ever leaves again.
      const text = textOf(id);
      if (text !== null) containerId = share.text(text);
    }
  }

  function observeCredentials(task: TaskDocument, born: boolean): void {
    const read = readCredentials(task, share);
    if (!agree(credentials, read)) credentialsConstant = false;
    credentials = born ? overlayCredentials(read, credentials) : overlayCredentials(credentials, read);
  }

  function observeFacts(task: TaskDocument, born: boolean): void {
    const facts = readFacts(task, share);
    if (task.observation === 'exec') {
      const success = task.success !== false;
      const errno = typeof task.errno === 'number' ? task.errno : undefined;
      log.add({
        id: textOf(task._id) ?? '',
        timeNs: task.timeNs,
        source: task.source === 'audit' ? 'audit' : 'connector',
        success,
        ...(errno !== undefined && { errno }),
        facts,
      });
      if (success) {
        executed = true;
        latest = noFacts;
        latestNs = null;
      }
    } else if (born) {
      // A coarse audit stamp may lie before the fork itself; nothing of a process is older than its fork.
      initial = overlay(facts, initial);
    } else if (!executed) {
      initial = overlay(initial, facts);
    } else {
      latest = overlay(latest, facts);
      latestNs = task.timeNs;
    }
  }

  /** A reading of /proc right after the coarse stamp of an exec may be older than the exec itself. */
  function settleLatest(executions: readonly MergedExecution[]): Facts {
    const last = executions.findLast((one) => one.success);
    if (last === undefined || latestNs === null || !last.coarse || latestNs >= last.timeNs + coarseNs) return latest;
    return overlay(latest, last.facts);
  }

  return {
    observe(task) {
      const main = task.pid === task.tgid;
      const born = main && task.observation === 'fork';
      const session = textOf(task.sessionId);
      if (session !== null && !sessionIds.includes(session)) sessionIds.push(session);
      for (const warning of textListOf(task.warnings) ?? []) warn(noted, warning);
      if (task.tgid !== first.tgid) warn(noted, 'observations under this key name different process ids');
      if (born && fork === null) {
        fork = { timeNs: task.timeNs, coarse: task.inferred === true || task.source === 'audit' };
      }
      if (main && task.observation === 'snapshot' && task.source === 'proc') snapshot = true;
      if (task.star === true || task.observation === 'star') star = true;
      startTicks ??= countOf(task.startTicks);
      observeTask(task);
      claim = betterClaim(claim, claimOf(task, share));
      observeRoot(task, born);
      observeContainer(task);
      observeCredentials(task, born);
      observeFacts(task, born);
    },

    finish() {
      const all = [...ended, ...tasks.values()];
      const main = tasks.get(first.tgid);
      all.sort(
        (a, b) =>
          Number(b.pid === first.tgid) - Number(a.pid === first.tgid) ||
          compareNs(a.startNs, b.startNs) ||
          a.pid - b.pid,
      );
      const executions = mergeExecutions(log.observations());
      const startNs = main?.startNs ?? null;
      return {
        key,
        host: share.text(textOf(first.host) ?? ''),
        machineId: textOf(first.machineId) === null ? null : share.text(first.machineId ?? ''),
        bootId: share.text(first.bootId),
        tgid: first.tgid,
        startTicks,
        startNs,
        birthNs: fork?.timeNs ?? startNs ?? first.timeNs,
        birthCoarse: fork?.coarse ?? true,
        forked: fork !== null,
        snapshot,
        star,
        sessionIds: share.value(`sessions ${sessionIds.join(' ')}`, () => sessionIds),
        exitNs: processExit(first.tgid, all),
        exitCode: main?.exitCode ?? null,
        exitSignal: main?.exitSignal ?? null,
        coreDumped: main?.coreDumped ?? false,
        claim,
        credentials,
        credentialsConstant,
        containerId,
        tasks: all.length === 1 && main !== undefined ? null : all,
        tasksLeftOut,
        executions: executions.length === 0 ? none : executions,
        executionsLeftOut: log.leftOut(),
        initial,
        latest: settleLatest(executions),
        roots: roots.length === 0 ? none : roots,
        warnings: noted.warnings,
        parent: null,
        parentSource: null,
        membership: 'unknown',
        children: null,
        depth: -1,
        base: null,
        container: undefined,
        baseRoot: undefined,
        handedDown: null,
      };
    },
  };
}

/** Steps 1 and 2 at once for a process all of whose observations are at hand. */
export function buildProcess(observations: readonly [TaskDocument, ...TaskDocument[]]): ProcessNode {
  const builder = createProcessBuilder(observations[0]);
  for (const observation of observations) builder.observe(observation);
  return builder.finish();
}
