/**
 * One file's history: the file sessions and operations of whatever had a path at some time, in the order of time, under
 * the names that it had before and after. A file is known again by its device and inode. An inode that was given out
 * again, which the making of a file shows, is another file.
 */

import type { CookedEventDocument, CookedFileDocument, CookedOperationDocument, CookedReader } from '@godo/evidence';
import { baseName } from '../base-name.ts';
import { contentsOf } from '../contents.ts';
import { type Filters, storeQuery } from '../options/filters.ts';
import { fields, text } from '../render/lenient.ts';

type HistoryEntry =
  | { readonly collection: 'files'; readonly document: CookedFileDocument }
  | { readonly collection: 'operations'; readonly document: CookedOperationDocument };

/** With what the file held after sessions that changed it. */
export type ShownEntry = HistoryEntry | { readonly collection: 'events'; readonly document: CookedEventDocument };

export interface FileHistory {
  readonly entries: readonly ShownEntry[];
  /** Sessions and operations by a name relative to a descriptor that ends like the path, and that are not in it. */
  readonly uncertain: number;
}

/**
 * Memory grows with what was done to the file, not with the evidence, which is read twice (and once more with filters).
 *
 * @param filters of these `container` says in whose eyes the file had the path; the others choose what is shown.
 */
export async function fileHistory(reader: CookedReader, path: string, filters: Filters): Promise<FileHistory> {
  const { container, ...ofEntries } = filters;
  const seen = new Set<string>();
  for await (const entry of entriesOf(reader, container === undefined ? {} : { container })) {
    for (const file of filesAt(entry, path)) seen.add(file);
  }
  const isThere = (entry: HistoryEntry) => container === undefined || isInside(entry, container);
  const candidates: HistoryEntry[] = [];
  const nameless: HistoryEntry[] = [];
  for await (const entry of entriesOf(reader, {})) {
    const isNamed = pathsOf(entry).includes(path) && isThere(entry);
    if (isNamed || filesOf(entry).some((file) => seen.has(file))) candidates.push(entry);
    else if (isThere(entry) && endsAlike(entry, path)) nameless.push(entry);
  }
  const entries = ofThisFile(candidates.sort(inTime), path, isThere);
  const uncertain = nameless.length + candidates.filter((one) => !entries.includes(one) && endsAlike(one, path)).length;
  return { entries: await withContent(reader, await shown(reader, entries, ofEntries)), uncertain };
}

/** Of those whose inode had the path at some time: what was done in the lives of the inode in which it had. */
function ofThisFile(
  candidates: readonly HistoryEntry[],
  path: string,
  isThere: (entry: HistoryEntry) => boolean,
): HistoryEntry[] {
  const lives = new Map<string, number>();
  const ours = new Set<string>();
  const lived = candidates.map((entry) => {
    const made = madeFile(entry);
    if (made !== null) lives.set(made, (lives.get(made) ?? 0) + 1);
    const lifeOf = (file: string) => `${file} ${lives.get(file) ?? 0}`;
    if (isThere(entry)) for (const file of filesAt(entry, path)) ours.add(lifeOf(file));
    return { entry, all: filesOf(entry).map(lifeOf), isNamed: isThere(entry) && pathsOf(entry).includes(path) };
  });
  return lived.filter(({ all, isNamed }) => isNamed || all.some((life) => ours.has(life))).map(({ entry }) => entry);
}

async function shown(
  reader: CookedReader,
  entries: readonly HistoryEntry[],
  filters: Filters,
): Promise<readonly HistoryEntry[]> {
  const { exe } = filters;
  const query = storeQuery(filters);
  const matching =
    exe === undefined ? entries : entries.filter(({ document }) => exe.matches(text(document.exe) ?? ''));
  if (Object.keys(query).length === 0) return matching;
  const ids = new Set(matching.map(idOf));
  const found = new Set<string>();
  for await (const entry of entriesOf(reader, query)) if (ids.has(idOf(entry))) found.add(idOf(entry));
  return matching.filter((entry) => found.has(idOf(entry)));
}

/** Contents are read after their sessions, so in the order of time they stand behind them. */
async function withContent(reader: CookedReader, entries: readonly HistoryEntry[]): Promise<readonly ShownEntry[]> {
  const ids = new Set<unknown>(entries.map(({ document }) => document._id));
  const contents: ShownEntry[] = [];
  for await (const document of contentsOf(reader)) {
    if (ids.has(fields(document.data).fileSessionId)) contents.push({ collection: 'events', document });
  }
  return contents.length === 0 ? entries : [...entries, ...contents].sort(inTime);
}

function idOf({ collection, document }: HistoryEntry): string {
  return `${collection} ${document._id}`;
}

async function* entriesOf(reader: CookedReader, query: ReturnType<typeof storeQuery>): AsyncGenerator<HistoryEntry> {
  for await (const document of reader.find('files', query)) yield { collection: 'files', document };
  for await (const document of reader.find('operations', query)) yield { collection: 'operations', document };
}

function isInside({ document }: HistoryEntry, container: string): boolean {
  return (text(document.containerId) ?? '').startsWith(container);
}

/** A file by its inode, on one boot: devices get other numbers with the next. */
function fileId({ document }: HistoryEntry, inode: unknown): string[] {
  const [own, dev] = [text(inode), text(document.dev)];
  return own === null || dev === null ? [] : [`${document.bootId} ${dev} ${own}`];
}

/** All files that an entry is about. */
function filesOf(entry: HistoryEntry): string[] {
  const { document } = entry;
  if (entry.collection === 'files') return fileId(entry, document.inode);
  const { inode, replacedInode, exchangedInode } = entry.document;
  return [inode, replacedInode, exchangedInode].flatMap((one) => fileId(entry, one));
}

/** Those that had a path, before it or after. */
function filesAt(entry: HistoryEntry, path: string): string[] {
  const { document } = entry;
  const own = pathsOf(entry).includes(path) ? fileId(entry, document.inode) : [];
  if (entry.collection === 'files') return own;
  const { replacedInode, exchangedInode, toPath } = entry.document;
  return [
    ...own,
    ...(toPath === path ? fileId(entry, replacedInode) : []),
    ...(own.length > 0 ? fileId(entry, exchangedInode) : []),
  ];
}

function pathsOf({ collection, document }: HistoryEntry): unknown[] {
  if (collection === 'files') return [document.path];
  return [document.path, document.toPath, ...(Array.isArray(document.names) ? document.names : [])];
}

const making: ReadonlySet<unknown> = new Set(['mkdir', 'mknod', 'symlink']);

/** The file that came to be with an entry. */
function madeFile(entry: HistoryEntry): string | null {
  const { collection, document } = entry;
  const isMade =
    collection === 'files' ? document.created === true : document.success && making.has(document.operation);
  return (isMade && fileId(entry, document.inode)[0]) || null;
}

/** Whether it names a file relative to a directory that is not known, by the last part of the path. */
function endsAlike(entry: HistoryEntry, path: string): boolean {
  const { collection, document } = entry;
  const last = baseName(path);
  const isIt = (name: unknown, resolved: unknown) => {
    const given = text(name);
    return resolved === false && given !== null && baseName(given) === last;
  };
  if (isIt(document.path, document.pathResolved)) return true;
  return collection === 'operations' && isIt(document.toPath, document.toPathResolved);
}

/** Audit's stamps are in ms; within one the serials have the order. What was open before comes first. */
function inTime(left: ShownEntry, right: ShownEntry): number {
  const [a, b] = [timeOf(left), timeOf(right)];
  if (a !== b) return a < b ? -1 : 1;
  return serialOf(left) - serialOf(right);
}

function timeOf(entry: ShownEntry): bigint {
  const time: unknown = entry.collection === 'files' ? entry.document.openedNs : entry.document.timeNs;
  return typeof time === 'bigint' ? time : 0n;
}

function serialOf({ document }: ShownEntry): number {
  return Number(/:audit:\d+\.(\d+)$/.exec(text(document._id) ?? '')?.[1] ?? -1);
}
