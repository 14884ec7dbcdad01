/** Binary strings into the text fields of documents. */

import { textFields as knownTextFields, textOf, textsOf } from '@godo/evidence';
import type { BinaryString } from '../events.ts';

type TextFields<Name extends string> = { [K in Name]: string | null } & { [K in `${Name}Hex`]?: string };

/** `{name: text}`, with `{nameHex}` beside it where the bytes were not UTF-8. */
export function textFields<Name extends string>(name: Name, value: BinaryString | null): TextFields<Name> {
  return value === null ? ({ [name]: null } as TextFields<Name>) : knownTextFields(name, value);
}

export function textOrNull(value: BinaryString | null): string | null {
  return value === null ? null : textOf(value).text;
}

interface ArgvFields {
  readonly argv: readonly string[] | null;
  readonly argvHex?: readonly (string | null)[];
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

export function argvFields(argv: readonly BinaryString[] | null): ArgvFields {
  if (argv === null) return { argv: null };
  const { texts, hexes } = textsOf(argv);
  return { argv: texts, ...(hexes !== undefined && { argvHex: hexes }) };
}
