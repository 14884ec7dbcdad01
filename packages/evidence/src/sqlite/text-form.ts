/**
 * Texts as the tables keep them. SQLite's interfaces end a text at U+0000 and take UTF-8 only, so the rare text with
 * U+0000 or half a surrogate pair is kept as JSON behind a prefix.
 */

const prefix = 'json:';

// biome-ignore lint/suspicious/noControlCharactersInRegex: U+0000 is what is looked for
const unfit = /[\u0000\ud800-\udfff]/;

/** Surrogates in pairs are UTF-8 enough, but telling them apart costs more than their few texts do. */
export function storedText(text: string): string {
  return unfit.test(text) || text.startsWith(prefix) ? prefix + JSON.stringify(text) : text;
}

/** @throws SyntaxError where the text is not one that {@link storedText} made. */
export function originalText(stored: string): string {
  // Columns hold what they like.
  if (typeof stored !== 'string') throw new SyntaxError('a text is a text');
  if (!stored.startsWith(prefix)) return stored;
  const text: unknown = JSON.parse(stored.slice(prefix.length));
  if (typeof text !== 'string') throw new SyntaxError('a text is a JSON string');
  return text;
}

/**
 * An id or a process key without the boot id that most begin with: `:` and the rest for those, `=` and the whole for
 * others, so that it never looks like a number.
 */
export function relativeTo(bootId: string, text: string): string {
  const stored =
    text.startsWith(bootId) && text.charCodeAt(bootId.length) === colon ? text.slice(bootId.length) : `=${text}`;
  return storedText(stored);
}

/** What {@link relativeTo} was given. @throws SyntaxError for what it did not make. */
export function absoluteTo(bootId: string, stored: string): string {
  const text = originalText(stored);
  if (text.charCodeAt(0) === colon) return bootId + text;
  if (text.charCodeAt(0) === equalsSign) return text.slice(1);
  throw new SyntaxError('an id begins with : or =');
}

const colon = 0x3a;
const equalsSign = 0x3d;
