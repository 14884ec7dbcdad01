/**
 * A file session as a row: its opening time in ms and its id, which are the primary key; who opened it; how long it was
 * open; and all else in one JSON list, whose end is left off where it says what is usual:
 *
 *     [path, bits, fd, flags, dev, inode, writes, bytes, first write, last write, {what is rare}]
 *
 * `dev` is the number of a text; the first write is told in ms after the opening, the last one in ms after the first.
 */

import { type CookedFileSession, type FileSession, fileSessionId, type SessionWriter } from '../file-session.ts';
import type { Instant } from '../instant.ts';
import type { ClosedBy, FileType } from '../raw-documents.ts';
import type { SessionChange, SessionMapping } from '../session-changes.ts';
import type { Dictionary } from './dictionary.ts';
import type { SqliteValue } from './driver.ts';
import { relativeTo } from './text-form.ts';

/** Columns that {@link pushSession} gives values for. */
export const sessionColumns = ['opened', 'id', 'opener', 'lasted', 'doc'] as const;

/** In the column `checkpoint`: there is none. */
export const noCheckpoint = -1n;

/** Facts of few bits, packed into one number; what is usual is 0. The views (views.ts) unpack them too. */
export const bits = {
  created: 1,
  unresolved: 2,
  openedBefore: 4,
  closeInferred: 8,
  /** Two bits: a place in `accesses`. */
  accessShift: 4,
  /** Four bits: a place in `fileTypes`. */
  fileTypeShift: 6,
  /** Three bits: a place in `closings`. */
  closedByShift: 10,
} as const;

export const accesses = ['write', 'readwrite', 'read', 'unknown'] as const;
export const fileTypes = [
  'regular',
  null,
  'directory',
  'character',
  'block',
  'fifo',
  'socket',
  'symlink',
  'unknown',
] as const satisfies readonly (FileType | null)[];
export const closings = [
  'close',
  null,
  'dup',
  'exec',
  'exit',
  'unseen',
] as const satisfies readonly (ClosedBy | null)[];

/** Serials of a boot follow those of the boot with the number before: a whole number below 2^53. */
export const serials = 2 ** 32;
const maxBoot = 2 ** 21;

type RareInstant = readonly [ms: number, ns: number] | null;
type RareChange = readonly [key: string, count: number, first: RareInstant, last: RareInstant];
type RareMapping = readonly [
  count: number,
  first: RareInstant,
  last: RareInstant,
  writable: boolean,
  keys: readonly string[],
  written: boolean | null,
  unknownBecause: string | null,
];
type RareWriter = readonly [key: string, count: number, bytes: number, first: RareInstant, last: RareInstant];

/** What most sessions have nothing to say about. */
export interface Rare {
  pathHex?: string;
  dirfd?: number;
  /** Where the opener is not the first thread of its process. */
  pid?: number;
  /** The ns within the ms of opening, closing, first and last write. */
  ns?: readonly [opened: number, closed: number, first: number, last: number];
  writers?: readonly RareWriter[];
  changes?: readonly RareChange[];
  mapped?: RareMapping;
  warnings?: readonly string[];
  /** Values that are none of ours, from a database whose content is not trusted. */
  access?: string;
  fileType?: string;
  closedBy?: string;
}

/** Adds the values of the row's columns to `values`. */
export function pushSession(values: SqliteValue[], session: FileSession, dictionary: Dictionary): void {
  const { opened, closed } = session;
  values.push(
    opened.ms,
    rowId(session, dictionary),
    dictionary.opener(session),
    closed === null ? null : closed.ms - opened.ms,
    sessionText(session, dictionary),
  );
}

/** The number of boot and serial where the id is made of them, and the id as text otherwise. */
function rowId({ id, origin, opened }: FileSession, dictionary: Dictionary): number | string {
  if (typeof id === 'string') return relativeTo(origin.bootId, id);
  const { boot } = dictionary.origin(origin);
  return boot < maxBoot ? boot * serials + id : relativeTo(origin.bootId, fileSessionId({ id, origin, opened }));
}

function sessionText(session: FileSession, dictionary: Dictionary): string {
  const { path, fd, flags, dev, inode, opened, writes } = session;
  const rare = rareOf(session);
  let text = `[${path === null ? 'null' : quoted(path)},${bitsOf(session)},${fd},${flags},${
    dev === null ? 'null' : dictionary.text(dev)
  },${inodeText(inode)}`;
  const { count, bytes, first, last } = writes;
  if (count !== 0 || bytes !== 0 || first !== null || last !== null) {
    const firstMs = first === null ? null : first.ms - opened.ms;
    const lastMs = last === null ? null : last.ms - (first ?? opened).ms;
    text += `,${count},${bytes}`;
    if (firstMs !== 0 || lastMs !== 0) text += lastMs === 0 ? `,${firstMs}` : `,${firstMs},${lastMs}`;
  }
  return rare === null ? `${text}]` : `${text},${JSON.stringify(rare)}]`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON writes them as escapes
const special = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  return special.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** A number as JSON and JavaScript know it, whose text is the same again. */
const plainNumber = /^[1-9]\d{0,14}$/;

function inodeText(inode: string | null): string {
  if (inode === null) return 'null';
  return plainNumber.test(inode) ? inode : JSON.stringify(inode);
}

function bitsOf(session: FileSession): number {
  return (
    (session.created ? bits.created : 0) |
    (session.pathResolved ? 0 : bits.unresolved) |
    (session.openedBefore ? bits.openedBefore : 0) |
    ((session as Partial<CookedFileSession>).closeInferred === true ? bits.closeInferred : 0) |
    (placeOf(accesses, session.access) << bits.accessShift) |
    (placeOf(fileTypes, session.fileType) << bits.fileTypeShift) |
    (placeOf(closings, session.closedBy) << bits.closedByShift)
  );
}

/** 0 for what is not in the list: {@link rareOf} tells it. */
function placeOf(list: readonly unknown[], value: unknown): number {
  return Math.max(0, list.indexOf(value));
}

function rareOf(session: FileSession): Rare | null {
  const { opened, closed, writes, writers, changes, mapped, warnings, dirfd, pathHex, pid, tgid } = session;
  let rare = null as Rare | null;
  const closedNs = closed?.ns ?? 0;
  const firstNs = writes.first?.ns ?? 0;
  const lastNs = writes.last?.ns ?? 0;
  if (pathHex !== null) rare = { ...rare, pathHex };
  if (dirfd !== null) rare = { ...rare, dirfd };
  if (pid !== tgid) rare = { ...rare, pid };
  if (opened.ns !== 0 || closedNs !== 0 || firstNs !== 0 || lastNs !== 0) {
    rare = { ...rare, ns: [opened.ns, closedNs, firstNs, lastNs] };
  }
  if (writers !== null) rare = { ...rare, writers: writers.map((writer) => rareWriter(writer, session)) };
  if (changes !== null) rare = { ...rare, changes: changes.map((change) => rareChange(change, session)) };
  if (mapped !== null) rare = { ...rare, mapped: rareMapping(mapped, session) };
  if (warnings !== null) rare = { ...rare, warnings };
  if (!accesses.includes(session.access)) rare = { ...rare, access: session.access };
  if (!fileTypes.includes(session.fileType)) rare = { ...rare, fileType: session.fileType as string };
  if (!closings.includes(session.closedBy)) rare = { ...rare, closedBy: session.closedBy as string };
  return rare;
}

const pair = (instant: Instant | null): RareInstant => (instant === null ? null : [instant.ms, instant.ns]);

function rareWriter({ key, count, bytes, first, last }: SessionWriter, { origin }: FileSession): RareWriter {
  return [relativeTo(origin.bootId, key), count, bytes, pair(first), pair(last)];
}

function rareChange({ key, count, first, last }: SessionChange, { origin }: FileSession): RareChange {
  return [relativeTo(origin.bootId, key), count, pair(first), pair(last)];
}

function rareMapping(mapping: SessionMapping, { origin }: FileSession): RareMapping {
  const { count, first, last, writable, keys, written, unknownBecause } = mapping;
  const own = keys.map((key) => relativeTo(origin.bootId, key));
  return [count, pair(first), pair(last), writable, own, written, unknownBecause];
}
