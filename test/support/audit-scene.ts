/** What a test needs that uses the kernel's audit: it is alone with it, has a folder, and all is put back afterwards. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type AuditLock, takeAuditLock } from './audit-lock.ts';
import { type AuditState, readAuditState, restoreAuditState } from './audit-state.ts';

export interface AuditScene {
  /** As it was found. */
  readonly before: AuditState;
  readonly folder: string;
}

const lockMs = 17 * 60_000;
const hooks = { once: [beforeAll, afterAll], each: [beforeEach, afterEach] } as const;

/**
 * To be called in a `describe`: one scene for `once` all of its tests, or for `each`. `begun` is called with it before
 * whatever the tests prepare.
 */
export function useAuditScene(
  prefix: string,
  how: keyof typeof hooks,
  begun?: (scene: AuditScene) => void,
): () => AuditScene {
  let lock: AuditLock | undefined;
  let before: AuditState | undefined;
  let folder: string | undefined;
  const [begin, end] = hooks[how];

  begin(async () => {
    lock = await takeAuditLock();
    before = await readAuditState();
    folder = await mkdtemp(join(tmpdir(), prefix));
    begun?.({ before, folder });
  }, lockMs);

  end(async () => {
    if (before !== undefined) await restoreAuditState(before);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    await lock?.release();
    [lock, before, folder] = [undefined, undefined, undefined];
  });

  return () => {
    if (before === undefined || folder === undefined) throw new Error('The scene is there while tests run.');
    return { before, folder };
  };
}
