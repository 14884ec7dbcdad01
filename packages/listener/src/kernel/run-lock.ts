/**
 * One at a time looks at the note of a run and acts on it: a listener that starts, or whoever cleans up after one. The lock is
 * the kernel's, and goes with its holder.
 */

import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from '@godo/native';
import { ListenerError } from '../listener-error.ts';
import { pause } from './pause.ts';
import { runDirectory } from './run-file.ts';

const patienceMs = 20_000;
const againMs = 20;

/** @throws ListenerError ALREADY_RUNNING: another one has had it all the time. */
export function withRunLock<Result>(work: () => Result): Result {
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
  const lock = openSync(join(runDirectory, 'lock'), constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    const endMs = performance.now() + patienceMs;
    while (!tryLock(lock)) {
      if (performance.now() > endMs) {
        throw new ListenerError(
          'ALREADY_RUNNING',
          'Another godo is starting or cleaning up, and does not come to an end.',
        );
      }
      pause(againMs);
    }
    return work();
  } finally {
    closeSync(lock);
  }
}
