/** A pipe: the call passes a pointer, what stands behind it the kernel tells in a record of its own. */

import type { Caller, PipeEvent } from '../events.ts';
import type { RecordBody } from './entry-items.ts';
import { eventAt } from './entry-layout.ts';
import type { EntryMemory } from './entry-memory.ts';
import { rawField } from './record.ts';
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
  const [reading, writing] = ['fd0', 'fd1'].map((name) => (body === undefined ? undefined : rawField(body, name)));
  if (!isDescriptor(reading) || !isDescriptor(writing)) return null;
  return {
    kind: 'pipe',
    fds: [Number(reading), Number(writing)],
    closeOnExec,
    ms: memory.f64(at + eventAt.ms),
    serial: memory.u32(at + eventAt.serial),
    caller,
  };
}

const isDescriptor = (text: string | undefined): text is string => text !== undefined && /^\d{1,10}$/.test(text);
