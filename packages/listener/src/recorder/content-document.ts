/** What a changed file held when it had come to rest, as a document. Pure. */

import { type EventDocument, moment, type RunOrigin, textOf } from '@godo/evidence';
import type { ContentEvent } from '../events.ts';

export function contentDocument(origin: RunOrigin, event: ContentEvent): EventDocument {
  const { timeNs, key, tgid, containerId, data } = event;
  const { path, ...rest } = data;
  const { text, hex } = path === null ? { text: null } : textOf(path);
  return {
    _id: `${data.fileSessionId}:content`,
    ...origin,
    ...moment(timeNs),
    kind: 'content',
    key,
    tgid,
    containerId,
    data: { path: text, ...(hex !== undefined && { pathHex: hex }), ...rest },
  };
}
