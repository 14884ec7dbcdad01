/** argv from the EXECVE records of one event (audit_log_execve_info in kernel/auditsc.c). */

import type { BinaryString } from '../events.ts';
import { decodeText } from './record.ts';

export interface Argv {
  /** null when there was no EXECVE record at all. Missing arguments are empty strings, and `problem` says so. */
  readonly argv: readonly BinaryString[] | null;
  readonly problem: string | null;
}

/** An argument that came in pieces. */
interface Split {
  /** `aN_len`: its characters as logged: digits where the kernel chose hex for its length, bytes on some kernels. */
  announced: number | null;
  bytes: number;
  next: number;
  inOrder: boolean;
}

/**
 * Arguments come as `aN=VALUE`; a long one as `aN_len=LENGTH` and then pieces `aN[0]=… aN[1]=…`, spread over as many
 * records as it takes, about 7,500 bytes each. Each piece is quoted text or hex by itself. argc stands in the first.
 */
export function readArgv(bodies: readonly BinaryString[]): Argv {
  if (bodies.length === 0) return { argv: null, problem: 'no EXECVE record' };
  let argc: number | null = null;
  const pieces: (BinaryString | undefined)[] = [];
  const splits = new Map<number, Split>();
  const splitOf = (index: number): Split => {
    const split = splits.get(index) ?? { announced: null, bytes: 0, next: 0, inOrder: true };
    splits.set(index, split);
    return split;
  };
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
      const part = argumentPart(name);
      if (part?.what === 'length') {
        splitOf(part.index).announced = Number(raw);
        continue;
      }
      const text = part === null ? null : decodeText(raw);
      if (part === null || text === null) {
        malformed = true;
        continue;
      }
      if (part.what === 'whole') {
        pieces[part.index] = text;
        continue;
      }
      const split = splitOf(part.index);
      split.inOrder &&= part.what === split.next;
      split.next += 1;
      split.bytes += text.length;
      pieces[part.index] = (pieces[part.index] ?? '') + text;
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
  for (const [index, split] of splits) {
    if (!isWhole(split)) return { argv, problem: `pieces of argument ${index} are missing` };
  }
  return { argv, problem: malformed ? 'an EXECVE record could not be read whole' : null };
}

function isWhole({ announced, bytes, inOrder }: Split): boolean {
  return inOrder && (announced === null || announced === bytes || announced === 2 * bytes);
}

function valueEnd(body: BinaryString, from: number): number {
  if (body.charCodeAt(from) === 34) {
    const close = body.indexOf('"', from + 1);
    return close < 0 ? body.length : close + 1;
  }
  const blank = body.indexOf(' ', from);
  return blank < 0 ? body.length : blank;
}

interface ArgumentPart {
  readonly index: number;
  /** A number: that piece of it. */
  readonly what: 'whole' | 'length' | number;
}

/** `a12`, `a12_len` and `a12[3]`; null for any other name. */
function argumentPart(name: string): ArgumentPart | null {
  const [, index, length, piece] = /^a(\d{1,7})(?:(_len)|\[(\d{1,7})\])?$/.exec(name) ?? [];
  if (index === undefined) return null;
  if (length !== undefined) return { index: Number(index), what: 'length' };
  return { index: Number(index), what: piece === undefined ? 'whole' : Number(piece) };
}
