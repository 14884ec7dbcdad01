/** Reads the rows that session-row.ts describes. The content of a database file is not trusted. */

import type { CookedFileSession, RunOrigin, SessionWriter, WriteTotals } from '../file-session.ts';
import { type Instant, instantOfNs } from '../instant.ts';
import type { ClosedBy, FileSessionDocument, FileType } from '../raw-documents.ts';
import type { SessionChange, SessionMapping } from '../session-changes.ts';
import { accesses, bits, closings, fileTypes, noCheckpoint, type Rare, serials } from './session-row.ts';
import { absoluteTo } from './text-form.ts';

/** Who opened a file, read back. */
export interface OpenerFacts {
  readonly origin: RunOrigin;
  readonly key: string;
  readonly tgid: number;
  readonly comm: string | null;
  readonly exe: string | null;
  readonly containerId: string | null;
}

/**
 * The session that session-row.ts made a row of; `closeInferred` is there too, for cooked evidence. null where the row
 * is not one of ours.
 *
 * @param checkpointNs digits; undefined in `files`, which has no such column.
 * @param list what the JSON of `doc` says.
 * @param textOf null for a text that is not there.
 */
export function sessionOfRow(
  openedMs: unknown,
  id: unknown,
  lasted: unknown,
  checkpointNs: unknown,
  list: unknown,
  opener: OpenerFacts,
  textOf: (id: number) => string | null,
): CookedFileSession | null {
  const checkpoint = checkpointNs === undefined ? null : checkpointOf(checkpointNs);
  if (!Array.isArray(list) || list.length < 6) return null;
  const end: unknown = list[list.length - 1];
  const rare = isObject(end) ? (end as { readonly [K in keyof Rare]: unknown }) : usual;
  const length = rare === usual ? list.length : list.length - 1;
  const [path, packed, fd, flags, devId, inode] = list as readonly unknown[];
  const { origin, tgid, key } = opener;
  const sessionId = idOf(id, origin);
  const dev = devId === null ? null : isCount(devId) ? textOf(devId) : undefined;
  if (
    !isTime(openedMs) ||
    sessionId === null ||
    !(path === null || typeof path === 'string') ||
    !isCount(packed) ||
    !isWhole(fd) ||
    !(flags === null || isWhole(flags)) ||
    dev === undefined ||
    (dev === null && devId !== null) ||
    !(lasted === null || (isWhole(lasted) && isTime(openedMs + lasted))) ||
    checkpoint === undefined
  ) {
    return null;
  }
  const ns = rare.ns === undefined ? noNs : rare.ns;
  if (!isFractions(ns)) return null;
  const opened: Instant = { ms: openedMs, ns: ns[0] };
  const writes = writesOf(list, length, openedMs, ns);
  const rest = rareFields(rare, origin);
  const inodeText = typeof inode === 'number' ? String(inode) : inode;
  if (writes === null || rest === null || !(inodeText === null || typeof inodeText === 'string')) return null;
  const fileType = (rest.fileType ?? fileTypes[(packed >> bits.fileTypeShift) & 15]) as FileType | null | undefined;
  const closedBy = (rest.closedBy ?? closings[(packed >> bits.closedByShift) & 7]) as ClosedBy | null | undefined;
  if (fileType === undefined || closedBy === undefined) return null;
  return {
    origin,
    id: sessionId,
    path,
    pathHex: rest.pathHex,
    pathResolved: (packed & bits.unresolved) === 0,
    dirfd: rest.dirfd,
    dev,
    inode: inodeText,
    fileType,
    flags,
    access: (rest.access ?? accesses[(packed >> bits.accessShift) & 3]) as FileSessionDocument['access'],
    created: (packed & bits.created) !== 0,
    key,
    pid: rest.pid ?? tgid,
    tgid,
    fd,
    comm: opener.comm,
    exe: opener.exe,
    containerId: opener.containerId,
    openedBefore: (packed & bits.openedBefore) !== 0,
    opened,
    closed: lasted === null ? null : { ms: openedMs + lasted, ns: ns[1] },
    closedBy,
    writes,
    writers: rest.writers,
    changes: rest.changes,
    mapped: rest.mapped,
    warnings: rest.warnings,
    checkpoint,
    closeInferred: (packed & bits.closeInferred) !== 0,
  };
}

type Fractions = readonly [number, number, number, number];

const usual: { readonly [K in keyof Rare]: unknown } = {};
const noNs: Fractions = [0, 0, 0, 0];
const noWrites: WriteTotals = { count: 0, bytes: 0, first: null, last: null };

function idOf(id: unknown, { bootId }: RunOrigin): string | number | null {
  if (typeof id === 'number') return isCount(id) ? id % serials : null;
  if (typeof id !== 'string') return null;
  try {
    return absoluteTo(bootId, id);
  } catch {
    return null;
  }
}

function writesOf(list: readonly unknown[], length: number, openedMs: number, ns: Fractions): WriteTotals | null {
  if (length === 6) return noWrites;
  const count = list[6];
  const bytes = list[7];
  const firstMs = length > 8 ? list[8] : 0;
  const lastMs = length > 9 ? list[9] : 0;
  if (length < 8 || length > 10 || !isWhole(count) || !isWhole(bytes)) return null;
  if (!(firstMs === null || isWhole(firstMs)) || !(lastMs === null || isWhole(lastMs))) return null;
  const first = firstMs === null ? null : { ms: openedMs + firstMs, ns: ns[2] };
  const last = lastMs === null ? null : { ms: (first?.ms ?? openedMs) + lastMs, ns: ns[3] };
  if (!(first === null || isTime(first.ms)) || !(last === null || isTime(last.ms))) return null;
  return { count, bytes, first, last };
}

interface RareFields {
  readonly pathHex: string | null;
  readonly dirfd: number | null;
  readonly pid: number | null;
  readonly writers: readonly SessionWriter[] | null;
  readonly changes: readonly SessionChange[] | null;
  readonly mapped: SessionMapping | null;
  readonly warnings: readonly string[] | null;
  readonly access: string | null;
  readonly fileType: string | null;
  readonly closedBy: string | null;
}

const noRareFields: RareFields = {
  pathHex: null,
  dirfd: null,
  pid: null,
  writers: null,
  changes: null,
  mapped: null,
  warnings: null,
  access: null,
  fileType: null,
  closedBy: null,
};

function rareFields(rare: { readonly [K in keyof Rare]: unknown }, { bootId }: RunOrigin): RareFields | null {
  if (rare === usual) return noRareFields;
  const { pathHex = null, dirfd = null, pid = null, warnings = null } = rare;
  const { access = null, fileType = null, closedBy = null } = rare;
  const writers = rare.writers === undefined ? null : writersOf(rare.writers, bootId);
  const changes = rare.changes === undefined ? null : changesOf(rare.changes, bootId);
  const mapped = rare.mapped === undefined ? null : mappingOf(rare.mapped, bootId);
  if (
    !isTextOrNull(pathHex) ||
    !(dirfd === null || isWhole(dirfd)) ||
    !(pid === null || isWhole(pid)) ||
    !(warnings === null || (Array.isArray(warnings) && warnings.every((one) => typeof one === 'string'))) ||
    !isTextOrNull(access) ||
    !isTextOrNull(fileType) ||
    !isTextOrNull(closedBy) ||
    (writers === null && rare.writers !== undefined) ||
    (changes === null && rare.changes !== undefined) ||
    (mapped === null && rare.mapped !== undefined)
  ) {
    return null;
  }
  return { pathHex, dirfd, pid, writers, changes, mapped, warnings, access, fileType, closedBy };
}

function writersOf(list: unknown, bootId: string): SessionWriter[] | null {
  if (!Array.isArray(list)) return null;
  const writers: SessionWriter[] = [];
  for (const item of list) {
    if (!Array.isArray(item)) return null;
    const [key, count, bytes, first, last] = item as readonly unknown[];
    const times = [instantOf(first), instantOf(last)] as const;
    if (typeof key !== 'string' || !isWhole(count) || !isWhole(bytes)) return null;
    if (times[0] === undefined || times[1] === undefined) return null;
    const whole = keyOf(key, bootId);
    if (whole === null) return null;
    writers.push({ key: whole, count, bytes, first: times[0], last: times[1] });
  }
  return writers;
}

function changesOf(list: unknown, bootId: string): SessionChange[] | null {
  if (!Array.isArray(list)) return null;
  const changes: SessionChange[] = [];
  for (const item of list) {
    if (!Array.isArray(item)) return null;
    const [name, count, first, last] = item as readonly unknown[];
    const [key, times] = [keyOf(name, bootId), spanOf(first, last)];
    if (key === null || !isWhole(count) || times === null) return null;
    changes.push({ key, count, ...times });
  }
  return changes;
}

function mappingOf(item: unknown, bootId: string): SessionMapping | null {
  if (!Array.isArray(item)) return null;
  const [count, first, last, writable, names, written, unknownBecause] = item as readonly unknown[];
  const times = spanOf(first, last);
  if (!isWhole(count) || times === null || typeof writable !== 'boolean' || !Array.isArray(names)) return null;
  if (!(written === null || typeof written === 'boolean') || !isTextOrNull(unknownBecause)) return null;
  const keys: string[] = [];
  for (const name of names) {
    const key = keyOf(name, bootId);
    if (key === null) return null;
    keys.push(key);
  }
  return { count, ...times, writable, keys, written, unknownBecause };
}

function keyOf(name: unknown, bootId: string): string | null {
  if (typeof name !== 'string') return null;
  try {
    return absoluteTo(bootId, name);
  } catch {
    return null;
  }
}

function spanOf(first: unknown, last: unknown): { first: Instant; last: Instant } | null {
  const [from, to] = [instantOf(first), instantOf(last)];
  return from == null || to == null ? null : { first: from, last: to };
}

/** undefined for what is none. */
function checkpointOf(digits: unknown): Instant | null | undefined {
  if (typeof digits !== 'string') return undefined;
  const timeNs = BigInt(digits);
  if (timeNs === noCheckpoint) return null;
  const instant = instantOfNs(timeNs);
  return isTime(instant.ms) ? instant : undefined;
}

function instantOf(pair: unknown): Instant | null | undefined {
  if (pair === null) return null;
  if (!Array.isArray(pair)) return undefined;
  const [ms, ns] = pair as readonly unknown[];
  return isTime(ms) && isFraction(ns) ? { ms, ns } : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** ms whose ns fit 64 bits. */
function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 63 / 1e6;
}

function isFraction(value: unknown): value is number {
  return isCount(value) && value < 1_000_000;
}

function isFractions(value: unknown): value is Fractions {
  return value === noNs || (Array.isArray(value) && value.length === 4 && value.every(isFraction));
}
