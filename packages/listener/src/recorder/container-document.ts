import { createHash } from 'node:crypto';
import { type EventDocument, moment, type RunOrigin } from '@godo/evidence';
import type { ContainerEvent } from '../events.ts';

/** A container as a document. Its id follows from what was learnt: the same, learnt again, is the same document. */
export function containerDocument(origin: RunOrigin, { timeNs, data }: ContainerEvent): EventDocument {
  const digest = createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
  return {
    _id: `${origin.bootId}:container:${data.containerId}:${digest}`,
    ...origin,
    ...moment(timeNs),
    kind: 'container',
    key: null,
    tgid: null,
    containerId: data.containerId,
    data: { ...data },
  };
}
