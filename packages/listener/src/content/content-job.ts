/** Which files are read for their contents, and what is needed for it. Pure. */

import { changesFile, type FileSession, fileSessionId } from '@godo/evidence';
import type { BinaryString } from '../events.ts';

/** A file that a session has changed and closed. */
export interface ContentJob {
  readonly fileSessionId: string;
  /** The process that changed it. */
  readonly key: string;
  readonly tgid: number;
  readonly containerId: string | null;
  /** As the process saw it; null: not known, or relative to what is not. */
  readonly path: BinaryString | null;
  readonly dev: string | null;
  readonly inode: string | null;
  /** When the session was closed, ms since the epoch by audit's clock; null: not known. */
  readonly closedMs: number | null;
  /** Where the container's root lies on the host; null: not known, or no container. */
  readonly rootfs: BinaryString | null;
}

/** null: the session changed no regular file. */
export function contentJob(session: FileSession, rootfs: BinaryString | null): ContentJob | null {
  if (session.fileType !== 'regular' || !changesFile(session)) return null;
  const { path, pathHex, pathResolved, writers } = session;
  const bytes = pathHex === null ? Buffer.from(path ?? '', 'utf8') : Buffer.from(pathHex, 'hex');
  return {
    fileSessionId: fileSessionId(session),
    // Who opened it may be a process of no interest, who wrote to it last is not.
    key: writers?.at(-1)?.key ?? session.key,
    tgid: session.tgid,
    containerId: session.containerId,
    path: path === null || !pathResolved ? null : bytes.toString('latin1'),
    dev: session.dev,
    inode: session.inode,
    closedMs: session.closed?.ms ?? null,
    rootfs,
  };
}
