/**
 * The thread that owns the file of cooked evidence: carries out calls (cooked-link.ts) one after the other, and works
 * ahead while none waits.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf, StoreError } from '../store-error.ts';
import { CookedFile } from './cooked-file.ts';
import { type CookedFiles, callOf, type ThreadAnswer, type ThreadCall } from './cooked-link.ts';

const { next, location } = workerData as CookedFiles;

function answer(given: ThreadAnswer): void {
  parentPort?.postMessage(given);
}

function failure(error: unknown): ThreadAnswer {
  const code = error instanceof StoreError ? error.code : null;
  return { error: { code, message: reasonOf(error) } };
}

try {
  const file = await CookedFile.open(next, location);
  const workAhead = (): void => {
    // Calls that came meanwhile are carried out before it goes on.
    if (file.prepare()) setImmediate(workAhead);
  };
  parentPort?.on('message', (call: ThreadCall) => {
    try {
      answer({ result: callOf(file, call) });
    } catch (error) {
      answer(failure(error));
    }
    if (call.name === 'openRaw') workAhead();
  });
  answer({ result: null });
} catch (error) {
  answer(failure(error));
}
