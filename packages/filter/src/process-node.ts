import type { Credentials, ProcessDocument, ProcessKey } from '@godo/evidence';
import type { MergedExecution } from './executions.ts';
import type { Facts } from './facts.ts';
import type { ParentClaim } from './parent-claim.ts';
import type { Root, RootChange } from './root-changes.ts';
import type { Task } from './task-merge.ts';

/**
 * One process (the original's tgidNode): what its own observations say, and its place in the tree, which the later
 * steps fill in. There is one for every process in the database, so it holds nothing that can be made at the end.
 */
export interface ProcessNode {
  readonly key: ProcessKey;
  readonly host: string;
  readonly machineId: string | null;
  readonly bootId: string;
  readonly tgid: number;
  readonly startTicks: number | null;
  readonly startNs: bigint | null;
  /** The moment from which it went its own way: its fork, else its start, else the first that was seen of it. */
  readonly birthNs: bigint;
  /** `birthNs` is a coarse stamp, up to 10 ms early. */
  readonly birthCoarse: boolean;
  /** Its making was observed. */
  readonly forked: boolean;
  /** It was read from /proc as a running process. */
  readonly snapshot: boolean;
  readonly star: boolean;
  readonly sessionIds: readonly string[];
  exitNs: bigint | null;
  readonly exitCode: number | null;
  readonly exitSignal: number | null;
  readonly coreDumped: boolean;
  readonly claim: ParentClaim | null;
  readonly credentials: Credentials;
  /** The credentials did not change during its life, so a child has inherited just these. */
  readonly credentialsConstant: boolean;
  /** Read in its last reading; null: not in a container; undefined: never read. */
  readonly containerId: string | null | undefined;
  /** First the main task, then by start. null: there is only the main task, and this says all of it. */
  tasks: readonly Task[] | null;
  readonly tasksLeftOut: number;
  executions: readonly MergedExecution[];
  readonly executionsLeftOut: number;
  /** Read of it before its first execution. */
  readonly initial: Facts;
  /** Read of it after its last execution. */
  readonly latest: Facts;
  readonly roots: readonly RootChange[];
  warnings: readonly string[];

  // The place in the tree.
  parent: ProcessNode | null;
  parentSource: ProcessDocument['parentSource'];
  membership: 'unknown' | 'inside' | 'outside';
  /** null: none. */
  children: ProcessNode[] | null;
  /** Distance from the root; -1 outside the tree. */
  depth: number;
  /** Its state at its birth, once known: what it inherited with what was read of it. */
  base: Facts | null;
  /** The container it belongs to, once known. */
  container: string | null | undefined;
  /** The root it inherited; null: none is known; undefined: not looked for yet. */
  baseRoot: Root | null | undefined;
  /** Credentials its children have inherited, once known. */
  handedDown: Credentials | null;
}

/** All tasks of a process: first the main task, then by start. */
export function tasksOf(node: ProcessNode): readonly Task[] {
  if (node.tasks !== null) return node.tasks;
  const { tgid, startNs, forked, exitNs, exitCode, exitSignal, coreDumped } = node;
  return [{ pid: tgid, startNs, forked, exitNs, exitCode, exitSignal, coreDumped }];
}

/** Adds a warning once, and not without bound. */
export function warn(node: { warnings: readonly string[] }, text: string): void {
  if (node.warnings.length < 50 && !node.warnings.includes(text)) node.warnings = [...node.warnings, text];
}

export type ProcessTable = ReadonlyMap<ProcessKey, ProcessNode>;
