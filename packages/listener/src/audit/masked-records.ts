/**
 * Records of an event as a --diag file has them: without the passwords of godo's own programs, whose command lines EXECVE and
 * PROCTITLE records quote. All else stays as the kernel told it.
 */

import { isOwnCommand, withoutOwnSecrets } from '@godo/evidence';
import type { BinaryString } from '../events.ts';
import type { RecordBody } from './entry-items.ts';
import { readArgv } from './exec-argv.ts';
import { decodeText, rawField } from './record.ts';
import { recordType } from './record-types.ts';

/** The same array where nothing is left out. */
export function maskedRecords(bodies: readonly RecordBody[]): readonly RecordBody[] {
  if (!bodies.some(({ type, body }) => quotesCommands(type) && mayHoldAddress.test(body))) return bodies;
  const argv = maskedArgv(bodies);
  const first = bodies.findIndex(({ type }) => type === recordType.execve);
  return bodies.flatMap((record, index): readonly RecordBody[] => {
    const { type, body } = record;
    if (type === recordType.proctitle) return [{ type, body: maskedTitle(body) }];
    if (argv === null || type !== recordType.execve) return [record];
    // One for all: pieces of arguments have lengths beside them.
    return index === first ? [{ type, body: execveBody(argv) }] : [];
  });
}

const quotesCommands = (type: number) => type === recordType.execve || type === recordType.proctitle;

/** `mongo`, or its digits in hex. */
const mayHoldAddress = /mongo|6D6F6E676F/i;

/** null: there is nothing to leave out. */
function maskedArgv(bodies: readonly RecordBody[]): readonly BinaryString[] | null {
  const { argv } = readArgv(bodies.filter(({ type }) => type === recordType.execve).map(({ body }) => body));
  if (argv === null) return null;
  const masked = withoutOwnSecrets(argv);
  return masked === argv ? null : masked;
}

function execveBody(argv: readonly BinaryString[]): BinaryString {
  return [`argc=${argv.length}`, ...argv.map((word, index) => `a${index}=${encoded(word)}`)].join(' ');
}

/** As the kernel writes text that others chose (audit_log_untrustedstring). */
function encoded(text: BinaryString): BinaryString {
  return /^[!#-~]*$/.test(text) ? `"${text}"` : inHex(text);
}

const inHex = (text: BinaryString) => Buffer.from(text, 'latin1').toString('hex').toUpperCase();

/** As much as the kernel keeps of a command line (MAX_PROCTITLE_AUDIT_LEN in kernel/audit.h). */
const titleBytes = 128;

function maskedTitle(body: BinaryString): BinaryString {
  const raw = rawField(body, 'proctitle');
  const text = raw === undefined ? null : decodeText(raw);
  if (raw === undefined || text === null) return body;
  const words = text.split('\0');
  const masked = withoutOwnSecrets(words);
  const isCut = text.length >= titleBytes - 1;
  const last = masked.at(-1) ?? '';
  const whole =
    isCut && isOwnCommand(words) ? [...masked.slice(0, -1), withoutCutPassword(last, masked.at(-2))] : masked;
  const shown = whole.join('\0');
  return shown === text ? body : body.replace(raw, () => inHex(shown));
}

/** What was cut off in a password has no @ behind it. */
function withoutCutPassword(word: BinaryString, before = ''): BinaryString {
  const address = /^(.*mongodb(?:\+srv)?:\/\/[^:@/?]*:)(?!\*\*\*)[^@]*$/is;
  const bare = /^((?:--?mongo=)?[^:@/?]*:)(?!\*\*\*|\/\/)[^@]*$/s;
  if (address.test(word)) return word.replace(address, '$1***');
  return /^--?mongo$/.test(before) || /^--?mongo=/.test(word) ? word.replace(bare, '$1***') : word;
}
