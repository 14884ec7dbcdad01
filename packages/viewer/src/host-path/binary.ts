/** Names of documents as their bytes, one character each. */

import { fields, text } from '../render/lenient.ts';

/** A name and the field with its exact bytes; null: it has none, or it is damaged. */
export function binaryOf(document: unknown, name: string): string | null {
  const hex = text(fields(document)[`${name}Hex`]);
  if (hex !== null) return Buffer.from(hex, 'hex').toString('latin1');
  const given = text(fields(document)[name]);
  return given === null ? null : Buffer.from(given, 'utf8').toString('latin1');
}
