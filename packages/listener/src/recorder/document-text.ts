/** Binary strings on their way into documents. */

import { textOf } from '@godo/evidence';
import type { BinaryString } from '../events.ts';

export function textOrNull(value: BinaryString | null): string | null {
  return value === null ? null : textOf(value).text;
}

/** Bytes of arguments that one document holds: as text and hex they still fit MongoDB's 16 MB. ARG_MAX is 2 MiB by default. */
const maxArgvBytes = 2 * 1024 * 1024;

/** As many of the first arguments as fit a document. */
export function fittingArgv(argv: readonly BinaryString[] | null): {
  argv: readonly BinaryString[] | null;
  cut: number;
} {
  if (argv === null) return { argv, cut: 0 };
  let bytes = 0;
  const end = argv.findIndex((argument) => {
    bytes += argument.length + 1;
    return bytes > maxArgvBytes;
  });
  return end < 0 ? { argv, cut: 0 } : { argv: argv.slice(0, end), cut: argv.length - end };
}
