/**
 * How texts that others chose are shown to people; the only place where that is decided. All output of the three programs
 * goes through here: names by {@link visible}, sentences that quote something by {@link visibleSentence}, JSON by
 * {@link harmlessJson}.
 */

/** ascii: the locale can show nothing else. */
export type Charset = 'unicode' | 'ascii';

/**
 * Names and arguments come from the watched processes, who may be hostile. Everything a terminal would execute, reorder
 * or not show is made visible: control and format characters (escape sequences, bidirectional overrides, zero-width
 * characters), line separators, blanks that are not the space, unassigned and private characters, and more than four
 * combining marks on one character.
 */
const unsafe =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}|^\p{M}|(?<=\p{M}{4})\p{M}/u;
const unsafeEverywhere = new RegExp(unsafe, 'gu');
const printableAscii = /^[\x20-\x7e]*$/;

/** A run of characters that can be shown as they are, or one escape. */
export interface Piece {
  readonly text: string;
  readonly escaped: boolean;
}

/**
 * Splits a text into what can be shown and escapes in bash's `$'…'` form: `\n`, `\x1b` (a byte), `\u202e`. Where the
 * exact bytes are given in hex, a byte that is not UTF-8 is shown as that byte.
 */
export function pieces(text: string, hex: unknown, charset: Charset): Piece[] {
  const bytes = typeof hex === 'string' && /^(?:[0-9a-f]{2})+$/i.test(hex) ? Buffer.from(hex, 'hex') : null;
  if (bytes) return decode(bytes).flatMap((piece) => (piece.escaped ? [piece] : split(piece.text, charset)));
  return split(text, charset);
}

/** One line without anything a terminal acts on. A backslash of the text itself is doubled, so that nothing is ambiguous. */
export function visible(text: string, charset: Charset, hex?: unknown): string {
  if (hex === undefined && printableAscii.test(text) && !text.includes('\\')) return text;
  return pieces(text, hex, charset)
    .map((piece) => (piece.escaped ? piece.text : piece.text.replaceAll('\\', '\\\\')))
    .join('');
}

/**
 * A file name; blanks at its ends, which nobody would see, become `\x20`, and of several in a row all but the first: two
 * blanks end a name and begin what is said about it.
 */
export function visibleName(text: string, charset: Charset, hex?: unknown): string {
  return visible(text, charset, hex).replace(/^ +| +$|(?<= ) +/g, (blanks) => '\\x20'.repeat(blanks.length));
}

/** A sentence that quotes what somebody gave or wrote, on one line. Its backslashes are doubled as in {@link visible}. */
export function visibleSentence(sentence: string): string {
  return visible(sentence, 'unicode');
}

/** Lines that are ours but for what they quote (a stack trace, say): what a terminal acts on is shown, line feeds stay. */
export function visibleLines(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      split(line, 'unicode')
        .map((piece) => piece.text)
        .join(''),
    )
    .join('\n');
}

/**
 * What JSON leaves as it is but a terminal acts on or does not show, or that ends a line for some readers: DEL and the
 * control characters of the second kind, format characters (bidirectional, zero-width, tags), line separators.
 */
const acting = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const plainLine = /^[\x20-\x7e]*$/;

/** The same JSON for whoever parses it, and harmless where it is printed: such characters are written as `\uXXXX`. */
export function harmlessJson(json: string): string {
  if (plainLine.test(json)) return json;
  return json.replace(acting, (character) => character.replace(/[\s\S]/g, unitEscape));
}

function unitEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function split(text: string, charset: Charset): Piece[] {
  if (printableAscii.test(text)) return text === '' ? [] : [{ text, escaped: false }];
  const pattern = charset === 'ascii' ? /[^\x20-\x7e]/gu : unsafeEverywhere;
  const found: Piece[] = [];
  let shown = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > shown) found.push({ text: text.slice(shown, match.index), escaped: false });
    found.push({ text: escapeCharacter(match[0]), escaped: true });
    shown = match.index + match[0].length;
  }
  if (shown < text.length) found.push({ text: text.slice(shown), escaped: false });
  return found;
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (named[character]) return named[character];
  // \x is kept for bytes: above 0x7f it would be mistaken for one that is not UTF-8.
  if (code < 0x80) return byteEscape(code);
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}

function byteEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 where it is, single bytes where it is not. */
function decode(bytes: Buffer): Piece[] {
  const found: Piece[] = [];
  let run = '';
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] as number;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    try {
      run += strict.decode(bytes.subarray(at, at + length));
      at += length;
    } catch {
      if (run !== '') found.push({ text: run, escaped: false });
      run = '';
      found.push({ text: byteEscape(lead), escaped: true });
      at += 1;
    }
  }
  if (run !== '') found.push({ text: run, escaped: false });
  return found;
}
