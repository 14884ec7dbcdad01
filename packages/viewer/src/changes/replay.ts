/** What one file session or operation says about the files of the system that it was in. */

import {
  type CookedFileDocument,
  type CookedOperationDocument,
  changesFile,
  type FileType,
  makesWritesUnsure,
  truncates,
} from '@godo/evidence';
import { fields, list, ns, number, text } from '../render/lenient.ts';
import { pidOfKey } from '../render/process.ts';
import type { Deed, Doer } from './deed.ts';
import type { FileTree } from './file-tree.ts';

/** The names of a path of the system; null: it is not one that is looked at, or not known. */
export type Locate = (path: unknown, hex: unknown, resolved: unknown) => string[] | null;

/** One object for a process as one program, however much it did. */
export class Doers {
  readonly #known = new Map<string, Doer>();

  of(key: unknown, exe: unknown, comm: unknown): Doer {
    const doer: Doer = { key: text(key) ?? '', tgid: pidOfKey(key), exe: text(exe), comm: text(comm) };
    const id = `${doer.key}\0${doer.exe}\0${doer.comm}`;
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    this.#known.set(id, doer);
    return doer;
  }
}

/** @returns false where it changed a file, but which one is not known. */
export function replaySession(
  tree: FileTree,
  file: CookedFileDocument,
  locate: Locate,
  doers: Doers,
  wanted: boolean,
): boolean {
  if (!changesFile(file) && file.created !== true) return true;
  const at = locate(file.path, file.pathHex, file.pathResolved);
  if (at === null) return false;
  const opener = doers.of(file.key, file.exe, file.comm);
  const openedNs = momentOf(file.openedNs) ?? 0n;
  const fileType = typeOf(file.fileType);
  const created: Deed = { by: opener, timeNs: openedNs, action: 'create' };
  if (file.created === true && !isUnnamed(file)) tree.make(at, fileType, created, wanted);
  if (!changesFile(file)) return true;
  const deeds: Deed[] = [];
  const only: Deed = { by: opener, timeNs: openedNs, action: truncates(file) ? 'truncate' : 'write' };
  if (truncates(file) && file.created !== true) deeds.push(only);
  const { changes, mapped } = fields(file);
  const writers = [...list(file.writers), ...list(changes)].map(fields);
  for (const { key, firstNs, lastNs } of [...writers, ...writersThrough(mapped)]) {
    const by = key === file.key ? opener : doers.of(key, null, null);
    for (const timeNs of [momentOf(firstNs), momentOf(lastNs)])
      if (timeNs !== null) deeds.push({ by, timeNs, action: 'write' });
  }
  if (deeds.length === 0 && file.created !== true) deeds.push(only);
  const { count, bytes } = fields(file.writes);
  const isUnsure = list(file.warnings).some((warning) => makesWritesUnsure(text(warning) ?? ''));
  const amount = { writes: number(count) ?? 0, bytes: number(bytes) ?? 0, isUnsure };
  if (isUnnamed(file)) tree.makeUnnamed(at, fileType, [created, ...deeds], wanted, amount);
  else tree.change(at, fileType, deeds, wanted, amount);
  return true;
}

/** Who changed the file through memory that it was mapped into. */
function writersThrough(mapped: unknown): Readonly<Record<string, unknown>>[] {
  const { written, keys, firstNs, lastNs } = fields(mapped);
  return written === true ? list(keys).map((key) => ({ key, firstNs, lastNs })) : [];
}

/** __O_TMPFILE: the same bit on x86 and arm64. The path is that of the link by which the file got a name later. */
const unnamedFlag = 0o20000000;

function isUnnamed(file: CookedFileDocument): boolean {
  return ((number(file.flags) ?? 0) & unnamedFlag) !== 0;
}

/** Whether the file may have been changed through memory, and nothing tells it. */
export function mayBeWritten(file: CookedFileDocument): boolean {
  const { mapped } = fields(file);
  const { written, writable } = fields(mapped);
  return mapped !== undefined && mapped !== null && written === null && writable === true && !changesFile(file);
}

/** As replaySession. @param imageIsPacked What was there before came out of an image, which holds no sockets. */
export function replayOperation(
  tree: FileTree,
  operation: CookedOperationDocument,
  locate: Locate,
  doers: Doers,
  wanted: boolean,
  imageIsPacked: boolean,
): boolean {
  if (operation.success !== true) return true;
  if (!changesAnything(operation)) return true;
  const at = locate(operation.path, operation.pathHex, operation.pathResolved);
  const fileType = typeOf(operation.fileType);
  const deed: Deed = {
    by: doers.of(operation.key, operation.exe, operation.comm),
    timeNs: momentOf(operation.timeNs) ?? 0n,
    action: operation.operation,
  };
  const hasTwo = operation.operation === 'rename' || operation.operation === 'link';
  const to = hasTwo ? locate(operation.toPath, operation.toPathHex, operation.toPathResolved) : null;
  if (operation.operation === 'link') {
    // A file that had no name is told by the one that it gets.
    if (to !== null) tree.link(operation.path === operation.toPath ? null : at, to, fileType, deed, wanted);
    return to !== null;
  }
  if (at === null) return false;
  // It was bound since: the call that does it is not recorded.
  const isBound = imageIsPacked && fileType === 'socket' && !tree.knows(at);
  switch (operation.operation) {
    case 'mkdir':
    case 'mknod':
    case 'symlink':
      tree.make(at, fileType, deed, wanted);
      return true;
    case 'unlink':
    case 'rmdir': {
      if (isBound) return true;
      const type: FileType = operation.operation === 'rmdir' ? 'directory' : fileType;
      tree.remove(at, type, deed, wanted);
      return true;
    }
    case 'rename':
      return replayRename(tree, operation, fileType, [at, to], deed, wanted);
    default:
      if (isBound) tree.make(at, fileType, deed, wanted);
      else if (number(operation.fd) === null) tree.change(at, fileType, [deed], wanted);
      else tree.changeHeld(at, fileType, deed, wanted);
      return true;
  }
}

function replayRename(
  tree: FileTree,
  { exchange, replacedInode }: CookedOperationDocument,
  fileType: FileType,
  [at, to]: readonly [string[], string[] | null],
  deed: Deed,
  wanted: boolean,
): boolean {
  if (to === null) {
    // It is gone from where it was, at least.
    tree.remove(at, fileType, deed, wanted);
    return false;
  }
  if (exchange === true) tree.exchange(at, to, [fileType, 'unknown'], deed, wanted);
  else tree.rename(at, to, fileType, typeof replacedInode === 'string', deed, wanted);
  return true;
}

/** What is done to files beside; others change nothing, or are not known. */
const changing: ReadonlySet<unknown> = new Set<string>([
  ...['rename', 'unlink', 'rmdir', 'mkdir', 'mknod', 'link', 'symlink', 'truncate', 'chmod', 'chown'],
  ...['setxattr', 'removexattr', 'utimes', 'fallocate', 'clone', 'setflags'],
]);

/** What the database says is not trusted to be one. */
function typeOf(value: unknown): FileType {
  return (text(value) ?? 'unknown') as FileType;
}

/** A moment that has an ISO text; null: it is none. */
function momentOf(value: unknown): bigint | null {
  const timeNs = ns(value);
  return timeNs !== null && timeNs >= 0n && timeNs < 1n << 63n ? timeNs : null;
}

/** Operations on the content of open files, which their sessions tell of, too. */
const ofSessions: ReadonlySet<string> = new Set(['truncate', 'fallocate', 'clone']);

/** Rights that are given again, and the times of a directory, which change with whatever is in it, are no change. */
function changesAnything(operation: CookedOperationDocument): boolean {
  if (!changing.has(operation.operation)) return false;
  if (number(operation.fd) !== null && ofSessions.has(operation.operation)) return false;
  switch (operation.operation) {
    case 'utimes':
      return operation.fileType !== 'directory';
    case 'chmod':
      return operation.mode === undefined || operation.mode !== operation.modeBefore;
    case 'chown': {
      const { ownerUid, ownerGid, ownerUidBefore, ownerGidBefore } = operation;
      const isSame = (owner?: number, before?: number) => owner === undefined || owner === before;
      return !(isSame(ownerUid, ownerUidBefore) && isSame(ownerGid, ownerGidBefore));
    }
    default:
      return true;
  }
}
