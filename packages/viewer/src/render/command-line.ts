import { list, text } from './lenient.ts';
import type { Charset } from './screen.ts';
import { pieces } from './visible.ts';

/** One argument as a shell would have to be given it: bare, in single quotes, or as `$'…'` where it needs escapes. */
export function quoteArgument(argument: string, charset: Charset, hex?: unknown): string {
  const parts = pieces(argument, hex, charset);
  if (parts.some((part) => part.escaped)) {
    const body = parts.map((part) => (part.escaped ? part.text : part.text.replace(/[\\']/g, '\\$&'))).join('');
    return `$'${body}'`;
  }
  const whole = parts.map((part) => part.text).join('');
  if (/^[\p{L}\p{M}\p{N}_@%+=:,./-]+$/u.test(whole)) return whole;
  return `'${whole.replaceAll("'", "'\\''")}'`;
}

/**
 * The arguments, shell-quoted and joined by blanks; null when they are not known. Ends soon after `limit` characters:
 * an argument list may have megabytes, a cell has not.
 */
export function commandLine(argv: unknown, argvHex: unknown, charset: Charset, limit: number): string | null {
  if (!Array.isArray(argv)) return null;
  const hex = list(argvHex);
  const words: string[] = [];
  let length = 0;
  for (const [index, argument] of argv.entries()) {
    if (length > limit) {
      words.push(charset === 'unicode' ? '…' : '...');
      break;
    }
    const known = text(argument);
    // One argument alone may be longer than any screen.
    const cut = known !== null && known.length > limit * 4 ? known.slice(0, limit * 4) : known;
    const exact = text(hex[index]);
    const word =
      cut === null ? '?' : quoteArgument(cut, charset, exact === null ? undefined : exact.slice(0, limit * 8));
    words.push(word);
    length += word.length + 1;
  }
  return words.join(' ');
}
