import type { CookedCollection, CookedQuery, CookedReader } from '@godo/evidence';
import type { Evidence } from './story.ts';

type Loose = Readonly<Record<string, unknown>>;

/** Evidence in memory, read as the stores are: in the order given, with the conditions of CookedQuery. */
export function memoryReader(evidence: Evidence, queries: CookedQuery[] = []): CookedReader {
  return {
    location: 'memory',
    count: async (collection) => evidence[collection].length,
    async *find(collection, query) {
      queries.push(query);
      for (const document of evidence[collection]) {
        if (holds(collection, document as unknown as Loose, query)) yield document;
      }
    },
    // The stores promise no order here.
    processes: async (keys) => evidence.processes.filter((process) => keys.includes(process._id)).reverse(),
    close: async () => undefined,
  };
}

/** What a process was at any time, or the program that opened a file. */
function programs(document: Loose): unknown[] {
  const executions = Array.isArray(document.executions) ? (document.executions as Loose[]) : [];
  return [document.exe, ...executions.filter(({ success }) => success === true).map(({ exe }) => exe)];
}

function isProgram(exe: unknown, wanted: string): boolean {
  return exe === wanted || (typeof exe === 'string' && !wanted.includes('/') && exe.endsWith(`/${wanted}`));
}

const begins: Readonly<Record<CookedCollection, string>> = {
  processes: 'startNs',
  files: 'openedNs',
  operations: 'timeNs',
  containers: 'firstNs',
  events: 'timeNs',
  losses: 'timeNs',
  runs: 'startNs',
};
const ends: Readonly<Record<CookedCollection, string>> = {
  processes: 'exitNs',
  files: 'closedNs',
  operations: 'timeNs',
  containers: 'lastNs',
  events: 'timeNs',
  losses: 'timeNs',
  runs: 'endNs',
};

function holds(collection: CookedCollection, document: Loose, query: CookedQuery): boolean {
  const begin = document[begins[collection]] as bigint | null | undefined;
  const end = document[ends[collection]] as bigint | null | undefined;
  const sessions = (document.sessionIds ?? [document.sessionId]) as readonly string[];
  return (
    (query.container === undefined || String(document.containerId ?? '').startsWith(query.container)) &&
    (query.pid === undefined || document.tgid === query.pid) &&
    (query.exe === undefined || programs(document).some((exe) => isProgram(exe, query.exe ?? ''))) &&
    (query.sessionId === undefined || sessions.includes(query.sessionId)) &&
    (query.sinceNs === undefined || typeof end !== 'bigint' || end >= query.sinceNs) &&
    (query.untilNs === undefined || typeof begin !== 'bigint' || begin <= query.untilNs)
  );
}
