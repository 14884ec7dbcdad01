/**
 * The lives of one process id, as several runs of the listener on one boot tell them. A run that begins finds what runs
 * already in /proc, under the key that it had before. Two things have another key there:
 *
 * - A process whose start was calculated from the connector's clock by one run, and read from /proc by another: the two
 *   can differ by a tick.
 * - A process that the listener before had known and that was gone before /proc was read: of it comes what the kernel had
 *   queued meanwhile, and maybe its exit. Its key says only when it was first noticed (`?`).
 *
 * Both are taken for the process that they can only be, by the times. Pure.
 */

import type { TaskObservation } from '@godo/evidence';
import { compareNs, compareText } from './order.ts';
import { coarseNs, nsOf, textOf } from './values.ts';

/** Observations by the key that they are stored under, of one boot and process id; each list in order of (timeNs, _id). */
export type Lives = ReadonlyMap<string, readonly TaskObservation[]>;

export interface Reunited {
  readonly lives: Lives;
  /** Keys that are no more, and those that stand for them. */
  readonly aliases: ReadonlyMap<string, string>;
}

const tickTolerance = 1;

export const takenForIts =
  'what another run of the listener recorded of this process id is taken for its own, by the times';

interface Life {
  readonly key: string;
  readonly observations: readonly TaskObservation[];
  /** null: its key does not say. */
  readonly ticks: number | null;
  readonly sessionId: string | null;
  readonly firstNs: bigint;
  readonly bornNs: bigint;
  readonly exitNs: bigint | null;
}

/** @param compareSessions - Orders the runs by their start. */
export function reunite(given: Lives, compareSessions: (a: string, b: string) => number): Reunited {
  const lives = [...given].map(([key, observations]) => lifeOf(key, observations));
  const aliases = new Map<string, string>();
  const exact = lives.filter(({ ticks }) => ticks !== null).toSorted((a, b) => (a.ticks ?? 0) - (b.ticks ?? 0));
  for (const [index, later] of exact.entries()) {
    const before = exact[index - 1];
    if (before !== undefined && isSameByTicks(before, later)) {
      // The one that a later run found is read from /proc.
      const [first, read] = inOrder(before, later, compareSessions);
      if (isFound(read) && held(first, read.firstNs)) aliases.set(first.key, read.key);
    }
  }
  for (const life of lives) {
    if (life.ticks !== null) continue;
    const [holder] = exact
      .filter((one) => one.sessionId !== life.sessionId && held(one, life.bornNs))
      .toSorted((a, b) => compareNs(b.bornNs, a.bornNs));
    if (holder !== undefined) aliases.set(life.key, aliases.get(holder.key) ?? holder.key);
  }
  return aliases.size === 0 ? { lives: given, aliases } : { lives: merged(given, aliases), aliases };
}

function lifeOf(key: string, observations: readonly TaskObservation[]): Life {
  const stamp = key.slice(key.lastIndexOf(':') + 1);
  const [first] = observations;
  let bornNs: bigint | null = null;
  let exitNs: bigint | null = null;
  for (const task of observations) {
    if (task.pid !== task.tgid) continue;
    const startNs = nsOf(task.startNs);
    if (startNs !== null && compareNs(startNs, bornNs) < 0) bornNs = startNs;
    // An exec by another thread ends the leader, which then goes on.
    if (task.observation === 'exit') exitNs = task.timeNs;
    else if (task.observation === 'exec' && task.source === 'connector') exitNs = null;
  }
  return {
    key,
    observations,
    ticks: /^\d+$/.test(stamp) ? Number(stamp) : null,
    sessionId: textOf(first?.sessionId),
    firstNs: first?.timeNs ?? 0n,
    bornNs: bornNs ?? first?.timeNs ?? 0n,
    exitNs,
  };
}

function isSameByTicks(a: Life, b: Life): boolean {
  return a.sessionId !== b.sessionId && Math.abs((a.ticks ?? 0) - (b.ticks ?? 0)) <= tickTolerance;
}

function inOrder(a: Life, b: Life, compareSessions: (a: string, b: string) => number): readonly [Life, Life] {
  return compareSessions(a.sessionId ?? '', b.sessionId ?? '') <= 0 ? [a, b] : [b, a];
}

/** Read from /proc as a process that ran already. */
function isFound({ observations: [first] }: Life): boolean {
  return first?.observation === 'snapshot' && first.source === 'proc';
}

/** Whether the number was that of this life at a moment. */
function held({ bornNs, exitNs }: Life, atNs: bigint): boolean {
  return bornNs <= atNs + coarseNs && (exitNs === null || exitNs + coarseNs >= atNs);
}

function merged(lives: Lives, aliases: ReadonlyMap<string, string>): Lives {
  const united = new Map<string, TaskObservation[]>();
  for (const [key, observations] of lives) {
    const name = aliases.get(key) ?? key;
    const list = united.get(name) ?? [];
    united.set(name, list);
    for (const task of observations) list.push(name === key ? task : renamed(task, name));
  }
  for (const name of new Set(aliases.values())) {
    united.get(name)?.sort((a, b) => compareNs(a.timeNs, b.timeNs) || compareText(`${a._id}`, `${b._id}`));
  }
  return united;
}

function renamed(task: TaskObservation, key: string): TaskObservation {
  const stamp = Number(key.slice(key.lastIndexOf(':') + 1));
  // That its start was not seen is no longer so.
  const isPlaceholder = task.inferred === true && task.observation === 'snapshot';
  const warnings = [...(isPlaceholder ? [] : (task.warnings ?? [])), takenForIts];
  return { ...task, key, startTicks: stamp, warnings };
}
