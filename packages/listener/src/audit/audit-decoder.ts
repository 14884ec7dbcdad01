/** The addon's decoder, made for one of its three inputs, together with the reader of what it writes. */

import { AuditDecoder, type AuditDecoderOptions } from '@godo/native';
import { sensitiveKey } from '../rules/rule-keys.ts';
import { callTable } from './call-table.ts';
import { recordTypeNumbers } from './record-types.ts';

/** ms that an event may wait for its end: of the clock, or of the log where auditd drops EOE records. */
const eventTimeoutMs = 2_000;
const maxOpenEvents = 16_384;
/** A --diag file has the end of every event: more are open only where it was cut. */
const maxOpenDiagEvents = 65_536;
/**
 * A line longer than this is taken cut off. An audit record has at most 9 KiB, but a line of a --diag file may hold the
 * arguments of a process: 6 MiB (execve(2)), and more where JSON writes a byte as two.
 */
export const maxLineBytes = 16 * 1024 * 1024;

function decoder(options: Partial<AuditDecoderOptions> & Pick<AuditDecoderOptions, 'source'>): AuditDecoder {
  return new AuditDecoder({
    timeoutMs: eventTimeoutMs,
    maxOpen: maxOpenEvents,
    watchSerials: true,
    timeIsTheEnd: false,
    keepRecords: false,
    calls: callTable(),
    watchKey: sensitiveKey,
    recordTypes: recordTypeNumbers,
    host: '',
    mostLineBytes: maxLineBytes,
    ...options,
  });
}

/** Of the kernel's records, in packets as receiveAudit writes them. `keepRecords`: for a --diag file. */
export function kernelDecoder(keepRecords: boolean, options: Partial<AuditDecoderOptions> = {}): AuditDecoder {
  return decoder({ keepRecords, ...options, source: 'kernel' });
}

/** Of the text of an audit.log. `host`: the name of the host where the log has no `node=`. */
export function logDecoder(host: string, options: Partial<AuditDecoderOptions> = {}): AuditDecoder {
  return decoder({ host, timeIsTheEnd: true, ...options, source: 'log' });
}

/** Of the text of a --diag file, in which gaps and time-outs stand as what they were. */
export function diagDecoder(options: Partial<AuditDecoderOptions> = {}): AuditDecoder {
  const bounds = { timeoutMs: Number.POSITIVE_INFINITY, maxOpen: maxOpenDiagEvents, watchSerials: false };
  return decoder({ ...bounds, ...options, source: 'diag' });
}
