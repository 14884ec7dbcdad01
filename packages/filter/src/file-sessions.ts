import {
  type CookedFileSession,
  compareInstants,
  type FileSession,
  type FileVerdict,
  type Instant,
  instantOfNs,
  isMissedCallsWarning,
  MissedTimes,
  missedCallsWarning,
  type SessionChange,
  type SessionWriter,
  usersBesideOpener,
  type WriteTotals,
} from '@godo/evidence';
import { none } from './columns.ts';
import type { KnownProcesses } from './known-processes.ts';
import { laterOf } from './order.ts';
import { UnendedRuns } from './unended-runs.ts';

/** Whoever wrote to it, changed or mapped it through an inherited descriptor belongs to the tree. */
function isUsedInside(file: FileSession, known: KnownProcesses): boolean {
  for (const key of usersBesideOpener(file)) if (known.isInside(known.find(key))) return true;
  return false;
}

/**
 * When a session whose close was not seen ended at the latest: when the last process that is known to have held it, its
 * opener or another user, was gone. null: one of them still runs, as far as is known.
 */
function holdersGone(file: FileSession, opener: number, known: KnownProcesses): Instant | null {
  const { writes, opened } = file;
  let goneNs = opener === none ? null : known.exitNsOf(opener);
  if (goneNs === null) return null;
  for (const key of usersBesideOpener(file)) {
    const user = known.find(key);
    if (user === none) continue;
    const exitNs = known.exitNsOf(user);
    if (exitNs === null) return null;
    goneNs = laterOf(goneNs, exitNs);
  }
  // The two clocks differ by a little: nothing is closed before its last write.
  const used = writes.last !== null && compareInstants(writes.last, opened) > 0 ? writes.last : opened;
  const gone = goneNs < 0n ? used : instantOfNs(goneNs);
  return compareInstants(gone, used) > 0 ? gone : used;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * What {@link cookFile} makes of the closed sessions of an opener, where nobody else wrote: of a process of the tree
 * they stay as they are, but for the container; null: they are left out.
 */
export function judgeOpener(key: string, containerId: string | null, known: KnownProcesses): FileVerdict | null {
  const opener = known.find(key);
  return known.isInside(opener) ? { containerId: containerId ?? known.containerOf(opener) } : null;
}

/** By the keys that their processes have in cooked evidence. */
function nameProcesses(cooked: Mutable<CookedFileSession>, known: KnownProcesses): void {
  cooked.key = known.keyFor(cooked.key);
  if (cooked.changes !== null) cooked.changes = unitedChanges(cooked.changes, known);
  if (cooked.mapped !== null) {
    const keys = new Set(cooked.mapped.keys.map((key) => known.keyFor(key)));
    cooked.mapped = { ...cooked.mapped, keys: [...keys] };
  }
  if (cooked.writers === null) return;
  const writers = new Map<string, SessionWriter>();
  for (const writer of cooked.writers) {
    const key = known.keyFor(writer.key);
    const same = writers.get(key);
    writers.set(key, same === undefined ? { ...writer, key } : { ...sum(same, writer), key });
  }
  cooked.writers = writers.size === 1 && writers.has(cooked.key) ? null : [...writers.values()];
}

function unitedChanges(changes: readonly SessionChange[], known: KnownProcesses): SessionChange[] {
  const united = new Map<string, SessionChange>();
  for (const change of changes) {
    const key = known.keyFor(change.key);
    const same = united.get(key);
    if (same === undefined) {
      united.set(key, { ...change, key });
    } else {
      const first = compareInstants(same.first, change.first) <= 0 ? same.first : change.first;
      const last = compareInstants(same.last, change.last) >= 0 ? same.last : change.last;
      united.set(key, { key, count: same.count + change.count, first, last });
    }
  }
  return [...united.values()];
}

function sum(a: WriteTotals, b: WriteTotals): WriteTotals {
  const [first] = [a.first, b.first].filter((time) => time !== null).sort(compareInstants);
  const last = [a.last, b.last]
    .filter((time) => time !== null)
    .sort(compareInstants)
    .at(-1);
  return { count: a.count + b.count, bytes: a.bytes + b.bytes, first: first ?? null, last: last ?? null };
}

/** What evidence as a whole says of its file sessions. */
export interface SessionDoubts {
  readonly missed: MissedTimes;
  readonly unended: UnendedRuns;
}

function warningsOf(file: FileSession, { missed, unended }: SessionDoubts): readonly string[] | null {
  const { warnings } = file;
  const since = missed.isEmpty || warnings?.some(isMissedCallsWarning) ? null : missed.since(file);
  const atEnd = unended.warningOf(file);
  if (since === null && atEnd === null) return warnings;
  const missedCalls = since === null ? [] : [missedCallsWarning(BigInt(since) * 1_000_000n)];
  return [...(warnings ?? []), ...missedCalls, ...(atEnd === null ? [] : [atEnd])];
}

const noDoubts: SessionDoubts = { missed: new MissedTimes([]), unended: new UnendedRuns([]) };

/**
 * Step 7: the cooked form of a file session from `files` or `fds` alike, or null where nobody of the tree had it: its
 * opener, or whoever used it. A session nobody was seen to close ends with the processes that held it.
 *
 * @param doubts - What nothing says yet: calls missed in the time of sessions that ended before the listener learnt of it, and
 * that of a run without an end the last is not known.
 * @param file - Given away: it becomes the cooked one, for there are more of these than of anything else.
 */
export function cookFile(
  file: FileSession,
  known: KnownProcesses,
  doubts: SessionDoubts = noDoubts,
): CookedFileSession | null {
  const opener = known.find(file.key);
  const inside = known.isInside(opener);
  if (!inside && !isUsedInside(file, known)) return null;
  const cooked = file as Mutable<CookedFileSession>;
  cooked.warnings = warningsOf(file, doubts);
  if (known.hasAliases) nameProcesses(cooked, known);
  if (inside && cooked.containerId === null) cooked.containerId = known.containerOf(opener);
  const closed = cooked.closed === null ? holdersGone(file, opener, known) : null;
  cooked.closeInferred = closed !== null;
  // That of a state in `fds`; here open and ended sessions stand together.
  cooked.checkpoint = null;
  if (closed !== null) {
    cooked.closed = closed;
    cooked.closedBy = 'exit';
  }
  return cooked;
}
