/**
 * The kernel has one audit subsystem: whoever uses its rules or its listener role takes this lock first. It is a
 * folder, because mkdir is atomic and shell scripts can take it too.
 */

import { mkdir, rm, stat, utimes } from 'node:fs/promises';

const lockPath = '/tmp/godo-audit.lock';
const staleAfterMs = 10 * 60_000;
const refreshMs = 60_000;

export interface AuditLock {
  release(): Promise<void>;
}

/** Waits up to timeoutMs for the lock. A lock not refreshed for ten minutes is taken for forgotten. */
export async function takeAuditLock(timeoutMs = 15 * 60_000, path = lockPath): Promise<AuditLock> {
  const end = performance.now() + timeoutMs;
  while (!(await tryTake(path))) {
    if (performance.now() >= end)
      throw new Error(`The audit lock ${path} was held by somebody else for ${timeoutMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const timer = setInterval(() => {
    const now = new Date();
    // The next refresh, or the stale rule, makes up for one that fails.
    utimes(path, now, now).catch(() => {});
  }, refreshMs);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      await rm(path, { recursive: true, force: true });
    },
  };
}

async function tryTake(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > staleAfterMs) await rm(path, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return false;
}
