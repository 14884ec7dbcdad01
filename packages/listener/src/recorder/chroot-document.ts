import { type EventDocument, moment, type RunOrigin, textFields } from '@godo/evidence';
import type { BinaryString, ChrootEvent } from '../events.ts';
import { auditId, nanosecondsPerMs } from './documents.ts';
import type { ProcessState } from './process-table.ts';

/** What a root was: its path in the mount namespace. null: not known. */
export interface RootBefore {
  readonly chroot: BinaryString | null;
}

/** A change of root as a document: `rootfs` on the host, `root` and `rootBefore` in the mount namespace. */
export function chrootDocument(
  origin: RunOrigin,
  { key, tgid, containerId, rootfs, chroot }: ProcessState,
  event: ChrootEvent,
  before: RootBefore,
  suffix = '',
): EventDocument {
  return {
    _id: `${auditId(origin.bootId, event)}:chroot${suffix}`,
    ...origin,
    ...moment(BigInt(event.ms) * nanosecondsPerMs),
    kind: 'chroot',
    key,
    tgid,
    containerId: containerId ?? null,
    data: {
      ...placeFields('rootfs', rootfs),
      ...placeFields('root', chroot === '' ? '/' : chroot),
      ...placeFields('rootBefore', before.chroot === '' ? '/' : before.chroot),
    },
  };
}

function placeFields(name: 'rootfs' | 'root' | 'rootBefore', path: BinaryString | null) {
  return path === null ? { [name]: null } : textFields(name, path);
}
