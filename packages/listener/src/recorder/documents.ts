/** Documents made from the recorder's state. Pure. */

import { type RunOrigin, type SourceClock, type TaskObservation, textOf, textsOf } from '@godo/evidence';
import { deletedByPath } from '../deleted-suffix.ts';
import type { AuditOrigin, BinaryString, Caller, ConnectorOrigin, ExecEvent, ProcFacts } from '../events.ts';
import { fittingArgv, textOrNull } from './document-text.ts';
import type { ProcessState } from './process-table.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export const nanosecondsPerMs = 1_000_000n;

export function auditId(bootId: string, event: Pick<AuditOrigin, 'ms' | 'serial'>): string {
  return `${bootId}:audit:${event.ms}.${event.serial}`;
}

export function connectorId(bootId: string, event: ConnectorOrigin): string {
  return `${bootId}:connector:${event.cpu}.${event.seq}.${event.monotonicNs}`;
}

export function monotonicClock(event: ConnectorOrigin): SourceClock {
  return { name: 'monotonic', value: event.monotonicNs.toString() };
}

export function auditClock(event: AuditOrigin): SourceClock {
  return { name: 'audit', value: event.ms.toString() };
}

export interface Observation {
  readonly id: string;
  readonly observation: TaskObservation['observation'];
  readonly source: TaskObservation['source'];
  readonly clock: SourceClock | null;
  readonly timeNs: bigint;
  readonly pid: number;
}

/**
 * An observation of a task while it is put together: field after field onto one object, for there are several of them to every
 * process, and objects that are made of the fields of others cost ten times as much.
 */
export type TaskDraft = Mutable<TaskObservation>;

/** What every observation has. */
export function taskDocument(origin: RunOrigin, process: ProcessState, seen: Observation): TaskDraft {
  return {
    _id: seen.id,
    host: origin.host,
    machineId: origin.machineId,
    bootId: origin.bootId,
    sessionId: origin.sessionId,
    observation: seen.observation,
    source: seen.source,
    clock: seen.clock,
    timeNs: seen.timeNs,
    key: process.key,
    pid: seen.pid,
    tgid: process.tgid,
    startTicks: process.startTicks,
    startNs: process.startNs,
  };
}

/** Container and root file system as known now; nothing where they never were read. */
export function putPlace(draft: TaskDraft, process: ProcessState): void {
  if (process.containerId !== undefined) draft.containerId = process.containerId;
  if (process.rootfs !== null) putText(draft, 'rootfs', process.rootfs);
  if (process.rootDev !== null && process.containerId != null) draft.rootDev = process.rootDev;
}

export function putParent(draft: TaskDraft, process: ProcessState): void {
  if (process.ppid !== null) draft.ppid = process.ppid;
  if (process.parentTgid !== null) draft.parentTgid = process.parentTgid;
  draft.parentKey = process.parentKey;
}

/** Fields that audit gives with every call; numbers it did not give are left out. */
export function putCaller(draft: TaskDraft, caller: Caller): void {
  putCredentials(draft, caller);
  putText(draft, 'exe', caller.exe);
  if (deletedByPath(caller.exe) === null) draft.exeDeleted = null;
}

/** As putCaller, without the program. */
export function putCredentials(draft: TaskDraft, caller: Caller): void {
  putNumbers(draft, caller);
  draft.tty = textOrNull(caller.tty);
  putText(draft, 'comm', caller.comm);
}

/** The program that an exec applied, and the scripts that led to it. */
export function putProgram(draft: TaskDraft, { exe, exeDeleted }: ProcessState, event: ExecEvent): void {
  const isKnown = event.caller.exe !== null;
  putText(draft, 'exe', isKnown ? exe : null);
  if (isKnown && exeDeleted !== undefined) draft.exeDeleted = exeDeleted;
  if (event.script === undefined) return;
  const { text, hex } = textOf(event.script);
  draft.script = text;
  if (hex !== undefined) draft.scriptHex = hex;
  if (event.viaScripts === undefined) return;
  const { texts, hexes } = textsOf(event.viaScripts);
  draft.viaScripts = texts;
  if (hexes !== undefined) draft.viaScriptsHex = hexes;
}

/** What /proc told; only what was read. The container and the root are the process's (see putPlace). */
export function putProc(draft: TaskDraft, facts: ProcFacts): void {
  putNumbers(draft, facts);
  if (facts.argv !== undefined) putArgv(draft, fittingArgv(facts.argv).argv);
  if (facts.comm !== undefined) putText(draft, 'comm', facts.comm);
  if (facts.exe !== undefined) putText(draft, 'exe', facts.exe);
  if (facts.exeDeleted !== undefined) draft.exeDeleted = facts.exeDeleted;
  if (facts.cwd !== undefined) putText(draft, 'cwd', facts.cwd);
  if (facts.envNames !== undefined) draft.envNames = facts.envNames;
  if (facts.envNamesCut !== undefined) draft.envNamesCut = facts.envNamesCut;
  if (facts.namespaces !== undefined) draft.namespaces = facts.namespaces;
  if (facts.pids === undefined) return;
  draft.innerPid = facts.pids.at(-1) as number;
  draft.pids = facts.pids;
}

/** The text, with `…Hex` beside it where the bytes were not UTF-8. */
export function putText(draft: TaskDraft, name: 'comm' | 'exe' | 'cwd' | 'rootfs', value: BinaryString | null): void {
  if (value === null) {
    draft[name] = null;
    return;
  }
  const { text, hex } = textOf(value);
  draft[name] = text;
  if (hex !== undefined) draft[`${name}Hex`] = hex;
}

export function putArgv(draft: TaskDraft, argv: readonly BinaryString[] | null): void {
  if (argv === null) {
    draft.argv = null;
    return;
  }
  const { texts, hexes } = textsOf(argv);
  draft.argv = texts;
  if (hexes !== undefined) draft.argvHex = hexes;
}

/** Of all its tasks; nothing where the kernel told of none. */
export function putUsage(draft: TaskDraft, { usage }: ProcessState): void {
  if (usage === null || (usage.partial && usage.cpuUs === 0)) return;
  draft.cpuUs = usage.cpuUs;
  draft.maxRssKb = usage.maxRssKb;
  if (usage.partial) draft.usagePartial = true;
}

export function putWarnings(draft: TaskDraft, warnings: readonly string[]): void {
  if (warnings.length > 0) draft.warnings = warnings;
}

function putNumbers(draft: TaskDraft, from: Pick<ProcFacts, 'uid' | 'gid' | 'euid' | 'auid' | 'ses'>): void {
  if (isGiven(from.uid)) draft.uid = from.uid;
  if (isGiven(from.gid)) draft.gid = from.gid;
  if (isGiven(from.euid)) draft.euid = from.euid;
  if (isGiven(from.auid)) draft.auid = from.auid;
  if (isGiven(from.ses)) draft.ses = from.ses;
}

function isGiven(value: number | undefined): value is number {
  return value !== undefined && !Number.isNaN(value);
}
