import { type EventDocument, moment, type RunOrigin, textFields } from '@godo/evidence';
import type { MountEntry, MountsEvent } from '../events.ts';

/** The mounts of a namespace as a document. */
export function mountsDocument(origin: RunOrigin, event: MountsEvent): EventDocument {
  const { timeNs, containerId, namespace, entries, cut } = event;
  return {
    _id: `${origin.sessionId}:mounts:${containerId ?? 'host'}:${namespace ?? '?'}`,
    ...origin,
    ...moment(timeNs),
    kind: 'mounts',
    key: null,
    tgid: null,
    containerId,
    data: { namespace, entries: entries.map(entryOf), ...(cut && { cut }) },
  };
}

function entryOf({ id, parent, mountPoint, root, dev, fsType, source, upperDir }: MountEntry) {
  return {
    ...{ id, parent },
    ...textFields('mountPoint', mountPoint),
    ...textFields('root', root),
    ...{ dev, fsType },
    ...textFields('source', source),
    ...(upperDir !== undefined && textFields('upperDir', upperDir)),
  };
}
