import { Buffer, isUtf8 } from 'node:buffer';

/** Text that came as bytes, as the documents keep it; `hex` only where the bytes were not valid UTF-8. */
export interface EvidenceText {
  readonly text: string;
  readonly hex?: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: every ASCII byte is meant
const ascii = /^[\x00-\x7f]*$/;

/**
 * Turns bytes into text and, where that loses something, their hex.
 *
 * @param binary the bytes as a binary string: one character (U+0000…U+00FF) a byte, Buffer's `latin1`.
 */
export function textOf(binary: string): EvidenceText {
  if (ascii.test(binary)) return { text: binary };
  const bytes = Buffer.from(binary, 'latin1');
  const text = bytes.toString('utf8');
  return isUtf8(bytes) ? { text } : { text, hex: bytes.toString('hex') };
}

/**
 * The same for a list such as argv.
 *
 * @returns `hexes` has the length of `texts` with null where the bytes were valid UTF-8; absent if all were.
 */
export function textsOf(binaries: readonly string[]): {
  readonly texts: string[];
  readonly hexes?: (string | null)[];
} {
  const all = binaries.map(textOf);
  const texts = all.map((one) => one.text);
  return all.some((one) => one.hex !== undefined) ? { texts, hexes: all.map((one) => one.hex ?? null) } : { texts };
}

/** The fields of a document for one text: `{path}`, or `{path, pathHex}` where the bytes were not valid UTF-8. */
export function textFields<N extends string>(
  name: N,
  binary: string,
): { readonly [K in N]: string } & { readonly [K in `${N}Hex`]?: string } {
  const { text, hex } = textOf(binary);
  const fields = hex === undefined ? { [name]: text } : { [name]: text, [`${name}Hex`]: hex };
  return fields as { readonly [K in N]: string } & { readonly [K in `${N}Hex`]?: string };
}
