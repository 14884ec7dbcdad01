/**
 * Waking who waits for the kernel in the addon. Whoever wants something of such a thread puts it into an order first: it
 * looks at them after each wait, and a wake that comes before the wait ends that one too.
 */

import { hasMessages, wakeReceiver } from '@godo/native';
import type { SharedState } from './shared-state.ts';

export type SocketPlace = 'auditSocket' | 'connectorSocket';

/** null, before the socket is closed: its number may soon be another's. */
export function tellSocket(shared: SharedState, place: SocketPlace, fd: number | null): void {
  shared.setOrder(place, fd === null ? 0 : fd + 1);
}

export function wake(shared: SharedState, place: SocketPlace): void {
  const told = shared.order(place);
  // Closed in the meantime, it has nobody who waits.
  if (told !== 0) wakeReceiver(told - 1);
}

/** Has the connector send what it holds and what is in its socket, which wakes the writer. */
export function askConnector(shared: SharedState): void {
  if (shared.order('wantConnectorNews') !== 0) return;
  shared.setOrder('wantConnectorNews', 1);
  wake(shared, 'connectorSocket');
}

/**
 * Whether everything that the connector was told before this call has been sent to the writer. False where that is not
 * sure.
 */
export function connectorIsEmpty(shared: SharedState): boolean {
  const told = shared.order('connectorSocket');
  return told !== 0 && !hasMessages(told - 1) && shared.order('connectorHolds') === 0;
}
