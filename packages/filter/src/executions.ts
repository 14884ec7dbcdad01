import type { EnvironmentNames } from '@godo/evidence';
import { alignExecs } from './exec-alignment.ts';
import { type Facts, overlay } from './facts.ts';
import { compareIds, compareNs } from './order.ts';

/** One `exec` observation of a process. */
export interface ExecObservation {
  readonly id: string;
  readonly timeNs: bigint;
  /** connector: told by the connector, its facts read from /proc afterwards. */
  readonly source: 'audit' | 'connector';
  readonly success: boolean;
  readonly errno?: number;
  readonly facts: Facts;
  readonly environment?: EnvironmentNames;
}

/** One exec of a process, from all that observed it. */
export interface MergedExecution {
  /** The connector's exact time where it saw the exec, audit's coarse one otherwise. */
  readonly timeNs: bigint;
  /** Never before that of the execution before it: the time by which executions are looked up. */
  readonly sinceNs: bigint;
  /** `timeNs` is a coarse stamp, up to 10 ms early. */
  readonly coarse: boolean;
  readonly success: boolean;
  readonly errno?: number;
  readonly facts: Facts;
  readonly environment?: EnvironmentNames;
}

function inOrder(observations: ExecObservation[]): ExecObservation[] {
  if (observations.length <= 1) return observations;
  return observations.sort((a, b) => compareNs(a.timeNs, b.timeNs) || compareIds(a.id, b.id));
}

/**
 * The executions of one process in order. What audit says was taken in the call itself and wins; what /proc said fills
 * what audit does not know. A connector exec without a partner is an execution of its own: audit is blind for tasks
 * that were made before it was first enabled.
 *
 * @param observations - All exec observations of one process, in any order.
 */
export function mergeExecutions(observations: readonly ExecObservation[]): MergedExecution[] {
  if (observations.length === 0) return [];
  const audit = inOrder(observations.filter((one) => one.source === 'audit'));
  const connector = inOrder(observations.filter((one) => one.source === 'connector'));
  const partners = alignExecs(
    audit.filter((one) => one.success),
    connector,
  );
  const taken = new Set(partners);

  const merged: MergedExecution[] = [];
  let sinceNs: bigint | null = null;
  const emit = (main: ExecObservation, partner: ExecObservation | undefined): void => {
    const timeNs = partner?.timeNs ?? main.timeNs;
    sinceNs = sinceNs === null || timeNs > sinceNs ? timeNs : sinceNs;
    const execution = {
      timeNs,
      sinceNs,
      coarse: partner === undefined && main.source === 'audit',
      success: main.success,
      facts: partner === undefined ? main.facts : overlay(partner.facts, main.facts),
    };
    const environment = main.environment ?? partner?.environment;
    if (main.errno === undefined && environment === undefined) merged.push(execution);
    else {
      merged.push({
        ...execution,
        ...(main.errno !== undefined && { errno: main.errno }),
        ...(environment !== undefined && { environment }),
      });
    }
  };

  let next = 0;
  let successes = 0;
  /** Connector execs without a partner that come before this place or time. */
  const emitAlone = (before: number, untilNs: bigint | null): void => {
    for (let alone = connector[next]; alone !== undefined && next < before; alone = connector[next]) {
      if (taken.has(next) || (untilNs !== null && alone.timeNs >= untilNs)) return;
      emit(alone, undefined);
      next += 1;
    }
  };
  for (const one of audit) {
    const index = one.success ? (partners[successes] ?? -1) : -1;
    if (one.success) successes += 1;
    if (index >= 0) {
      emitAlone(index, null);
      emit(one, connector[index]);
      next = index + 1;
    } else {
      emitAlone(connector.length, one.timeNs);
      emit(one, undefined);
    }
  }
  emitAlone(connector.length, null);
  return merged;
}
