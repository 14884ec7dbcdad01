/**
 * A file session as it travels between the programs' parts: numbers and shared texts, nothing that follows from
 * something else. There are more of these than of everything else together, so what a document repeats for people (ISO
 * times, the opener as its own writer, the origin) is made only where somebody reads it: in MongoDB and in `--json`.
 */

import type { CookedFileDocument } from './cooked-documents.ts';
import { type Instant, instantOfNs, nsOfInstant } from './instant.ts';
import { isoTime } from './moment.ts';
import type {
  ClosedBy,
  FileSessionDocument,
  FileType,
  Origin,
  ProcessKey,
  WriteCount,
  Writer,
} from './raw-documents.ts';
import {
  areContentChanges,
  contentChange,
  isSharedMapping,
  isTime,
  type SessionChange,
  type SessionMapping,
  sessionChange,
  sessionMapping,
  sharedMapping,
} from './session-changes.ts';

/** What all documents of a run have in common; one object for all sessions of a run. */
export type RunOrigin = Omit<Origin, '_id'>;

/** Writes counted. first and last are null exactly when count is 0. */
export interface WriteTotals {
  readonly count: number;
  readonly bytes: number;
  readonly first: Instant | null;
  readonly last: Instant | null;
}

export interface SessionWriter extends WriteTotals {
  readonly key: ProcessKey;
}

/** Fields that are not told here are those of {@link FileSessionDocument}. */
export interface FileSession {
  readonly origin: RunOrigin;
  /** A number is the audit serial of the open call: the session's id is then `<boot id>:audit:<opened ms>.<serial>`. */
  readonly id: string | number;
  readonly path: string | null;
  readonly pathHex: string | null;
  readonly pathResolved: boolean;
  readonly dirfd: number | null;
  readonly dev: string | null;
  readonly inode: string | null;
  /** null: evidence from before this was recorded. */
  readonly fileType: FileType | null;
  readonly flags: number | null;
  readonly access: FileSessionDocument['access'];
  readonly created: boolean;
  readonly key: ProcessKey;
  readonly pid: number;
  readonly tgid: number;
  readonly fd: number;
  readonly comm: string | null;
  readonly exe: string | null;
  readonly containerId: string | null;
  readonly openedBefore: boolean;
  readonly opened: Instant;
  /** null with `closedBy`: it is open. */
  readonly closed: Instant | null;
  readonly closedBy: ClosedBy | null;
  readonly writes: WriteTotals;
  /** null: nobody but the opener wrote, so that `writes` says all. */
  readonly writers: readonly SessionWriter[] | null;
  /** null: nobody changed the content in another way. */
  readonly changes: readonly SessionChange[] | null;
  /** null: it was not mapped. */
  readonly mapped: SessionMapping | null;
  readonly warnings: readonly string[] | null;
  /** Only in `fds`: when this state was written down. */
  readonly checkpoint: Instant | null;
}

/** A file session of a process of the tree. */
export interface CookedFileSession extends FileSession {
  readonly closeInferred: boolean;
}

/** `fileSessionId` of the document; the `_id` too, but for a checkpoint. */
export function fileSessionId({ id, origin, opened }: Pick<FileSession, 'id' | 'origin' | 'opened'>): string {
  return typeof id === 'number' ? `${origin.bootId}:audit:${opened.ms}.${id}` : id;
}

/** The document of a session, as raw evidence keeps it for people: `files`, or `fds` where it has a checkpoint. */
export function fileSessionDocument(session: FileSession): FileSessionDocument {
  const { checkpoint } = session;
  const id = fileSessionId(session);
  return documentOf(session, checkpoint === null ? id : `${id}@${nsOfInstant(checkpoint)}`, id);
}

/** The same as cooked evidence has it, where open and ended sessions stand together under their own ids. */
export function cookedFileDocument(session: CookedFileSession): CookedFileDocument {
  const id = fileSessionId(session);
  // Assigned, not spread: V8 gives each copy of an object to which a field is added a layout of its own.
  const document: { -readonly [K in keyof CookedFileDocument]?: CookedFileDocument[K] } = documentOf(session, id, id);
  document.closeInferred = session.closeInferred;
  return document as CookedFileDocument;
}

function documentOf(session: FileSession, _id: string, id: string): FileSessionDocument {
  const { origin, opened, closed, checkpoint, writes } = session;
  const openedNs = nsOfInstant(opened);
  const closedNs = closed === null ? null : nsOfInstant(closed);
  const checkpointNs = checkpoint === null ? null : nsOfInstant(checkpoint);
  const total = writeCount(writes);
  return {
    _id,
    host: origin.host,
    machineId: origin.machineId,
    bootId: origin.bootId,
    sessionId: origin.sessionId,
    kind: 'session',
    fileSessionId: id,
    ...(checkpointNs !== null && { checkpointNs, checkpoint: isoTime(checkpointNs) }),
    path: session.path,
    ...(session.pathHex !== null && { pathHex: session.pathHex }),
    pathResolved: session.pathResolved,
    ...(session.dirfd !== null && { dirfd: session.dirfd }),
    dev: session.dev,
    inode: session.inode,
    ...(session.fileType !== null && { fileType: session.fileType }),
    flags: session.flags,
    access: session.access,
    created: session.created,
    key: session.key,
    pid: session.pid,
    tgid: session.tgid,
    fd: session.fd,
    comm: session.comm,
    exe: session.exe,
    containerId: session.containerId,
    openedBefore: session.openedBefore,
    openedNs,
    opened: isoTime(openedNs),
    closedNs,
    closed: closedNs === null ? null : isoTime(closedNs),
    closedBy: session.closedBy,
    writes: total,
    writers: writersOf(session, total),
    ...(session.changes !== null && { changes: session.changes.map(contentChange) }),
    ...(session.mapped !== null && { mapped: sharedMapping(session.mapped) }),
    ...(session.warnings !== null && { warnings: session.warnings }),
  };
}

function writersOf({ writers, key }: FileSession, total: WriteCount): readonly Writer[] {
  if (writers !== null) return writers.map((writer) => ({ key: writer.key, ...writeCount(writer) }));
  return total.count === 0 ? [] : [{ key, ...total }];
}

function writeCount({ count, bytes, first, last }: WriteTotals): WriteCount {
  const firstNs = first === null ? null : nsOfInstant(first);
  const lastNs = last === null ? null : nsOfInstant(last);
  return {
    count,
    bytes,
    firstNs,
    first: firstNs === null ? null : isoTime(firstNs),
    lastNs,
    last: lastNs === null ? null : isoTime(lastNs),
  };
}

/**
 * The session that a document tells of; null where the document is not one that this program could have written (the
 * content of a database is not trusted). `fileSessionDocument` makes an equal document of it again.
 */
export function fileSessionOf(
  document: FileSessionDocument,
  shareOrigin: ShareOrigin = copyOrigin,
): FileSession | null {
  if (!isFileSessionDocument(document)) return null;
  const { writes, writers, openedNs, closedNs, checkpointNs } = document;
  const origin = shareOrigin(document);
  const opened = instantOfNs(openedNs);
  return {
    origin,
    id: shortId(document.fileSessionId, origin, opened),
    path: document.path,
    pathHex: document.pathHex ?? null,
    pathResolved: document.pathResolved,
    dirfd: document.dirfd ?? null,
    dev: document.dev,
    inode: document.inode,
    fileType: document.fileType ?? null,
    flags: document.flags,
    access: document.access,
    created: document.created,
    key: document.key,
    pid: document.pid,
    tgid: document.tgid,
    fd: document.fd,
    comm: document.comm,
    exe: document.exe,
    containerId: document.containerId,
    openedBefore: document.openedBefore,
    opened,
    closed: closedNs === null ? null : instantOfNs(closedNs),
    closedBy: document.closedBy,
    writes: totalsOf(writes),
    writers: onlyOpenerWrote(document) ? null : writers.map((writer) => ({ key: writer.key, ...totalsOf(writer) })),
    changes: document.changes?.map(sessionChange) ?? null,
    mapped: document.mapped === undefined ? null : sessionMapping(document.mapped),
    warnings: document.warnings ?? null,
    checkpoint: checkpointNs === undefined ? null : instantOfNs(checkpointNs),
  };
}

/** Gives one object for all documents of a run. */
export type ShareOrigin = (document: RunOrigin) => RunOrigin;

function copyOrigin({ host, machineId, bootId, sessionId }: RunOrigin): RunOrigin {
  return { host, machineId, bootId, sessionId };
}

/** The serial, where the id is made of it. */
export function shortId(id: string, origin: Pick<RunOrigin, 'bootId'>, opened: Instant): string | number {
  const prefix = `${origin.bootId}:audit:${opened.ms}.`;
  if (opened.ns !== 0 || !id.startsWith(prefix)) return id;
  const serial = Number(id.slice(prefix.length));
  return String(serial) === id.slice(prefix.length) && serial >= 0 && serial <= 0xffff_ffff ? serial : id;
}

function totalsOf({ count, bytes, firstNs, lastNs }: WriteCount): WriteTotals {
  return {
    count,
    bytes,
    first: firstNs === null ? null : instantOfNs(firstNs),
    last: lastNs === null ? null : instantOfNs(lastNs),
  };
}

function onlyOpenerWrote({ key, writes, writers }: FileSessionDocument): boolean {
  const only = writers[0];
  if (only === undefined) return writes.count === 0;
  return (
    writers.length === 1 &&
    writes.count > 0 &&
    only.key === key &&
    only.count === writes.count &&
    only.bytes === writes.bytes &&
    only.firstNs === writes.firstNs &&
    only.lastNs === writes.lastNs
  );
}

type Unknown<T> = { readonly [K in keyof T]?: unknown };

function isFileSessionDocument(document: Unknown<FileSessionDocument>): boolean {
  return (
    document.kind === 'session' &&
    isText(document._id) &&
    isText(document.fileSessionId) &&
    isText(document.key) &&
    isText(document.host) &&
    isTextOrNull(document.machineId) &&
    isText(document.bootId) &&
    isText(document.sessionId) &&
    isTextOrNull(document.path) &&
    isTextOrAbsent(document.pathHex) &&
    isTextOrNull(document.dev) &&
    isTextOrNull(document.inode) &&
    isTextOrAbsent(document.fileType) &&
    isTextOrNull(document.comm) &&
    isTextOrNull(document.exe) &&
    isTextOrNull(document.containerId) &&
    isTextOrNull(document.closedBy) &&
    isText(document.access) &&
    isBoolean(document.pathResolved) &&
    isBoolean(document.created) &&
    isBoolean(document.openedBefore) &&
    isNumber(document.pid) &&
    isNumber(document.tgid) &&
    isNumber(document.fd) &&
    (document.flags === null || isNumber(document.flags)) &&
    (document.dirfd === undefined || isNumber(document.dirfd)) &&
    isTime(document.openedNs) &&
    (document.closedNs === null || isTime(document.closedNs)) &&
    (document.checkpointNs === undefined || isTime(document.checkpointNs)) &&
    isWriteCount(document.writes) &&
    Array.isArray(document.writers) &&
    document.writers.every((writer) => isWriteCount(writer) && isText((writer as Unknown<Writer>).key)) &&
    (document.changes === undefined || areContentChanges(document.changes)) &&
    (document.mapped === undefined || isSharedMapping(document.mapped)) &&
    (document.warnings === undefined || (Array.isArray(document.warnings) && document.warnings.every(isText)))
  );
}

function isWriteCount(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { count, bytes, firstNs, lastNs } = value as Unknown<WriteCount>;
  return (
    isNumber(count) && isNumber(bytes) && (firstNs === null || isTime(firstNs)) && (lastNs === null || isTime(lastNs))
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isNumber(value: unknown): boolean {
  return Number.isSafeInteger(value);
}
