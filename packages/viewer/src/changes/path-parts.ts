/**
 * Paths as lists of names that differ where their bytes differ. A byte of a name that is not UTF-8 stands in it as a lone
 * surrogate (U+DC80…U+DCFF), which no UTF-8 text holds.
 */

import { Buffer, isUtf8 } from 'node:buffer';
import { text } from '../render/lenient.ts';

const slash = 47;

/** The names of an absolute path; null where it is none. Both as a document has them. */
export function partsOf(path: unknown, hex: unknown): string[] | null {
  const known = text(path);
  if (known === null || known.charCodeAt(0) !== slash) return null;
  const bytes = text(hex);
  const whole = bytes === null ? known : spellOut(Buffer.from(bytes, 'hex'));
  return whole.split('/').filter((part) => part !== '' && part !== '.');
}

/** As partsOf was given it: `pathHex` where the bytes are not UTF-8. */
export function pathOf(parts: readonly string[]): { readonly path: string; readonly pathHex?: string } {
  const path = `/${parts.join('/')}`;
  if (!spelt.test(path)) return { path };
  const bytes = Buffer.concat(
    [...path].map((one) => (spelt.test(one) ? Buffer.of(one.charCodeAt(0) & 0xff) : Buffer.from(one))),
  );
  return { path: bytes.toString('utf8'), pathHex: bytes.toString('hex') };
}

/** With the flag `u` half of a pair is no match. */
const spelt = /[\udc80-\udcff]/u;

/** Name by name, for that is how a kernel compares them. */
function spellOut(bytes: Buffer): string {
  const names: string[] = [];
  for (let from = 0; from <= bytes.length; ) {
    const end = bytes.indexOf(slash, from);
    const name = bytes.subarray(from, end < 0 ? bytes.length : end);
    names.push(isUtf8(name) ? name.toString('utf8') : [...name].map(spellByte).join(''));
    from += name.length + 1;
  }
  return names.join('/');
}

function spellByte(byte: number): string {
  return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 | byte);
}
