import type { Credentials, TaskObservation } from '@godo/evidence';
import { countOf, textOf } from './values.ts';

export const noCredentials: Credentials = {};

type Building = { -readonly [K in keyof Credentials]: Credentials[K] };

/** The credentials an observation states. */
export function readCredentials(task: TaskObservation): Credentials {
  const { uid, gid, euid, auid, ses, tty } = task;
  const isSilent =
    uid === undefined &&
    gid === undefined &&
    euid === undefined &&
    auid === undefined &&
    ses === undefined &&
    tty === undefined;
  if (isSilent) return noCredentials;
  return credentials(
    countOf(uid) ?? undefined,
    countOf(gid) ?? undefined,
    countOf(euid) ?? undefined,
    countOf(auid) ?? undefined,
    countOf(ses) ?? undefined,
    tty === null ? null : (textOf(tty) ?? undefined),
  );
}

type Id = number | undefined;

/** Only what is known, and always in this order: equal credentials are to look alike. */
function credentials(uid: Id, gid: Id, euid: Id, auid: Id, ses: Id, tty: string | null | undefined): Credentials {
  const known: Building = {};
  if (uid !== undefined) known.uid = uid;
  if (gid !== undefined) known.gid = gid;
  if (euid !== undefined) known.euid = euid;
  if (auid !== undefined) known.auid = auid;
  if (ses !== undefined) known.ses = ses;
  if (tty !== undefined) known.tty = tty;
  return known;
}

/** Each from `over` where it is known there, else from `under`. */
export function overlayCredentials(under: Credentials, over: Credentials): Credentials {
  if (over === noCredentials || over === under) return under;
  if (under === noCredentials) return over;
  return credentials(
    over.uid ?? under.uid,
    over.gid ?? under.gid,
    over.euid ?? under.euid,
    over.auid ?? under.auid,
    over.ses ?? under.ses,
    over.tty === undefined ? under.tty : over.tty,
  );
}

/** All that credentials say, as a text. */
export function nameOfCredentials({ uid, gid, euid, auid, ses, tty }: Credentials): string {
  return `${uid} ${gid} ${euid} ${auid} ${ses} ${tty === null ? 'none' : tty === undefined ? '' : `=${tty}`}`;
}

/** Whether two readings contradict each other nowhere. */
export function agree(a: Credentials, b: Credentials): boolean {
  return (
    agreeOn(a.uid, b.uid) &&
    agreeOn(a.gid, b.gid) &&
    agreeOn(a.euid, b.euid) &&
    agreeOn(a.auid, b.auid) &&
    agreeOn(a.ses, b.ses) &&
    agreeOn(a.tty, b.tty)
  );
}

function agreeOn<T>(one: T | undefined, other: T | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}
