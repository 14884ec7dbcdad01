import type { Credentials, TaskDocument } from '@godo/evidence';
import type { Interner } from './interner.ts';
import { countOf, textOf } from './values.ts';

export const noCredentials: Credentials = {};

/** The credentials an observation states. */
export function readCredentials(task: TaskDocument, share: Interner): Credentials {
  const uid = countOf(task.uid);
  const gid = countOf(task.gid);
  const euid = countOf(task.euid);
  const auid = countOf(task.auid);
  const ses = countOf(task.ses);
  const tty = task.tty === null ? null : (textOf(task.tty) ?? undefined);
  if (uid === null && gid === null && euid === null && auid === null && ses === null && tty === undefined) {
    return noCredentials;
  }
  return share.value(`credentials ${uid} ${gid} ${euid} ${auid} ${ses} ${tty === null ? 'none' : `=${tty}`}`, () => ({
    ...(uid !== null && { uid }),
    ...(gid !== null && { gid }),
    ...(euid !== null && { euid }),
    ...(auid !== null && { auid }),
    ...(ses !== null && { ses }),
    ...(tty !== undefined && { tty }),
  }));
}

/** Each from `over` where it is known there, else from `under`. */
export function overlayCredentials(under: Credentials, over: Credentials): Credentials {
  if (over === noCredentials || over === under) return under;
  return under === noCredentials ? over : { ...under, ...over };
}

/** Whether two readings contradict each other nowhere. */
export function agree(a: Credentials, b: Credentials): boolean {
  if (a === b) return true;
  return (Object.keys(b) as (keyof Credentials)[]).every((name) => a[name] === undefined || a[name] === b[name]);
}
