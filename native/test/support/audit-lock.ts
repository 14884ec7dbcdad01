import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const lockDirectory = '/tmp/godo-audit.lock';
const patienceMs = 5 * 60_000;
const staleMs = 10 * 60_000;

/** A test's own time limit: the longest wait for the lock and then some. */
export const lockedTestMs = patienceMs + 60_000;

function tryLock(): boolean {
  try {
    mkdirSync(lockDirectory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function removeStaleLock(): void {
  try {
    if (Date.now() - statSync(lockDirectory).mtimeMs > staleMs) rmdirSync(lockDirectory);
  } catch (error) {
    // Somebody else was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The kernel has one audit subsystem: whoever changes it holds this lock meanwhile, across all processes of the host. */
export async function withAuditLock<T>(work: () => T | Promise<T>): Promise<T> {
  const giveUp = Date.now() + patienceMs;
  while (!tryLock()) {
    if (Date.now() > giveUp) throw new Error(`${lockDirectory} was not released within 5 minutes`);
    removeStaleLock();
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmdirSync(lockDirectory);
  }
}
