import {
  type CookedCollection,
  type CookedDocuments,
  type CookedFileDocument,
  type CookedOperationDocument,
  type CookedReader,
  changesFile,
  type ProcessDocument,
} from '@godo/evidence';
import { type Filters, storeQuery } from './options/filters.ts';
import type { Pattern } from './options/glob.ts';
import { usersOf } from './render/content-notes.ts';
import { fields, list, text } from './render/lenient.ts';

/** Documents are read, joined and printed in groups of this size: large enough for the database, small for memory. */
export const groupSize = 500;

export async function* inGroups<T>(documents: AsyncIterable<T>): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const document of documents) {
    group.push(document);
    if (group.length === groupSize) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}

/** The processes with these keys, by key. Keys that are not text, or not in the evidence, are left out. */
export async function processesByKey(
  reader: CookedReader,
  keys: Iterable<unknown>,
): Promise<Map<string, ProcessDocument>> {
  const wanted = [...new Set([...keys].flatMap((key) => text(key) ?? []))];
  const found = new Map<string, ProcessDocument>();
  for (let at = 0; at < wanted.length; at += groupSize) {
    for (const process of await reader.processes(wanted.slice(at, at + groupSize))) {
      found.set(text(process._id) ?? text(process.key) ?? '', process);
    }
  }
  return found;
}

/** What a `path` could not be held against, because a folder is not known. */
export interface Unresolved {
  files: number;
  operations: number;
}

export function noneUnresolved(): Unresolved {
  return { files: 0, operations: 0 };
}

/** File sessions the filters ask for: those that changed a file, with `all` and `reads` others too. */
export async function* selectFiles(
  reader: CookedReader,
  filters: Filters,
  unresolved: Unresolved = noneUnresolved(),
): AsyncGenerator<CookedFileDocument> {
  for await (const file of reader.find('files', storeQuery(filters))) {
    if (!isWanted(file, filters)) continue;
    if (filters.exe && !matchesText(filters.exe, file.exe)) continue;
    if (filters.path && !matchesText(filters.path, file.path)) {
      if (file.pathResolved === false) unresolved.files += 1;
      continue;
    }
    yield file;
  }
}

function isWanted(file: CookedFileDocument, { all, reads, access }: Filters): boolean {
  const isRead = file.access === 'read';
  if (access !== undefined && (access === 'read') !== isRead) return false;
  return all === true || changesFile(file) || (isRead && (reads === true || access === 'read'));
}

/** Operations on files the filters ask for, failed ones too; `path` asks for those that any of their names matches. */
export async function* selectOperations(
  reader: CookedReader,
  filters: Filters,
  unresolved: Unresolved = noneUnresolved(),
): AsyncGenerator<CookedOperationDocument> {
  for await (const operation of reader.find('operations', storeQuery(filters))) {
    if (filters.exe && !matchesText(filters.exe, operation.exe)) continue;
    if (filters.path && !isAbout(operation, filters.path)) {
      const isKnown = operation.pathResolved && operation.toPathResolved !== false;
      if (!isKnown) unresolved.operations += 1;
      continue;
    }
    yield operation;
  }
}

function isAbout({ path, toPath, names }: CookedOperationDocument, pattern: Pattern): boolean {
  return [path, toPath, ...list(names)].some((name) => matchesText(pattern, name));
}

/** Processes the filters ask for. `path` asks for those that opened, wrote or changed such a file. */
export async function* selectProcesses(
  reader: CookedReader,
  filters: Filters,
  unresolved?: Unresolved,
): AsyncGenerator<ProcessDocument> {
  const users = filters.path ? await fileUsers(reader, filters, unresolved) : null;
  for await (const process of reader.find('processes', storeQuery(filters))) {
    if (users && !users.has(process._id)) continue;
    if (filters.exe && !ran(process, filters.exe)) continue;
    yield process;
  }
}

async function fileUsers(reader: CookedReader, filters: Filters, unresolved?: Unresolved): Promise<Set<string>> {
  // The other conditions are about the process, not about the file: its container, pid and program are asked of it.
  const { container: _c, pid: _p, exe: _e, ...ofFile } = filters;
  const users = new Set<string>();
  for await (const file of selectFiles(reader, ofFile, unresolved)) {
    for (const key of usersOf(file)) users.add(text(key) ?? '');
  }
  for await (const operation of selectOperations(reader, ofFile, unresolved)) {
    if (filters.all || operation.success) users.add(operation.key);
  }
  return users;
}

/** True when the process was this program, or this script was executed, at any time, not only at its end. */
function ran(process: ProcessDocument, wanted: Pattern): boolean {
  const isOne = ({ exe, script, viaScripts }: Readonly<Record<string, unknown>>) =>
    [exe, script, ...list(viaScripts)].some((name) => matchesText(wanted, name));
  return (
    isOne(fields(process)) ||
    list(process.executions)
      .map(fields)
      .some((one) => one.success !== false && isOne(one))
  );
}

/**
 * Containers, events or losses the filters ask for. A path, or a glob for the program, asks for those containers and
 * events that have to do with such a process.
 */
export async function* selectOthers<C extends Exclude<CookedCollection, 'processes' | 'files' | 'operations'>>(
  reader: CookedReader,
  collection: C,
  filters: Filters,
): AsyncGenerator<CookedDocuments[C]> {
  const beyondStore = filters.path !== undefined || filters.exe?.exact === false;
  const ofProcesses = collection === 'containers' || collection === 'events';
  const related = beyondStore && ofProcesses ? await relatedTo(reader, filters) : null;
  for await (const document of reader.find(collection, storeQuery(filters))) {
    const { _id, key } = fields(document);
    if (!related || related.has(text(collection === 'events' ? key : _id) ?? '')) yield document;
  }
}

/** Keys of the processes asked for, and ids of their containers: the two cannot be mistaken for one another. */
async function relatedTo(reader: CookedReader, filters: Filters): Promise<Set<string>> {
  const related = new Set<string>();
  for await (const { _id, bootId, containerId } of selectProcesses(reader, filters)) {
    related.add(_id);
    if (containerId !== null) related.add(`${bootId}:${containerId}`);
  }
  return related;
}

function matchesText(pattern: Pattern, value: unknown): boolean {
  return typeof value === 'string' && pattern.matches(value);
}
