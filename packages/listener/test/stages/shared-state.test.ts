import { describe, expect, it } from 'vitest';
import { createSharedMemory, SharedState } from '../../src/stages/shared-state.ts';

describe('what the threads share', () => {
  it('is seen by every one of them', () => {
    const memory = createSharedMemory();
    const [one, other] = [new SharedState(memory), new SharedState(memory)];

    one.add('auditRecords', 3);
    one.add('auditRecords', 2 ** 40);
    one.set('openEvents', 7);
    one.setOrder('stopAudit', 1);

    expect([other.get('auditRecords'), other.get('openEvents'), other.order('stopAudit')]).toEqual([2 ** 40 + 3, 7, 1]);
    expect(other.all()).toMatchObject({ auditRecords: 2 ** 40 + 3, openEvents: 7, documents: 0 });
  });

  it('counts up and down', () => {
    const shared = new SharedState(createSharedMemory());

    expect([shared.addToOrder('connectorBatchesWaiting', 2), shared.addToOrder('connectorBatchesWaiting', -1)]).toEqual(
      [2, 1],
    );
  });

  it('is waited for no longer than said, and not at all when it is another already', () => {
    const shared = new SharedState(createSharedMemory());
    const start = performance.now();
    shared.waitWhile('stopAudit', 1, 10_000);
    shared.waitWhile('stopAudit', 0, 5);

    expect(performance.now() - start).toBeLessThan(5_000);
  });
});
