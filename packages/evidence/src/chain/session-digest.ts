/**
 * The digest of a file session. There are more of these than of everything else together, so what is hashed is put
 * together as bytes in one place, without a text for it: little-endian, the opener as a digest of its own, numbers as
 * doubles, texts as UTF-8 behind their length, and behind all that what is rare as one text.
 */

import { hash } from 'node:crypto';
import { type FileSession, shortId, type WriteTotals } from '../file-session.ts';
import type { Instant } from '../instant.ts';
import { canonicalDocument } from './canonical-document.ts';

/** 32 bytes, a character each: half of what a Buffer costs. */
export type Digest = string;

export function sessionDigest(session: FileSession, collection: string): Digest {
  const { path, dev, inode, id, opened, closed, fd, flags, writes } = session;
  const { ms } = opened;
  const { count, bytes, first, last } = writes;
  putOpener(session, collection);
  numbers[4] = typeof id === 'number' ? id : (serialOf(id, session) ?? none);
  numbers[5] = ms;
  numbers[6] = closed === null ? none : closed.ms - ms;
  numbers[7] = first === null ? none : first.ms - ms;
  numbers[8] = last === null ? none : last.ms - ms;
  numbers[9] = count;
  numbers[10] = bytes;
  numbers[11] = flags ?? none;
  numbers[12] = fd;
  numbers[13] = bitsOf(session);
  end = 14 * 8;
  putText(path);
  putText(dev);
  putText(inode);
  const rare = rareText(session);
  if (rare !== '') putText(rare);
  return hash('sha256', filled(), 'binary');
}

/** No number of a session. */
const none = 0.5;

let memory = Buffer.allocUnsafeSlow(8 * 1024);
let numbers = doublesOf(memory);
/** Of each length, for a view costs more than what is put into it. */
let views: Uint8Array[] = [];
let end = 0;

function doublesOf({ buffer, byteOffset }: Buffer): Float64Array {
  return new Float64Array(buffer, byteOffset, 14);
}

function filled(): Uint8Array {
  let view = views[end];
  if (view === undefined) {
    view = memory.subarray(0, end);
    views[end] = view;
  }
  return view;
}

function reserve(length: number): void {
  if (end + length <= memory.length) return;
  const larger = Buffer.allocUnsafeSlow(2 * (end + length));
  memory.copy(larger, 0, 0, end);
  memory = larger;
  numbers = doublesOf(memory);
  views = [];
}

function putText(text: string | null): void {
  if (text === null) {
    reserve(4);
    end = memory.writeUInt32LE(0xffff_ffff, end);
    return;
  }
  const { length } = text;
  reserve(4 + length * 3);
  const start = end + 4;
  let at = start;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) {
      at = start + memory.write(text, start, 'utf8');
      break;
    }
    memory[at] = code;
    at += 1;
  }
  putLength(at - start);
  end = at;
}

function putLength(length: number): void {
  memory[end] = length;
  memory[end + 1] = length >> 8;
  memory[end + 2] = length >> 16;
  memory[end + 3] = length >> 24;
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
function serialOf(id: string, { origin, opened }: FileSession): number | null {
  const short = shortId(id, origin, opened);
  return typeof short === 'number' ? short : null;
}

/** Empty for most. */
function rareText(session: FileSession): string {
  const { id, pathHex, dirfd, pid, tgid, opened, closed, writes, warnings, checkpoint } = session;
  const { access, fileType, closedBy, changes, mapped } = session;
  const { first, last } = writes;
  const isWhole =
    opened.ns === 0 &&
    (closed === null || closed.ns === 0) &&
    (first === null || first.ns === 0) &&
    (last === null || last.ns === 0);
  const isKnown = accesses.has(access) && fileTypes.has(fileType) && closings.has(closedBy);
  const writers = session.writers === null ? null : otherWriters(session);
  const isUsual = pathHex === null && dirfd === null && pid === tgid && warnings === null && checkpoint === null;
  const isAlone = writers === null && changes === null && mapped === null;
  if (isUsual && isAlone && isWhole && isKnown && typeof id === 'number') return '';
  const ns = [opened, closed, first, last].map((instant) => instant?.ns ?? 0).join();
  const who = writers === null ? '-' : `[${writers.map(({ key, ...of }) => text(key) + totals(of)).join('')}]`;
  const said = warnings === null ? '-' : `[${warnings.map(text).join('')}]`;
  const known = isKnown ? '-' : `${text(access)}${text(fileType)}${text(closedBy)}`;
  const name = typeof id === 'number' || serialOf(id, session) !== null ? '-' : text(id);
  const otherwise = isAlone ? '-' : canonicalDocument({ changes, mapped });
  return `${name}${text(pathHex)}${dirfd},${pid},${ns},${moment(checkpoint)}${who}${said}${known}${otherwise}`;
}

/** null: nobody but the opener wrote, whichever way that is told. */
function otherWriters({ writers, key, writes }: FileSession): FileSession['writers'] {
  const [only] = writers ?? [];
  if (only === undefined) return writes.count === 0 ? null : writers;
  const isOpener = writers?.length === 1 && writes.count > 0 && only.key === key && totals(only) === totals(writes);
  return isOpener ? null : writers;
}

type Opener = Pick<FileSession, 'origin' | 'key' | 'tgid' | 'comm' | 'exe' | 'containerId'> & {
  readonly collection: string;
  readonly digest: Uint8Array;
};

/** Those of the last sessions, by their keys. */
const openers = new Map<string, Opener>();
const openersKept = 512;
/** Whose digest stands at the beginning of the memory. */
let opener: Opener | null = null;

function putOpener(session: FileSession, collection: string): void {
  if (opener !== null && isOpenerOf(opener, session, collection)) return;
  let found = openers.get(session.key);
  if (found === undefined || !isOpenerOf(found, session, collection)) {
    const { origin, key, tgid, comm, exe, containerId } = session;
    const { host, machineId, bootId, sessionId } = origin;
    const run = `${text(host)}${text(machineId)}${text(bootId)}${text(sessionId)}`;
    const who = `${text(collection)}${run}${text(key)}${tgid},${text(comm)}${text(exe)}${text(containerId)}`;
    found = { origin, key, tgid, comm, exe, containerId, collection, digest: hash('sha256', who, 'buffer') };
    if (openers.size >= openersKept) openers.clear();
    openers.set(key, found);
  }
  memory.set(found.digest);
  opener = found;
}

function isOpenerOf(known: Opener, session: FileSession, collection: string): boolean {
  return (
    known.key === session.key &&
    known.tgid === session.tgid &&
    known.comm === session.comm &&
    known.exe === session.exe &&
    known.containerId === session.containerId &&
    known.origin === session.origin &&
    known.collection === collection
  );
}

function text(value: string | null): string {
  return value === null ? '-' : `${value.length}:${value}`;
}

function moment(instant: Instant | null): string {
  return instant === null ? '-' : `${instant.ms}.${instant.ns};`;
}

function totals({ count, bytes, first, last }: WriteTotals): string {
  return `${count},${bytes},${moment(first)}${moment(last)}`;
}
