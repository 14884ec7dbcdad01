/** The document of an operation on a file. Pure. */

import { moment, type OperationDocument, type RunOrigin, textFields, textsOf } from '@godo/evidence';
import type { ContentFacts, GivenName, OperationEvent, OwnerChange } from '../events.ts';
import type { CallerTexts } from './caller-texts.ts';
import { auditId, nanosecondsPerMs } from './documents.ts';
import type { ProcessState } from './process-table.ts';
import type { TrackedSession } from './tracked-session.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Mutable<OperationDocument>;

/** What is known of the file that a descriptor refers to. */
export type DescribedFile = Pick<
  TrackedSession,
  'path' | 'pathHex' | 'pathResolved' | 'dirfd' | 'dev' | 'inode' | 'fileType'
>;

/**
 * @param session what `event.fd` referred to, where that is known.
 * @param source the same of the descriptor that content was taken from.
 */
export function operationDocument(
  origin: RunOrigin,
  process: ProcessState,
  event: OperationEvent,
  caller: CallerTexts,
  session: DescribedFile | undefined,
  source: DescribedFile | undefined,
): OperationDocument {
  const { operation, success, file, dev, inode, fileType } = event;
  const isIt = session !== undefined && isSameFile(event, session);
  const known = isIt ? session : null;
  const draft: Draft = {
    _id: auditId(origin.bootId, event),
    ...origin,
    ...moment(BigInt(event.ms) * nanosecondsPerMs),
    operation,
    success,
    ...(!success && !event.byUring && { errno: event.exit }),
    ...(known === null ? pathFields(file) : sessionPath(known)),
    ...(event.fd !== null && { fd: event.fd }),
    ...(event.to !== null && toFields(event.to)),
    ...(event.exchange && { exchange: true }),
    ...(event.target !== null && textFields('target', event.target)),
    ...listFields(event),
    dev: dev ?? known?.dev ?? null,
    inode: inode ?? known?.inode ?? null,
    fileType: inode === null && known !== null ? (known.fileType ?? 'unknown') : fileType,
    ...(event.replacedInode !== null && { replacedInode: event.replacedInode }),
    ...(event.exchangedInode !== null && { exchangedInode: event.exchangedInode }),
    ...(event.mode !== null && { mode: event.mode }),
    ...(event.modeBefore !== null && { modeBefore: event.modeBefore }),
    ...(event.owner !== null && ownerFields(event.owner)),
    ...(event.size !== null && { size: event.size }),
    ...(event.content !== undefined && contentFields(event.content, source)),
    key: process.key,
    pid: process.tgid,
    tgid: process.tgid,
    ...caller,
    containerId: process.containerId ?? null,
  };
  const warnings = [...(event.warnings ?? [])];
  if (session !== undefined && !isIt) warnings.push('the descriptor was of another file than was known of it');
  if (warnings.length > 0) draft.warnings = warnings;
  return draft;
}

/** What either does not tell is no difference. */
function isSameFile({ dev, inode }: OperationEvent, session: DescribedFile): boolean {
  const differs = (own: string | null, other: string | null) => own !== null && other !== null && own !== other;
  return !differs(dev, session.dev) && !differs(inode, session.inode);
}

function pathFields({ path, pathResolved, dirfd }: GivenName) {
  const named = path === null ? { path } : textFields('path', path);
  return { ...named, pathResolved, ...(dirfd !== null && { dirfd }) };
}

function sessionPath({ path, pathHex, pathResolved, dirfd }: DescribedFile) {
  return { path, ...(pathHex !== null && { pathHex }), pathResolved, ...(dirfd !== null && { dirfd }) };
}

function toFields({ path, pathResolved, dirfd }: GivenName) {
  const named = path === null ? { toPath: path } : textFields('toPath', path);
  return { ...named, toPathResolved: pathResolved, ...(dirfd !== null && { toDirfd: dirfd }) };
}

function listFields({ directories, names }: OperationEvent) {
  const folders = textsOf(directories);
  const given = textsOf(names);
  return {
    ...(directories.length > 0 && { directories: folders.texts }),
    ...(folders.hexes !== undefined && { directoriesHex: folders.hexes }),
    ...(names.length > 0 && { names: given.texts }),
    ...(given.hexes !== undefined && { namesHex: given.hexes }),
  };
}

/** Whether a call that succeeded changed what is in a file, or how much. Room within its size is no change. */
export function changesContent({ operation, content }: OperationEvent): boolean {
  if (operation !== 'fallocate') return operation === 'truncate' || operation === 'clone';
  const isRoom = content?.allocation === 'allocate' && content.keepSize;
  return !isRoom && content?.allocation !== 'unshare-range';
}

function contentFields(content: ContentFacts, source: DescribedFile | undefined) {
  const { allocation, keepSize, offset, length, fromFd } = content;
  return {
    ...(allocation !== null && { allocation }),
    ...(keepSize && { keepSize }),
    ...(offset !== null && { offset }),
    ...(length !== null && { length }),
    ...(fromFd !== null && { fromFd }),
    ...(source?.pathResolved === true && source.path !== null && { fromPath: source.path }),
    ...(source?.pathResolved === true && source.pathHex !== null && { fromPathHex: source.pathHex }),
  };
}

function ownerFields({ uid, gid, uidBefore, gidBefore }: OwnerChange) {
  return {
    ...(uid !== null && { ownerUid: uid }),
    ...(gid !== null && { ownerGid: gid }),
    ...(uidBefore !== null && { ownerUidBefore: uidBefore }),
    ...(gidBefore !== null && { ownerGidBefore: gidBefore }),
  };
}
