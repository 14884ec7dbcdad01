import type { EventDocument, Moment, OperationDocument, Origin } from '@godo/evidence';
import { countOf, isStorable, nsOf, textOf } from './values.ts';

/** Whether a document that passes through unchanged has what the cooked store sorts and selects by. */
export function isUsableMoment(document: Origin & Moment): boolean {
  return (
    textOf(document._id) !== null &&
    nsOf(document.timeNs) !== null &&
    textOf(document.sessionId) !== null &&
    textOf(document.bootId) !== null &&
    isStorable(document)
  );
}

/** The same of an operation, and who did it. */
export function isUsableOperation(operation: OperationDocument): boolean {
  const { containerId } = operation;
  return (
    isUsableMoment(operation) &&
    textOf(operation.operation) !== null &&
    typeof operation.key === 'string' &&
    countOf(operation.tgid) !== null &&
    (containerId === null || typeof containerId === 'string')
  );
}

/** The same of an event. */
export function isUsableEvent(event: EventDocument): boolean {
  return (
    isUsableMoment(event) &&
    textOf(event.kind) !== null &&
    (event.tgid === null || countOf(event.tgid) !== null) &&
    (event.key === null || typeof event.key === 'string') &&
    (event.containerId === null || typeof event.containerId === 'string')
  );
}
