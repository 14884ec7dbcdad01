import { describe, expect, it } from 'vitest';
import { createSharedMemory, SharedState } from '../../src/stages/shared-state.ts';
import { askConnector, connectorIsEmpty, tellSocket, wake } from '../../src/stages/wake.ts';

describe('waking a stage', () => {
  it('does nothing before there is a socket, and after it was closed', () => {
    const shared = new SharedState(createSharedMemory());
    wake(shared, 'auditSocket');
    tellSocket(shared, 'auditSocket', 1_000_000);
    wake(shared, 'auditSocket');
    tellSocket(shared, 'auditSocket', null);

    expect(shared.order('auditSocket')).toBe(0);
  });
});

describe('the connector', () => {
  it('is not known to be empty without a socket, nor when its socket was closed meanwhile', () => {
    const shared = new SharedState(createSharedMemory());
    const without = connectorIsEmpty(shared);
    tellSocket(shared, 'connectorSocket', 1_000_000);

    expect([without, connectorIsEmpty(shared)]).toEqual([false, false]);
  });
});

describe('asking the connector', () => {
  it('stays asked until it is answered, whoever asks meanwhile', () => {
    const shared = new SharedState(createSharedMemory());
    askConnector(shared);
    askConnector(shared);

    expect(shared.order('wantConnectorNews')).toBe(1);
  });
});
