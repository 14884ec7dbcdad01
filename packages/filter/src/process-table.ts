import type { TaskDocument } from '@godo/evidence';
import { createInterner } from './interner.ts';
import { createProcessBuilder, isUsable, type ProcessBuilder } from './process-builder.ts';
import type { ProcessNode, ProcessTable } from './process-node.ts';

/** Takes all observations of the database, process after process, and makes the table of processes. */
export interface ProcessTableBuilder {
  /** @returns false where the observation names no process or no time and was passed over. */
  observe(task: TaskDocument): boolean;
  finish(): ProcessTable;
}

/**
 * Step 2: groups the observations of tasks into processes. They come ordered by (key, timeNs, _id), so only the
 * process at hand is held open.
 */
export function createProcessTable(): ProcessTableBuilder {
  const table = new Map<string, ProcessNode>();
  const share = createInterner();
  let key: string | null = null;
  let builder: ProcessBuilder | null = null;

  function close(): void {
    if (key !== null && builder !== null) table.set(key, builder.finish());
    builder = null;
  }

  return {
    observe(task) {
      if (!isUsable(task)) return false;
      if (builder === null || task.key !== key) {
        close();
        if (table.has(task.key))
          throw new Error(`observations of ${task.key} do not come together: not ordered by key`);
        key = task.key;
        builder = createProcessBuilder(task, share);
      }
      builder.observe(task);
      return true;
    },
    finish() {
      close();
      return table;
    },
  };
}
