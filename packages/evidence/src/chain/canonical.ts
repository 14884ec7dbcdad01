/**
 * The digest of a document: SHA-256 over one text that every store, and the spool, gives back. Texts stand with their
 * length before them, so that no two documents have one text; what a document only repeats (ISO times, the opener as
 * its own writer) is not in it.
 */

import { hash } from 'node:crypto';
import { type FileSession, fileSessionId, type Instant, type WriteTotals } from '../file-session.ts';
import { holdsBigint } from '../json.ts';
import { isoTime } from '../moment.ts';
import type { RawEntry } from '../raw-documents.ts';

/** 32 bytes, a character each: half of what a Buffer costs. */
export type Digest = string;

export function digestOf(entry: RawEntry): Digest {
  return hash('sha256', canonicalEntry(entry), 'binary');
}

export function canonicalEntry(entry: RawEntry): string {
  if ('session' in entry) return entry.collection + canonicalSession(entry.session);
  if ('observation' in entry) return `pids${canonicalDocument(entry.observation)}`;
  const { collection, document } = entry;
  return collection + canonicalDocument(collection === 'pids' ? withoutIso(document) : document);
}

export function hexOf(digest: Digest): string {
  return Buffer.from(digest, 'latin1').toString('hex');
}

/** By concatenation, in one order: there are more of these than of everything else together. */
function canonicalSession(session: FileSession): string {
  const { path, pathHex, pathResolved, dirfd, dev, inode, fileType, flags, access, created, fd, openedBefore } =
    session;
  const { opened, closed, closedBy, checkpoint, writes, warnings } = session;
  const facts = `${pathResolved ? 1 : 0}${created ? 1 : 0}${openedBefore ? 1 : 0},${dirfd},${flags},${fd}`;
  const file = `${text(path)}${text(pathHex)}${text(dev)}${text(inode)}${text(fileType)}${text(access)}`;
  const when = `${moment(opened)}${moment(closed)}${text(closedBy)}${moment(checkpoint)}${totals(writes)}`;
  const writers = otherWriters(session);
  const rare = writers === null && warnings === null ? '' : rareText(writers, warnings);
  return `(${text(fileSessionId(session))}${facts},${file}${when}${openerText(session)}${rare})`;
}

/** null: nobody but the opener wrote, whichever way that is told. */
function otherWriters({ writers, key, writes }: FileSession): FileSession['writers'] {
  if (writers === null) return null;
  const [only] = writers;
  if (only === undefined) return writes.count === 0 ? null : writers;
  const isOpener = writers.length === 1 && writes.count > 0 && only.key === key && totals(only) === totals(writes);
  return isOpener ? null : writers;
}

function rareText(writers: FileSession['writers'], warnings: FileSession['warnings']): string {
  const who = writers === null ? '-' : `[${writers.map((writer) => text(writer.key) + totals(writer)).join('')}]`;
  return `${who}${warnings === null ? '-' : `[${warnings.map(text).join('')}]`}`;
}

/** Of the last opener: one opens many files, one after the other. */
const last: { of: Pick<FileSession, 'origin' | OpenerField> | null; text: string } = { of: null, text: '' };
type OpenerField = 'key' | 'pid' | 'tgid' | 'comm' | 'exe' | 'containerId';

function openerText(session: FileSession): string {
  const { of } = last;
  const { origin, key, pid, tgid, comm, exe, containerId } = session;
  if (
    of === null ||
    of.origin !== origin ||
    of.key !== key ||
    of.pid !== pid ||
    of.tgid !== tgid ||
    of.comm !== comm ||
    of.exe !== exe ||
    of.containerId !== containerId
  ) {
    const { host, machineId, bootId, sessionId } = origin;
    const run = `${text(host)}${text(machineId)}${text(bootId)}${text(sessionId)}`;
    last.of = { origin, key, pid, tgid, comm, exe, containerId };
    last.text = `${run}${text(key)}${pid},${tgid},${text(comm)}${text(exe)}${text(containerId)}`;
  }
  return last.text;
}

function text(value: string | null): string {
  return value === null ? '-' : `${value.length}:${value}`;
}

function moment(instant: Instant | null): string {
  return instant === null ? '-' : `${instant.ms}.${instant.ns};`;
}

function totals({ count, bytes, first, last: end }: WriteTotals): string {
  return count === 0 && bytes === 0 && first === null && end === null
    ? '-'
    : `${count},${bytes},${moment(first)}${moment(end)}`;
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
