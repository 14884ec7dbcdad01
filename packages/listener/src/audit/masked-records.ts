/**
 * Bodies of records as lines of a --diag file have them: without the passwords of godo's own programs. Records quote command lines
 * (EXECVE word by word, PROCTITLE and USER_CMD whole), what has blanks or other special characters in hex.
 */

import { maskedArguments, namesOwnProgram, withoutSecrets } from '@godo/evidence';
import type { BinaryString } from '../events.ts';
import { decodeText } from './record.ts';
import { recordType } from './record-types.ts';

export function maskedBody(type: number, body: BinaryString): BinaryString {
  if (!mayHoldAddress.test(body) || !concernsUs(body)) return body;
  return withoutSecrets(body)
    .replace(separateWord, (_whole, option: string, address: string) => option + masked([address], '--mongo'))
    .replace(hexValue, (whole, equals: string, digits: string) => {
      const text = decodeText(digits);
      if (text === null) return whole;
      const shown = masked(text.split('\0'), '').join('\0');
      const cut =
        type === recordType.proctitle && text.length >= proctitleBytes - 1 ? withoutCutPassword(shown) : shown;
      return cut === text ? whole : equals + Buffer.from(cut, 'latin1').toString('hex').toUpperCase();
    });
}

function concernsUs(body: BinaryString): boolean {
  const inHex = [...body.matchAll(hexValue)].flatMap(([, , digits = '']) => decodeText(digits)?.split('\0') ?? []);
  return namesOwnProgram(body) || inHex.some(namesOwnProgram);
}

/** `mongo`, or its digits in hex. */
const mayHoldAddress = /mongo|6D6F6E676F/i;
/** Of an EXECVE record, where the address is a word for itself. */
const separateWord = /("--?mongo" a\d+=")([^"]*)/g;
/** Long enough for the word and an address. */
const hexValue = /(=)((?:[0-9A-F]{2}){10,})(?![^\s])/g;
/** As much as the kernel keeps of a command line (MAX_PROCTITLE_AUDIT_LEN in kernel/audit.h). */
const proctitleBytes = 128;

function masked(words: readonly string[], before: string): string[] {
  return before === '' ? [...maskedArguments(words)] : maskedArguments([before, ...words]).slice(1);
}

/** What was cut off in a password has no @ behind it. */
function withoutCutPassword(text: string): string {
  return text.replace(/((?:mongodb(?:\+srv)?:\/\/|--?mongo[=\0](?!mongodb))[^:@/?\0]*:)(?!\*\*\*)[^@\0]*$/i, '$1***');
}
