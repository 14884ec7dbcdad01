/**
 * Whether a file was written through a mapping, as its times tell. A first store into a page sets mtime and ctime to the
 * moment, by the clock that audit's stamps are from (file_update_time in fs/inode.c), so never to one before the call of
 * mmap; and nobody can set ctime. Measured: ext4, XFS and Btrfs, and overlays on them, tell of every mapping that was
 * stored through; tmpfs only where the page had not been read before.
 */

import { nsOfInstant } from '@godo/evidence';
import type { FileLookEvent } from '../events.ts';
import { coarseClockMs } from './coarse-clock.ts';
import type { TrackedSession } from './tracked-session.ts';

/** What recorded calls have done to a file while it was mapped. */
export interface KnownChange {
  /** ms of the latest that changes the content. */
  lastMs: number;
  /** Somebody set the times (utimes). */
  timesSet: boolean;
}

/** Audit's stamp is from the entry of a call, which may have to wait for the file before it changes it. */
const callMs = 1_000;
const nanosecondsPerMs = 1_000_000n;

export interface Verdict {
  readonly written: boolean | null;
  readonly because: string | null;
}

const unknown = (because: string): Verdict => ({ written: null, because });
const yes: Verdict = { written: true, because: null };
const no: Verdict = { written: false, because: null };

/** @param look at the file, at a time when the session had ended; `no` is for the mappings that were over by then. */
export function whetherWritten(session: TrackedSession, file: KnownChange, look: FileLookEvent): Verdict {
  const { found, reason, timeNs } = look;
  if (found === null || session.mapped === null) return unknown(reason ?? 'the file could not be looked at');
  const { mtimeNs, ctimeNs, birthNs, fileSystem, tellsStores } = found;
  const firstNs = nsOfInstant(session.mapped.first);
  // An overlay makes the file of its upper layer when it is opened for writing, by a clock that does not lag as stamps do.
  if (birthNs !== null && birthNs > firstNs + BigInt(coarseClockMs) * nanosecondsPerMs) {
    return unknown('its inode has become that of another file');
  }
  if (mtimeNs < firstNs) {
    if (!tellsStores) return unknown(`on ${fileSystem} not every store through a mapping changes the times of a file`);
    return ctimeNs >= firstNs && file.timesSet ? unknown('its times were set by a call') : no;
  }
  if (ctimeNs < firstNs) return tellsStores ? no : unknown('its times were set by a call');
  if (file.timesSet || mtimeNs > ctimeNs || mtimeNs > timeNs) return unknown('its times were set by a call');
  const lastMs = Math.max(file.lastMs, ownChange(session));
  if (lastMs > Number.NEGATIVE_INFINITY && mtimeNs <= BigInt(lastMs + callMs) * nanosecondsPerMs) {
    return unknown('a recorded change of the file may be what its times tell of');
  }
  return yes;
}

/** ms of the latest change that the session itself has recorded. */
function ownChange({ writes, changes, created, truncates, opened }: TrackedSession): number {
  const opening = created || truncates ? opened.ms : Number.NEGATIVE_INFINITY;
  return Math.max(opening, writes.last?.ms ?? opening, ...(changes ?? []).map(({ last }) => last.ms));
}
