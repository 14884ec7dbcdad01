/**
 * The lines of a --diag file: everything the recorder was given, in the order it was given, so that the same documents
 * can be made from it again. Audit records stand as in an audit.log; everything else as lines of the same form
 * (`type=GODO_… msg=audit(STAMP:0): JSON`), which audit tools pass over.
 */

import { documentFromJson, documentToJson } from '@godo/evidence';
import { formatStamp } from '../audit/record.ts';
import type { AuditEvent, BinaryString, PipelineEvent } from '../events.ts';
import { checkedEvent } from './event-check.ts';

/** How every line begins that is godo's own, not an audit record. */
export const diagPrefix = 'type=GODO_';
const incompleteType = 'GODO_INCOMPLETE';
const endOfEvent = 'EOE';

const auditKinds: ReadonlySet<string> = new Set<AuditEvent['kind']>([
  'exec',
  'open',
  'close',
  'close-range',
  'write',
  'dup',
  'descriptor-flags',
  'descriptor-made',
  'pipe',
  'clone',
  'unshare',
  'setns',
  'pivot-root',
  'chroot',
  'unmount',
  'operation',
  'uring-setup',
  'uring-open',
  'uring-close',
  'uring-change',
  'map',
  'other',
]);

export function isAuditEvent(event: PipelineEvent): event is AuditEvent {
  return auditKinds.has(event.kind);
}

/** The lines of one event, without newlines. */
export function diagLines(event: PipelineEvent): BinaryString[] {
  if (!isAuditEvent(event)) {
    const type = event.kind.toUpperCase().replaceAll('-', '_');
    const ms = Number(event.timeNs / 1_000_000n);
    // JSON of binary strings is written as UTF-8 and read back as such: one character a byte all the same.
    return [`${diagPrefix}${type} msg=audit(${formatStamp(ms, 0)}): ${asBytes(documentToJson(event))}`];
  }
  if (event.alone) return [...(event.lines ?? [])];
  const stamp = `msg=audit(${formatStamp(event.ms, event.serial)}):`;
  const end =
    event.incomplete === undefined
      ? `type=${endOfEvent} ${stamp} `
      : `type=${incompleteType} ${stamp} ${asBytes(documentToJson({ reason: event.incomplete }))}`;
  return [...(event.lines ?? []), end];
}

export type DiagLine =
  | { readonly kind: 'event'; readonly event: PipelineEvent }
  | { readonly kind: 'incomplete'; readonly ms: number; readonly serial: number; readonly reason: string }
  | { readonly kind: 'bad'; readonly error: string };

/** Whether a line is godo's own, not an audit record. */
export function isDiagLine(line: BinaryString): boolean {
  return line.startsWith(diagPrefix);
}

/** Whether a line says that an event is incomplete, whatever its reason. */
export function isIncompleteMark(line: BinaryString): boolean {
  return line.startsWith(`type=${incompleteType} `);
}

/** Reads a line for which isDiagLine holds. */
export function parseDiagLine(line: BinaryString): DiagLine {
  const match = /^type=(GODO_\w+) msg=audit\((\d+)\.(\d{3}):(\d+)\): /.exec(line);
  if (match === null) return { kind: 'bad', error: 'no stamp' };
  const [head, type, seconds, millis, serial] = match as unknown as [string, string, string, string, string];
  let content: Record<string, unknown>;
  try {
    const text = Buffer.from(line.slice(head.length), 'latin1').toString('utf8');
    content = documentFromJson(text);
    // Names in it are the engine's: that a label ends in `Ns` says nothing.
    if (content.kind === 'container') content.data = (JSON.parse(text) as { readonly data?: unknown }).data;
  } catch {
    return { kind: 'bad', error: 'its content is no JSON' };
  }
  if (type === incompleteType) {
    if (typeof content.reason !== 'string') return { kind: 'bad', error: 'it gives no reason' };
    return {
      kind: 'incomplete',
      ms: Number(seconds) * 1000 + Number(millis),
      serial: Number(serial),
      reason: content.reason,
    };
  }
  const event = checkedEvent(content);
  return 'error' in event ? { kind: 'bad', error: event.error } : { kind: 'event', event };
}

function asBytes(text: string): BinaryString {
  return Buffer.from(text, 'utf8').toString('latin1');
}
