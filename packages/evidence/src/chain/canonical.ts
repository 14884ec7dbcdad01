/**
 * The digest of a document: SHA-256 over one text that every store, and the spool, gives back. Texts stand with their
 * length before them, so that no two documents have one text; what a document only repeats (ISO times, the opener as
 * its own writer) is not in it.
 */

import { hash } from 'node:crypto';
import { type FileSession, type Instant, type RunOrigin, shortId, type WriteTotals } from '../file-session.ts';
import { holdsBigint } from '../json.ts';
import { isoTime } from '../moment.ts';
import type { RawEntry } from '../raw-documents.ts';

/** 32 bytes, a character each: half of what a Buffer costs. */
export type Digest = string;

export function digestOf(entry: RawEntry): Digest {
  return hash('sha256', canonicalEntry(entry), 'binary');
}

export function canonicalEntry(entry: RawEntry): string {
  if ('session' in entry) return canonicalSession(entry.session, entry.collection);
  if ('observation' in entry) return `pids${canonicalDocument(entry.observation)}`;
  const { collection, document } = entry;
  return collection + canonicalDocument(collection === 'pids' ? withoutIso(document) : document);
}

export function hexOf(digest: Digest): string {
  return Buffer.from(digest, 'latin1').toString('hex');
}

/**
 * What is usual first, with times as distances, and what is rare behind it: there are more of these than of everything
 * else together, and short texts of few pieces cost least.
 */
function canonicalSession(session: FileSession, collection: string): string {
  const { path, fd, flags, dev, inode, id, opened, closed, writes } = session;
  const { ms } = opened;
  const rare = rareText(session);
  const { count, bytes, first, last: end } = writes;
  const written = count === 0 && bytes === 0 ? '-' : `${count},${bytes}`;
  return `${collection}${text(path)}${bitsOf(session)},${fd},${flags},${devText(dev)}${text(inode)}${
    typeof id === 'number' ? id : idText(id, session)
  },${ms},${closed === null ? '-' : closed.ms - ms},${written},${first === null ? '-' : first.ms - ms},${
    end === null ? '-' : end.ms - ms
  },${openerText(session)}${rare}`;
}

const accesses = new Map<string | null, number>([
  ['write', 0],
  ['readwrite', 1],
  ['read', 2],
  ['unknown', 3],
]);
const fileTypes = new Map<string | null, number>(
  ['regular', null, 'directory', 'character', 'block', 'fifo', 'socket', 'symlink', 'unknown'].map((name, at) => [
    name,
    at,
  ]),
);
const closings = new Map<string | null, number>(
  ['close', null, 'dup', 'exec', 'exit', 'unseen'].map((name, at) => [name, at]),
);
/** None of those: it stands with what is rare. */
const foreign = 15;

function bitsOf({ pathResolved, created, openedBefore, access, fileType, closedBy }: FileSession): number {
  return (
    (pathResolved ? 1 : 0) |
    (created ? 2 : 0) |
    (openedBefore ? 4 : 0) |
    ((accesses.get(access) ?? foreign) << 3) |
    ((fileTypes.get(fileType) ?? foreign) << 7) |
    ((closings.get(closedBy) ?? foreign) << 11)
  );
}

/** Stores may give back the serial alone. */
function idText(id: string, { origin, opened }: FileSession): string {
  const short = shortId(id, origin, opened);
  return typeof short === 'number' ? `${short}` : text(short);
}

/** Empty for most. */
function rareText(session: FileSession): string {
  const { pathHex, dirfd, pid, tgid, opened, closed, writes, warnings, checkpoint, access, fileType, closedBy } =
    session;
  const { first, last: end } = writes;
  const isWhole =
    opened.ns === 0 &&
    (closed === null || closed.ns === 0) &&
    (first === null || first.ns === 0) &&
    (end === null || end.ns === 0);
  const isKnown = accesses.has(access) && fileTypes.has(fileType) && closings.has(closedBy);
  const writers = session.writers === null ? null : otherWriters(session);
  const isUsual = pathHex === null && dirfd === null && pid === tgid && warnings === null && checkpoint === null;
  if (isUsual && isWhole && isKnown && writers === null) return '';
  const ns = [opened, closed, first, end].map((instant) => instant?.ns ?? 0).join();
  const who = writers === null ? '-' : `[${writers.map(({ key, ...of }) => text(key) + totals(of)).join('')}]`;
  const said = warnings === null ? '-' : `[${warnings.map(text).join('')}]`;
  const known = isKnown ? '-' : `${text(access)}${text(fileType)}${text(closedBy)}`;
  return `;${text(pathHex)}${dirfd},${pid},${ns},${moment(checkpoint)}${who}${said}${known}`;
}

/** null: nobody but the opener wrote, whichever way that is told. */
function otherWriters({ writers, key, writes }: FileSession): FileSession['writers'] {
  const [only] = writers ?? [];
  if (only === undefined) return writes.count === 0 ? null : writers;
  const isOpener = writers?.length === 1 && writes.count > 0 && only.key === key && totals(only) === totals(writes);
  return isOpener ? null : writers;
}

/** Of the last session: one process opens many files, one after the other. */
const last: { of: Pick<FileSession, OpenerField> | null; text: string } = { of: null, text: '' };
type OpenerField = 'origin' | 'key' | 'tgid' | 'comm' | 'exe' | 'containerId';

function openerText({ origin, key, tgid, comm, exe, containerId }: FileSession): string {
  const { of } = last;
  if (
    of === null ||
    of.key !== key ||
    of.tgid !== tgid ||
    of.comm !== comm ||
    of.exe !== exe ||
    of.containerId !== containerId ||
    of.origin !== origin
  ) {
    last.of = { origin, key, tgid, comm, exe, containerId };
    last.text = `${runText(origin)}${text(key)}${tgid},${text(comm)}${text(exe)}${text(containerId)}`;
  }
  return last.text;
}

const run: { origin: RunOrigin | null; text: string } = { origin: null, text: '' };

function runText(origin: RunOrigin): string {
  if (run.origin !== origin) {
    const { host, machineId, bootId, sessionId } = origin;
    run.origin = origin;
    run.text = hash('sha256', `${text(host)}${text(machineId)}${text(bootId)}${text(sessionId)}`, 'base64');
  }
  return run.text;
}

const lastDev = { dev: null as string | null, text: '-' };

function devText(dev: string | null): string {
  if (lastDev.dev !== dev) {
    lastDev.dev = dev;
    lastDev.text = text(dev);
  }
  return lastDev.text;
}

function text(value: string | null): string {
  return value === null ? '-' : `${value.length}:${value}`;
}

function moment(instant: Instant | null): string {
  return instant === null ? '-' : `${instant.ms}.${instant.ns};`;
}

function totals({ count, bytes, first, last: end }: WriteTotals): string {
  return `${count},${bytes},${moment(first)}${moment(end)}`;
}

/** A document with its fields in the order of their names; those without a value are left out. */
export function canonicalDocument(document: object): string {
  return fieldsText(document as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsText(fields: Fields): string {
  let result = '{';
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name];
    if (value !== undefined) result += `${name.length}:${name}${valueText(value, holdsBigint(name))}`;
  }
  return `${result}}`;
}

const decimal = /^-?\d+$/;

/** @param isTime a text of digits is a time there: stores that keep JSON give a bigint for it. */
function valueText(value: unknown, isTime: boolean): string {
  switch (typeof value) {
    case 'string':
      return isTime && decimal.test(value) ? `b${BigInt(value)};` : `s${value.length}:${value}`;
    case 'bigint':
      return `b${value};`;
    case 'number':
      return Number.isFinite(value) ? `n${value};` : 'z';
    case 'boolean':
      return value ? 't' : 'f';
    case 'object':
      if (value === null) return 'z';
      if (!Array.isArray(value)) return fieldsText(value as Fields);
      return `[${value.map((item) => valueText(item, false)).join('')}]`;
    default:
      return 'z';
  }
}

const isoFields = [
  ['timeNs', 'time'],
  ['startNs', 'start'],
] as const;

/** An observation of a task: the same without the ISO texts, where these say what they should. */
function withoutIso(document: object): object {
  const copy: Record<string, unknown> = { ...document };
  for (const [ns, iso] of isoFields) {
    const timeNs = copy[ns];
    const expected = typeof timeNs === 'bigint' ? (timeNs < 0n ? undefined : isoTime(timeNs)) : timeNs;
    if (copy[iso] === expected) delete copy[iso];
  }
  return copy;
}
