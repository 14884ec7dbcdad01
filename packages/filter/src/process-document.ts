import {
  type Execution,
  isoTime,
  type ProcessDocument,
  type ProcessKey,
  type Thread,
  type Usage,
} from '@godo/evidence';
import { none } from './columns.ts';
import { type Containers, rootOf } from './containers.ts';
import type { Facts } from './facts.ts';
import { exitOf } from './inferred-exits.ts';
import { containerOf, credentialsOf, finalFacts, namespacesOf } from './inheritance.ts';
import { insideFields } from './inside.ts';
import type { KeptExecution } from './kept-executions.ts';
import { addWarning, type KnownUsage } from './observed-process.ts';
import type { ProcessTable } from './process-table.ts';
import type { ProgramDetails } from './program-details.ts';
import type { Runs } from './runs.ts';

/** More keys would not fit into one document of the database; each child names its parent in any case. */
export const mostChildren = 100_000;

function iso(timeNs: bigint | null): string | null {
  return timeNs === null ? null : isoTime(timeNs);
}

/** @param start - Text of the start of the process, @param exit - and of its exit: most threads have just these. */
function threadsOf(table: ProcessTable, row: number, start: string | null, exit: string | null): Thread[] {
  const pid = table.tgidOf(row);
  const startNs = table.startNs.at(row);
  const processExitNs = table.exitNs.at(row);
  const ppid = table.claimedPpidOf(row);
  const parentTgid = table.claimedTgidOf(row);
  return table.tasks.of(row, { pid, startNs, exitNs: processExitNs }).map((task) => {
    const { exitNs, exitInferred } = exitOf(task, processExitNs);
    return {
      pid: task.pid,
      startNs: task.startNs,
      start: task.startNs === startNs ? start : iso(task.startNs),
      exitNs,
      exit: exitNs === processExitNs ? exit : iso(exitNs),
      exitInferred,
      // Step 5: all threads have the parent of the process. What a later thread reported is the adopter of an orphan.
      ppid,
      parentTgid,
    };
  });
}

function executionOf(execution: KeptExecution): Execution {
  const { timeNs, facts, success, errno, environment } = execution;
  const { exe, exeHex, program, argv, argvHex, cwd, cwdHex, comm } = facts;
  const time = isoTime(timeNs);
  const exact = exeHex === undefined && argvHex === undefined && cwdHex === undefined;
  const isPlain = program === undefined && errno === undefined && environment === undefined;
  if (exact && isPlain && argv !== null) {
    return { timeNs, time, exe, argv, cwd, comm, success };
  }
  return {
    timeNs,
    time,
    exe,
    ...(exeHex !== undefined && { exeHex }),
    ...program,
    argv,
    ...(argv === null && { argvUnknown: success ? 'not recorded' : 'failed call' }),
    ...(argvHex !== undefined && { argvHex }),
    cwd,
    ...(cwdHex !== undefined && { cwdHex }),
    comm,
    success,
    ...(errno !== undefined && { errno }),
    ...environment,
  };
}

function stateOf(facts: Facts): Omit<Facts, 'program'> & ProgramDetails {
  if (facts.program === undefined) return facts;
  const { program, ...state } = facts;
  return { ...state, ...program };
}

/** Whether a process ran before the listener did: never seen made, and older than the first run that saw it. */
function startedBefore(table: ProcessTable, row: number, runs: Runs): boolean {
  if (table.isForked(row) || !table.isSnapshot(row)) return false;
  const startNs = table.startNs.at(row);
  const firstRunNs = runs.firstStartNs(table.sessionIdsOf(row));
  return startNs === null || firstRunNs === null || startNs < firstRunNs;
}

function childrenOf(table: ProcessTable, row: number): ProcessKey[] {
  const keys: ProcessKey[] = [];
  for (const child of table.places.childrenOf(row)) {
    if (keys.length === mostChildren) break;
    keys.push(table.keyOf(child));
  }
  return keys;
}

function warningsOf(table: ProcessTable, row: number): readonly string[] {
  const own = table.warningsOf(row);
  const leftOut = table.leftOutOf(row);
  const children = table.places.childrenOf(row).length - mostChildren;
  if (leftOut === null && children <= 0) return own;
  const warnings = [...own];
  if (children > 0) addWarning(warnings, `${children} more children are not listed here; each names this parent`);
  const { tasksLeftOut: threads = 0, executionsLeftOut: execs = 0 } = leftOut ?? {};
  if (threads > 0) addWarning(warnings, `${threads} more threads are not listed here; the raw evidence has them`);
  if (execs > 0) {
    addWarning(warnings, `${execs} more observations of an exec are not listed here; the raw evidence has them`);
  }
  return warnings;
}

function usageFields(usage: KnownUsage | null): Usage {
  if (usage === null) return {};
  const { cpuUs, maxRssKb, partial } = usage;
  return partial ? { cpuUs, maxRssKb, usagePartial: true } : { cpuUs, maxRssKb };
}

/** The cooked document of a process of the tree. */
export function processDocument(table: ProcessTable, row: number, containers: Containers, runs: Runs): ProcessDocument {
  const { places } = table;
  const key = table.keyOf(row);
  const { host, machineId, bootId } = table.originOf(row);
  const startNs = table.startNs.at(row);
  const exitNs = table.exitNs.at(row);
  const start = iso(startNs);
  const exit = iso(exitNs);
  const { exitCode, exitSignal, coreDumped } = table.exitStatusOf(row);
  const sessionIds = table.sessionIdsOf(row);
  const executions = table.executions.of(row);
  const depth = places.depthOf(row);
  const parent = depth > 0 ? places.parentOf(row) : none;
  return {
    _id: key,
    key,
    host,
    machineId,
    bootId,
    sessionIds: sessionIds.length > 1 ? [...sessionIds].sort(runs.compareSessions) : sessionIds,
    tgid: table.tgidOf(row),
    startTicks: table.startTicksOf(row),
    startNs,
    start,
    startedBefore: startedBefore(table, row, runs),
    exitNs,
    exit,
    exitCode,
    exitSignal,
    coreDumped,
    ...usageFields(table.usageOf(row)),
    star: table.isStar(row),
    parentKey: parent === none ? null : table.keyOf(parent),
    ppid: table.claimedPpidOf(row),
    parentTgid: table.claimedTgidOf(row),
    parentSource: parent === none ? null : places.parentSourceOf(row),
    children: childrenOf(table, row),
    depth,
    threads: threadsOf(table, row, start, exit),
    executions: executions.map(executionOf),
    ...(executions.findLast(({ success }) => success) ?? { environment: table.environmentOf(row) }).environment,
    ...stateOf(finalFacts(table, row)),
    ...rootOf(table, row, containers),
    containerId: containerOf(table, row),
    ...insideFields(table.insideOf(row), namespacesOf(table, row)),
    ...credentialsOf(table, row),
    warnings: warningsOf(table, row),
  };
}
