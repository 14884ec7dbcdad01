import { type Execution, isoTime, type ProcessDocument, type Thread } from '@godo/evidence';
import { type Containers, rootOf } from './containers.ts';
import type { MergedExecution } from './executions.ts';
import { inferExits } from './inferred-exits.ts';
import { containerOf, credentialsOf, finalFacts } from './inheritance.ts';
import { correctParents } from './parent-claim.ts';
import { type ProcessNode, tasksOf, warn } from './process-node.ts';
import type { Runs } from './runs.ts';

/** More keys would not fit into one document of the database; each child names its parent in any case. */
export const mostChildren = 100_000;

function iso(timeNs: bigint | null): string | null {
  return timeNs === null ? null : isoTime(timeNs);
}

function threadsOf(node: ProcessNode): Thread[] {
  return inferExits(correctParents(tasksOf(node), node.claim), node.exitNs).map((task) => ({
    pid: task.pid,
    startNs: task.startNs,
    start: iso(task.startNs),
    exitNs: task.exitNs,
    exit: iso(task.exitNs),
    exitInferred: task.exitInferred,
    ppid: task.ppid,
    parentTgid: task.parentTgid,
  }));
}

function executionOf(execution: MergedExecution): Execution {
  const { timeNs, facts, success, errno } = execution;
  return {
    timeNs,
    time: isoTime(timeNs),
    exe: facts.exe,
    ...(facts.exeHex !== undefined && { exeHex: facts.exeHex }),
    argv: facts.argv,
    ...(facts.argvHex !== undefined && { argvHex: facts.argvHex }),
    cwd: facts.cwd,
    ...(facts.cwdHex !== undefined && { cwdHex: facts.cwdHex }),
    comm: facts.comm,
    success,
    ...(errno !== undefined && { errno }),
  };
}

/** Whether a process ran before the listener did: never seen made, and older than the first run that saw it. */
function startedBefore(node: ProcessNode, runs: Runs): boolean {
  if (node.forked || !node.snapshot) return false;
  const firstRunNs = runs.firstStartNs(node.sessionIds);
  return node.startNs === null || firstRunNs === null || node.startNs < firstRunNs;
}

/** The cooked document of a process of the tree. */
export function processDocument(node: ProcessNode, containers: Containers, runs: Runs): ProcessDocument {
  const parent = node.depth > 0 ? node.parent : null;
  const [main] = correctParents(tasksOf(node).slice(0, 1), node.claim);
  const all = node.children ?? [];
  const children = all.slice(0, mostChildren).map((child) => child.key);
  if (all.length > mostChildren) {
    warn(node, `${all.length - mostChildren} more children are not listed here; each names this parent`);
  }
  if (node.tasksLeftOut > 0)
    warn(node, `${node.tasksLeftOut} more threads are not listed here; the raw evidence has them`);
  if (node.executionsLeftOut > 0) {
    warn(node, `${node.executionsLeftOut} more observations of an exec are not listed here; the raw evidence has them`);
  }
  const facts = finalFacts(node);
  return {
    _id: node.key,
    key: node.key,
    host: node.host,
    machineId: node.machineId,
    bootId: node.bootId,
    sessionIds: [...node.sessionIds].sort(runs.compareSessions),
    tgid: node.tgid,
    startTicks: node.startTicks,
    startNs: node.startNs,
    start: iso(node.startNs),
    startedBefore: startedBefore(node, runs),
    exitNs: node.exitNs,
    exit: iso(node.exitNs),
    exitCode: node.exitCode,
    exitSignal: node.exitSignal,
    coreDumped: node.coreDumped,
    star: node.star,
    parentKey: parent?.key ?? null,
    ppid: main?.ppid ?? null,
    parentTgid: main?.parentTgid ?? null,
    parentSource: parent === null ? null : node.parentSource,
    children,
    depth: node.depth,
    threads: threadsOf(node),
    executions: node.executions.map(executionOf),
    ...facts,
    ...rootOf(node, containers),
    containerId: containerOf(node),
    ...credentialsOf(node),
    warnings: node.warnings,
  };
}
