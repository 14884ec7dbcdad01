/** argv from the EXECVE records of one event (audit_log_execve_info in kernel/auditsc.c). */

import type { BinaryString } from '../events.ts';
import { decodeText } from './record.ts';

export interface Argv {
  /** null when there was no EXECVE record at all. Missing arguments are empty strings, and `problem` says so. */
  readonly argv: readonly BinaryString[] | null;
  readonly problem: string | null;
}

/**
 * Arguments come as `aN=VALUE`; a long one as `aN_len=BYTES` and then pieces `aN[0]=… aN[1]=…`, spread over as many
 * records as it takes, about 7,500 bytes each. Each piece is quoted text or hex by itself. argc stands in the first.
 */
export function readArgv(bodies: readonly BinaryString[]): Argv {
  if (bodies.length === 0) return { argv: null, problem: 'no EXECVE record' };
  let argc: number | null = null;
  const pieces: (BinaryString | undefined)[] = [];
  let malformed = false;
  for (const body of bodies) {
    let at = 0;
    while (at < body.length) {
      if (body.charCodeAt(at) === 32) {
        at += 1;
        continue;
      }
      const equals = body.indexOf('=', at);
      if (equals < 0) {
        malformed = true;
        break;
      }
      const name = body.slice(at, equals);
      const end = valueEnd(body, equals + 1);
      const raw = body.slice(equals + 1, end);
      at = end;
      if (name === 'argc') {
        argc = Number(raw);
        continue;
      }
      if (name.endsWith('_len')) continue;
      const index = argumentIndex(name);
      const text = index === null ? null : decodeText(raw);
      if (index === null || text === null) {
        malformed = true;
        continue;
      }
      pieces[index] = name.endsWith(']') ? (pieces[index] ?? '') + text : text;
    }
  }
  const length = argc !== null && Number.isInteger(argc) && argc >= 0 ? argc : pieces.length;
  // An argc that no records stand behind must not make us allocate.
  if (length > pieces.length) {
    return {
      argv: Array.from(pieces, (piece) => piece ?? ''),
      problem: `${length - pieces.length} of ${length} arguments are missing`,
    };
  }
  const argv: BinaryString[] = [];
  let missing = 0;
  for (let index = 0; index < length; index += 1) {
    const piece = pieces[index];
    if (piece === undefined) missing += 1;
    argv.push(piece ?? '');
  }
  if (missing > 0) return { argv, problem: `${missing} of ${length} arguments are missing` };
  return { argv, problem: malformed ? 'an EXECVE record could not be read whole' : null };
}

function valueEnd(body: BinaryString, from: number): number {
  if (body.charCodeAt(from) === 34) {
    const close = body.indexOf('"', from + 1);
    return close < 0 ? body.length : close + 1;
  }
  const blank = body.indexOf(' ', from);
  return blank < 0 ? body.length : blank;
}

/** `a12` and `a12[3]` give 12; pieces of one argument come in order. */
function argumentIndex(name: string): number | null {
  const match = /^a(\d{1,7})(?:\[\d+\])?$/.exec(name);
  return match?.[1] === undefined ? null : Number(match[1]);
}
