import { isoTime, type RunDocument, type SessionDocument } from '@godo/evidence';
import { compareNs, compareText } from './order.ts';
import { nsOf, textListOf, textOf } from './values.ts';

/** The runs of the listener that raw evidence tells of. */
export interface Runs {
  /** In order of start, then id. */
  readonly documents: readonly RunDocument[];
  /** By start of the run; one without a start document comes last. */
  compareSessions(this: void, a: string, b: string): number;
  /** Start of the earliest of the runs, in ns since the epoch; null where none is known. */
  firstStartNs(sessionIds: readonly string[]): bigint | null;
  /** Whether the listener ran more than once during a boot. */
  isResumed(this: void, bootId: string): boolean;
  /** Start of a run, and the run of the same boot before it. */
  startOf(this: void, sessionId: string): { readonly startNs: bigint; readonly before: string | null } | null;
  /** The runs of a boot that began after all of these, in their order. */
  after(bootId: string, sessionIds: readonly string[]): readonly RunDocument[];
  /** Names of the programs that were taken for container engines by any of the runs. */
  engines(sessionIds: readonly string[]): ReadonlySet<string>;
}

function isUsable(session: SessionDocument): boolean {
  return textOf(session._id) !== null && nsOf(session.timeNs) !== null;
}

function merge(id: string, start: SessionDocument | undefined, end: SessionDocument | undefined): RunDocument | null {
  const known = start ?? end;
  if (known === undefined) return null;
  return {
    _id: id,
    host: textOf(known.host) ?? '',
    machineId: textOf(known.machineId),
    bootId: textOf(known.bootId) ?? '',
    mode: known.mode === 'replay' ? 'replay' : 'live',
    startNs: known.timeNs,
    start: isoTime(known.timeNs),
    endNs: end?.timeNs ?? null,
    end: end === undefined ? null : isoTime(end.timeNs),
    reason: textOf(end?.reason),
    kernel: textOf(start?.kernel),
    version: textOf(start?.version),
    intake: intakes.has(start?.intake) ? (start?.intake ?? null) : null,
    rules: textListOf(start?.rules) ?? [],
    command: textListOf(start?.command),
    counters: countersOf(end?.counters),
  };
}

const intakes: ReadonlySet<unknown> = new Set<RunDocument['intake']>(['unicast', 'multicast', 'log']);

function countersOf(value: unknown): Readonly<Record<string, number>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const known = Object.entries(value).filter(([, count]) => Number.isFinite(count));
  return known.length === Object.keys(value).length ? (value as Record<string, number>) : Object.fromEntries(known);
}

const noNames: ReadonlySet<string> = new Set();

/** Merges start and end of every run. A run without an end was cut off or still goes on. */
export function mergeRuns(sessions: readonly SessionDocument[]): Runs {
  const starts = new Map<string, SessionDocument>();
  const ends = new Map<string, SessionDocument>();
  for (const session of sessions) {
    if (!isUsable(session)) continue;
    if (session.phase === 'end') ends.set(textOf(session.sessionId) ?? session._id, session);
    else starts.set(session._id, session);
  }
  const documents: RunDocument[] = [];
  for (const id of new Set([...starts.keys(), ...ends.keys()])) {
    const run = merge(id, starts.get(id), ends.get(id));
    if (run !== null) documents.push(run);
  }
  documents.sort((a, b) => compareNs(a.startNs, b.startNs) || compareText(a._id, b._id));
  const listened = new Map<string, RunDocument[]>();
  for (const run of documents) {
    if (run.mode === 'live') listened.set(run.bootId, [...(listened.get(run.bootId) ?? []), run]);
  }
  const places = new Map(documents.map((run, index) => [run._id, index]));
  const byId = new Map(documents.map((run) => [run._id, run]));
  const engines = new Map([...starts].map(([id, start]) => [id, new Set(textListOf(start.engines) ?? [])]));
  return {
    documents,
    compareSessions: (a, b) =>
      (places.get(a) ?? documents.length) - (places.get(b) ?? documents.length) || compareText(a, b),
    startOf(sessionId) {
      const run = byId.get(sessionId);
      if (run === undefined) return null;
      const before = (listened.get(run.bootId) ?? []).filter(
        ({ _id }) => (places.get(_id) ?? 0) < (places.get(sessionId) ?? 0),
      );
      return { startNs: run.startNs, before: before.at(-1)?._id ?? null };
    },
    isResumed: (bootId) => (listened.get(bootId)?.length ?? 0) > 1,
    after(bootId, sessionIds) {
      const last = sessionIds.reduce((most, id) => Math.max(most, places.get(id) ?? documents.length), -1);
      return (listened.get(bootId) ?? []).filter(({ _id }) => (places.get(_id) ?? 0) > last);
    },
    firstStartNs(sessionIds) {
      let first: bigint | null = null;
      for (const id of sessionIds) {
        const startNs = byId.get(id)?.startNs ?? null;
        if (compareNs(startNs, first) < 0) first = startNs;
      }
      return first;
    },
    engines(sessionIds) {
      const [only, ...more] = sessionIds.flatMap((id) => engines.get(id) ?? []);
      return more.length === 0 ? (only ?? noNames) : new Set([only, ...more].flatMap((names) => [...(names ?? [])]));
    },
  };
}
