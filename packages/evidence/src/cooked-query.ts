/**
 * What the conditions of a CookedQuery mean for each collection. Both stores narrow down with what their database can
 * do and let this have the last word, so that they cannot differ.
 *
 * | condition | processes | files | operations | events | containers | losses | runs |
 * |---|---|---|---|---|---|---|---|
 * | container | its container | its container | its container | its container | itself | – | – |
 * | pid | tgid | tgid of the opener or of another user | tgid | tgid | holds such a process | – | – |
 * | exe | any program it was | program of the opener | program of the caller | its process was such a program | holds such a process | – | – |
 * | sinceNs | exit | close | time | time | last | time | end |
 * | untilNs | start | open | time | time | first | time | start |
 * | sessionId | one of them | equal | equal | equal | one of them | equal | itself |
 *
 * The database's content is not trusted: a field of another type than it should have counts as not known.
 *
 * A moment that is not known (null) meets sinceNs and untilNs: what may be meant is shown. "–": the condition is not
 * applied, for a loss can concern any process. `exe` is a whole path where it has a slash, the last part of one
 * otherwise.
 */

import type {
  CookedCollection,
  CookedDocuments,
  CookedFileDocument,
  Execution,
  ProcessDocument,
} from './cooked-documents.ts';
import type { Program } from './raw-documents.ts';
import type { CookedQuery } from './stores.ts';

/** The processes that meet pid and exe, for collections whose documents know only keys. */
export interface RelatedProcesses {
  readonly keys: ReadonlySet<string>;
  /** `_id`s of their containers. */
  readonly containers: ReadonlySet<string>;
}

type Test<C extends CookedCollection> = (
  document: CookedDocuments[C],
  query: CookedQuery,
  related: RelatedProcesses | null,
) => boolean;

const tests: { readonly [C in CookedCollection]: Test<C> } = {
  processes: (document, query) =>
    inContainer(document.containerId, query) &&
    (query.pid === undefined || document.tgid === query.pid) &&
    (query.exe === undefined || wasProgram(document, query.exe)) &&
    during(document.startNs, document.exitNs, query) &&
    (query.sessionId === undefined || holds(document.sessionIds, query.sessionId)),
  files: (document, query) =>
    inContainer(document.containerId, query) &&
    (query.pid === undefined || document.tgid === query.pid || wasUsedBy(document, query.pid)) &&
    (query.exe === undefined || isProgram(document.exe, query.exe)) &&
    during(document.openedNs, document.closedNs, query) &&
    (query.sessionId === undefined || document.sessionId === query.sessionId),
  operations: (document, query) =>
    inContainer(document.containerId, query) &&
    (query.pid === undefined || document.tgid === query.pid) &&
    (query.exe === undefined || isProgram(document.exe, query.exe)) &&
    during(document.timeNs, document.timeNs, query) &&
    (query.sessionId === undefined || document.sessionId === query.sessionId),
  events: (document, query, related) =>
    inContainer(document.containerId, query) &&
    (query.pid === undefined || document.tgid === query.pid) &&
    (query.exe === undefined || (related?.keys.has(document.key ?? '') ?? false)) &&
    during(document.timeNs, document.timeNs, query) &&
    (query.sessionId === undefined || document.sessionId === query.sessionId),
  containers: (document, query, related) =>
    inContainer(document.containerId, query) &&
    ((query.pid === undefined && query.exe === undefined) || (related?.containers.has(document._id) ?? false)) &&
    during(document.firstNs, document.lastNs, query) &&
    (query.sessionId === undefined || holds(document.sessionIds, query.sessionId)),
  losses: (document, query) =>
    during(document.timeNs, document.timeNs, query) &&
    (query.sessionId === undefined || document.sessionId === query.sessionId),
  runs: (document, query) =>
    during(document.startNs, document.endNs, query) &&
    (query.sessionId === undefined || document._id === query.sessionId),
};

/** Whether a document meets all conditions. `related` is needed where {@link needsRelated} says so. */
export function meetsQuery<C extends CookedCollection>(
  collection: C,
  document: CookedDocuments[C],
  query: CookedQuery,
  related: RelatedProcesses | null,
): boolean {
  return tests[collection](document, query, related);
}

/** Whether the conditions cannot be told from the documents of the collection alone. */
export function needsRelated(collection: CookedCollection, query: CookedQuery): boolean {
  if (collection === 'events') return query.exe !== undefined;
  if (collection === 'containers') return query.pid !== undefined || query.exe !== undefined;
  return false;
}

/**
 * The documents that meet the query, in the order of `scan`.
 *
 * @param scan every document that can meet the query, perhaps more, in the collection's order, in batches.
 */
export async function* select<C extends CookedCollection>(
  collection: C,
  query: CookedQuery,
  scan: <S extends CookedCollection>(collection: S, query: CookedQuery) => AsyncIterable<readonly CookedDocuments[S][]>,
): AsyncGenerator<CookedDocuments[C]> {
  const related = needsRelated(collection, query) ? await relatedTo(query, scan) : null;
  for await (const batch of scan(collection, query)) {
    for (const document of batch) if (meetsQuery(collection, document, query, related)) yield document;
  }
}

async function relatedTo(
  query: CookedQuery,
  scan: (collection: 'processes', query: CookedQuery) => AsyncIterable<readonly ProcessDocument[]>,
): Promise<RelatedProcesses> {
  const processQuery: CookedQuery = {
    ...(query.pid === undefined ? {} : { pid: query.pid }),
    ...(query.exe === undefined ? {} : { exe: query.exe }),
  };
  const keys = new Set<string>();
  const containers = new Set<string>();
  for await (const batch of scan('processes', processQuery)) {
    for (const process of batch) {
      if (!meetsQuery('processes', process, processQuery, null)) continue;
      keys.add(process._id);
      if (process.containerId !== null) containers.add(`${process.bootId}:${process.containerId}`);
    }
  }
  return { keys, containers };
}

/** Container ids are lower-case hex, but for the names that plain runc takes. */
export function containerPrefix(query: CookedQuery): string | undefined {
  const { container } = query;
  return container !== undefined && /^[0-9a-f]+$/i.test(container) ? container.toLowerCase() : container;
}

function inContainer(containerId: unknown, query: CookedQuery): boolean {
  const prefix = containerPrefix(query);
  return prefix === undefined || (typeof containerId === 'string' && containerId.startsWith(prefix));
}

function during(fromNs: unknown, toNs: unknown, query: CookedQuery): boolean {
  if (query.sinceNs !== undefined && typeof toNs === 'bigint' && toNs < query.sinceNs) return false;
  return query.untilNs === undefined || typeof fromNs !== 'bigint' || fromNs <= query.untilNs;
}

function holds(list: unknown, item: string): boolean {
  return Array.isArray(list) && list.includes(item);
}

/** Whether it wrote to the file, changed it in another way, or mapped it. */
function wasUsedBy({ writers, changes, mapped }: CookedFileDocument, pid: number): boolean {
  const isOne = (user: { readonly key?: unknown } | null | undefined) => tgidOfKey(user?.key) === pid;
  if ([writers, changes].some((users: unknown) => Array.isArray(users) && users.some(isOne))) return true;
  const keys: unknown = mapped?.keys;
  return Array.isArray(keys) && keys.some((key) => tgidOfKey(key) === pid);
}

function isProgram(exe: unknown, wanted: string): boolean {
  return typeof exe === 'string' && (exe === wanted || (!wanted.includes('/') && exe.endsWith(`/${wanted}`)));
}

/** At any time; also where it was a script that was executed. */
function wasProgram(process: ProcessDocument, wanted: string): boolean {
  const isOne = ({ exe, script, viaScripts }: Program) =>
    [exe, script, ...(Array.isArray(viaScripts) ? viaScripts : [])].some((name) => isProgram(name, wanted));
  const executions: unknown = process.executions;
  if (isOne(process) || !Array.isArray(executions)) return isOne(process);
  return executions.some((one: Partial<Execution> | null | undefined) => one?.success === true && isOne(one));
}

/** `<boot id>:<tgid>:<start>`; a boot id holds no colon. */
function tgidOfKey(key: unknown): number {
  return typeof key === 'string' ? Number(key.split(':', 2)[1]) : Number.NaN;
}
