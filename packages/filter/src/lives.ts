/**
 * The lives of one process id, as several runs of the listener on one boot tell them. A run that begins finds what runs
 * already in /proc, under the key that it had before. Two things have another key there:
 *
 * - A process whose start was calculated from the connector's clock by one run, and read from /proc by another: the two
 *   can differ by a tick.
 * - A process that an earlier run had known and that was gone before /proc was read: of it comes what the kernel had
 *   queued meanwhile, and maybe its exit. Its key says only when it was first noticed (`?`).
 *
 * Both are taken for the process that they were by the times, and that is said of it. Pure.
 */

import type { TaskObservation } from '@godo/evidence';
import { compareNs, compareText } from './order.ts';
import { coarseNs, countOf, nsOf, textListOf, textOf } from './values.ts';

/** Observations by the key that they are stored under, of one boot and process id; each list in order of (timeNs, _id). */
export type Lives = ReadonlyMap<string, readonly TaskObservation[]>;

export interface Reunited {
  readonly lives: Lives;
  /** Keys that are no more, and those that stand for them. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** What is to be known of the runs of the listener. */
export interface KnownRuns {
  /** Whether the listener ran more than once during a boot. */
  isResumed(this: void, bootId: string): boolean;
  compareSessions(this: void, a: string, b: string): number;
  /** Start of a run, and the run of the same boot before it; null: not known, or none. */
  startOf(this: void, sessionId: string): { readonly startNs: bigint; readonly before: string | null } | null;
}

const tickTolerance = 1;
/** A run has looked through /proc this long after its start, and knows what runs. */
const lookNs = 5_000_000_000n;
/** Lives that may have had the number at a moment: one had, but for what is not known of their ends. */
const mostHolders = 16;
const init = 1;

export const takenForIts =
  'what another run of the listener recorded of this process id is taken for its own, by the times';

interface Life {
  readonly key: string;
  readonly observations: readonly TaskObservation[];
  /** null: its key does not say. */
  readonly ticks: number | null;
  /** Of the first observation. */
  readonly sessionId: string;
  readonly sessions: ReadonlySet<string>;
  readonly lastSession: string;
  readonly firstNs: bigint;
  readonly bornNs: bigint;
  readonly exitNs: bigint | null;
  /** As told last. */
  readonly ppid: number | null;
}

export function reunite(given: Lives, runs: KnownRuns): Reunited {
  const lives = [...given].map(([key, observations]) => lifeOf(key, observations, runs));
  const aliases = new Map<string, string>();
  const exact = lives.filter(({ ticks }) => ticks !== null).toSorted((a, b) => (a.ticks ?? 0) - (b.ticks ?? 0));
  for (const [index, later] of exact.entries()) {
    const before = exact[index - 1];
    if (before === undefined || !isSameByTicks(before, later)) continue;
    // The one that a later run found is read from /proc.
    const [first, read] =
      runs.compareSessions(before.sessionId, later.sessionId) <= 0 ? [before, later] : [later, before];
    if (isFound(read) && held(first, read.firstNs)) aliases.set(first.key, read.key);
  }
  const byBirth = exact.toSorted((a, b) => compareNs(a.bornNs, b.bornNs));
  for (const life of lives) {
    if (life.ticks !== null) continue;
    const holder = holdersAt(byBirth, life.bornNs).find((one) => isSame(one, life, runs));
    if (holder !== undefined) aliases.set(life.key, holder.key);
  }
  if (aliases.size === 0) return { lives: given, aliases };
  for (const from of aliases.keys()) aliases.set(from, endOf(from, aliases));
  return { lives: merged(given, aliases), aliases };
}

/** The start that a key names; null: it names none. */
function ticksOf(key: string): number | null {
  const stamp = key.slice(key.lastIndexOf(':') + 1);
  return /^\d+$/.test(stamp) ? Number(stamp) : null;
}

function lifeOf(key: string, observations: readonly TaskObservation[], runs: KnownRuns): Life {
  const [first] = observations;
  const sessions = new Set<string>();
  let bornNs: bigint | null = null;
  let exitNs: bigint | null = null;
  let ppid: number | null = null;
  for (const task of observations) {
    sessions.add(textOf(task.sessionId) ?? '');
    if (task.pid !== task.tgid) continue;
    const startNs = nsOf(task.startNs);
    if (startNs !== null && compareNs(startNs, bornNs) < 0) bornNs = startNs;
    ppid = countOf(task.parentTgid) ?? ppid;
    // An exec by another thread ends the leader, which then goes on.
    if (task.observation === 'exit') exitNs = task.timeNs;
    else if (task.observation === 'exec' && task.source === 'connector') exitNs = null;
  }
  return {
    key,
    observations,
    ticks: ticksOf(key),
    sessionId: textOf(first?.sessionId) ?? '',
    sessions,
    lastSession: [...sessions].toSorted(runs.compareSessions).at(-1) ?? '',
    firstNs: first?.timeNs ?? 0n,
    bornNs: bornNs ?? first?.timeNs ?? 0n,
    exitNs,
    ppid,
  };
}

function isSameByTicks(a: Life, b: Life): boolean {
  return a.sessionId !== b.sessionId && Math.abs((a.ticks ?? 0) - (b.ticks ?? 0)) <= tickTolerance;
}

/** Read from /proc as a process that ran already. */
function isFound({ observations: [first] }: Life): boolean {
  return first?.observation === 'snapshot' && first.source === 'proc';
}

/** Whether the number was that of this life at a moment, as far as is known. */
function held({ bornNs, exitNs }: Life, atNs: bigint): boolean {
  return bornNs <= atNs + coarseNs && (exitNs === null || exitNs + coarseNs >= atNs);
}

/** Those that may have had the number at a moment, the youngest first. `byBirth` is in that order, oldest first. */
function holdersAt(byBirth: readonly Life[], atNs: bigint): Life[] {
  let low = 0;
  let high = byBirth.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((byBirth[middle]?.bornNs ?? 0n) <= atNs + coarseNs) low = middle + 1;
    else high = middle;
  }
  return byBirth
    .slice(Math.max(0, low - mostHolders), low)
    .reverse()
    .filter((life) => held(life, atNs));
}

/** Whether what a run met without knowing its start is a process that another run knew. */
function isSame(known: Life, met: Life, runs: KnownRuns): boolean {
  // The run that met it knew the other one as another.
  if (known.sessions.has(met.sessionId)) return false;
  // A later run found it, older than this: nobody else had the number meanwhile.
  if (isFound(known) && runs.compareSessions(known.sessionId, met.sessionId) > 0) return true;
  const run = runs.startOf(met.sessionId);
  // Who was not found by a look through /proc was gone before what is met after that look.
  if (run === null || run.before !== known.lastSession || met.bornNs > run.startNs + lookNs) return false;
  return met.ppid === null || known.ppid === null || met.ppid === known.ppid || met.ppid === init;
}

function endOf(key: string, aliases: ReadonlyMap<string, string>): string {
  let end = key;
  for (let next = aliases.get(end); next !== undefined; next = aliases.get(end)) end = next;
  return end;
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
  // That its start was not seen is no longer so.
  const isPlaceholder = task.inferred === true && task.observation === 'snapshot';
  const warnings = [...(isPlaceholder ? [] : (textListOf(task.warnings) ?? [])), takenForIts];
  return { ...task, key, startTicks: ticksOf(key), warnings };
}
