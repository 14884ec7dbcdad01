/**
 * Reads a file that was changed, without doing anything to it or waiting for anybody: the path is looked up below the
 * root of its process, what is found there must be the regular file of the session, and only then it is opened.
 */

import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { ContentData } from '@godo/evidence';
import { openInRoot } from '@godo/native';
import { auditDevice } from '../proc/device.ts';
import { isLocal } from '../proc/local-file-systems.ts';
import type { ContentJob } from './content-job.ts';
import { deviceOfDescriptor, type FilePlace, type FilePlaces, mountedType } from './file-places.ts';

export interface ContentOptions {
  readonly places: Pick<FilePlaces, 'of'>;
  /** Larger files are not read. */
  readonly mostBytes: number;
  /** So many bytes were read: resolves when more may be. */
  pause(bytes: number): Promise<void>;
}

export type ContentFinding = Pick<ContentData, 'size' | 'sha256' | 'mtimeNs' | 'stable' | 'reason'>;

const chunkBytes = 128 * 1024;
/** Audit's clock lags behind by less than this. */
const clockLagMs = 20;
const unread = { size: null, sha256: null, mtimeNs: null, stable: null } as const;

export async function readContent(job: ContentJob, options: ContentOptions): Promise<ContentFinding> {
  const { path, dev, inode } = job;
  if (path === null || dev === null || inode === null) return { ...unread, reason: 'its path is not known' };
  let reason: ContentFinding['reason'] = 'it is gone';
  for (const place of options.places.of(job)) {
    const type = mountedType(place.mountinfo, dev);
    if (type !== null && !isLocal(type)) return { ...unread, reason: 'it is on no local file system' };
    const found = find(place, { ...job, path, dev, inode }, type);
    if ('fd' in found) {
      try {
        return await read(found.fd, found.stat, options);
      } catch (error) {
        return { ...unread, reason: `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'FAILED'})` };
      } finally {
        closeSync(found.fd);
      }
    }
    if (found.reason !== 'it is gone') reason = found.reason;
  }
  return { ...unread, reason };
}

type Found =
  | { readonly fd: number; readonly stat: BigIntStats }
  | { readonly reason: NonNullable<ContentData['reason']> };

type Named = ContentJob & { readonly path: string; readonly dev: string; readonly inode: string };

/** The descriptor only stands for the file. */
function find({ root, mountinfo }: FilePlace, job: Named, type: string | null): Found {
  const { path, dev, inode, closedMs } = job;
  let fd: number;
  try {
    fd = openInRoot(Buffer.from(root, 'latin1'), Buffer.from(path, 'latin1'));
  } catch (error) {
    const { code = 'FAILED' } = error as NodeJS.ErrnoException;
    // No such process, or its path leads nowhere (any more).
    return { reason: ['ENOENT', 'ENOTDIR', 'ESRCH'].includes(code) ? 'it is gone' : `it cannot be read (${code})` };
  }
  let isIt = false;
  try {
    const stat = fstatSync(fd, { bigint: true });
    const isSame =
      stat.isFile() &&
      stat.ino.toString() === inode &&
      // An inode is given out again: who was made later is another.
      (closedMs === null || Number(stat.birthtimeNs / 1_000_000n) <= closedMs + clockLagMs) &&
      (auditDevice(stat.dev) === dev || deviceOfDescriptor(fd, mountinfo) === dev);
    if (!isSame) return { reason: 'another file is there' };
    if (type === null) return { reason: 'it is on no local file system' };
    isIt = true;
    return { fd, stat };
  } finally {
    if (!isIt) closeSync(fd);
  }
}

async function read(found: number, before: BigIntStats, options: ContentOptions): Promise<ContentFinding> {
  const facts = { size: Number(before.size), mtimeNs: before.mtimeNs };
  if (before.size > BigInt(options.mostBytes)) {
    return { ...unread, ...facts, reason: `it has more than ${options.mostBytes} bytes` };
  }
  const fd = openFound(found);
  try {
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(chunkBytes);
    let size = 0;
    for (;;) {
      const bytes = readSync(fd, chunk, 0, chunkBytes, size);
      if (bytes === 0) break;
      hash.update(chunk.subarray(0, bytes));
      size += bytes;
      // It grows while it is read.
      if (size > options.mostBytes) return { ...unread, reason: `it has more than ${options.mostBytes} bytes` };
      await options.pause(bytes);
    }
    const after = fstatSync(fd, { bigint: true });
    const stable = after.mtimeNs === before.mtimeNs && after.ctimeNs === before.ctimeNs && BigInt(size) === before.size;
    return { size, sha256: hash.digest('hex'), mtimeNs: after.mtimeNs, stable };
  } finally {
    closeSync(fd);
  }
}

/** O_NOATIME leaves no trace of the reading; who may not use it reads with one. */
function openFound(found: number): number {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  const path = `/proc/self/fd/${found}`;
  try {
    return openSync(path, flags | constants.O_NOATIME);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    return openSync(path, flags);
  }
}
