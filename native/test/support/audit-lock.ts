/** The same lock as the end-to-end tests take: the kernel has one audit subsystem. */

import { takeAuditLock } from '../../../test/support/audit-lock.ts';

const patienceMs = 5 * 60_000;

/** A test's own time limit: the longest wait for the lock and then some. */
export const lockedTestMs = patienceMs + 60_000;

export async function withAuditLock<T>(work: () => T | Promise<T>): Promise<T> {
  const lock = await takeAuditLock(patienceMs);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
