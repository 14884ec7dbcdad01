import type { Credentials, EnvironmentNames, ProcessKey } from '@godo/evidence';
import type { MergedExecution } from './executions.ts';
import type { Facts } from './facts.ts';
import type { ObservedInside } from './inside.ts';
import type { ParentClaim } from './parent-claim.ts';
import type { RootChange } from './root-changes.ts';
import type { Task } from './task-merge.ts';

/**
 * One process (the original's tgidNode) by what its own observations say. In this form it is in memory only until it
 * is in the table.
 */
export interface ObservedProcess {
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
  readonly exitNs: bigint | null;
  readonly exitCode: number | null;
  readonly exitSignal: number | null;
  readonly coreDumped: boolean;
  /** What all its tasks used; null: not told. */
  readonly usage: KnownUsage | null;
  readonly claim: ParentClaim | null;
  readonly credentials: Credentials;
  /** The credentials did not change during its life, so a child has inherited just these. */
  readonly credentialsConstant: boolean;
  /** Read in its last reading; null: not in a container; undefined: never read. */
  readonly containerId: string | null | undefined;
  /** First the main task, then by start. */
  readonly tasks: readonly Task[];
  readonly tasksLeftOut: number;
  readonly executions: readonly MergedExecution[];
  readonly executionsLeftOut: number;
  /** Read of it before its first execution. */
  readonly initial: Facts;
  /** Read of it after its last execution. */
  readonly latest: Facts;
  readonly roots: readonly RootChange[];
  /** As read of it when it already ran. */
  readonly environment: EnvironmentNames | undefined;
  /** null for all that is on the host. */
  readonly inside: ObservedInside | null;
  readonly warnings: readonly string[];
}

/** As told at its end. */
export interface KnownUsage {
  readonly cpuUs: number;
  readonly maxRssKb: number;
  readonly partial: boolean;
}

/** Adds a warning once, and not without bound. */
export function addWarning(warnings: string[], text: string): void {
  if (warnings.length < 50 && !warnings.includes(text)) warnings.push(text);
}
