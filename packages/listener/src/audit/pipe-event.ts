/** A pipe: the call passes a pointer, what stands behind it the kernel tells in a record of its own. */

import type { Caller, PipeEvent } from '../events.ts';
import type { RecordBody } from './entry-items.ts';
import { eventAt } from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';
import { recordType } from './record-types.ts';

/** audit_log_exit: `fd0=%d fd1=%d`. null: it is not there. */
export function pipeEventOf(
  memory: EntryMemory,
  at: number,
  caller: Caller,
  bodies: readonly RecordBody[],
  closeOnExec: boolean,
): PipeEvent | null {
  const body = bodies.find(({ type }) => type === recordType.fdPair)?.body;
  const told = body === undefined ? null : /^fd0=(\d{1,10}) fd1=(\d{1,10})(?:$|\s|\x1d)/.exec(body);
  if (told === null) return null;
  return {
    kind: 'pipe',
    fds: [Number(told[1]), Number(told[2])],
    closeOnExec,
    ms: memory.f64(at + eventAt.ms),
    serial: memory.u32(at + eventAt.serial),
    caller,
  };
}
