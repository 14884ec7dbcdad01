/**
 * Passwords in the addresses of databases, made unreadable wherever a text is kept or shown that may quote ours: command
 * lines above all. Pure, and without imports: the programs do this before anything else is loaded.
 */

const mask = '***';

/** `mongodb://ann:secret@db/?proxyPassword=x` → `mongodb://ann:***@db/?proxyPassword=***`, anywhere in a text. */
export function withoutSecrets(text: string): string {
  if (!mayHoldAddress.test(text)) return text;
  return text
    .replace(
      /(mongodb(?:\+srv)?:\/\/)([^\s"'`<>]*)/gi,
      (_whole, scheme: string, rest: string) => scheme + maskedRest(rest),
    )
    .replace(
      /((?<![\w-])--?mongo[=\s]\s*)([^\s"'`<>]*)/g,
      (_whole, option: string, address: string) => option + maskedAddress(address),
    );
}

/** The words of a command line. What is no address of a database, or has no password, stays as it is. */
export function maskedArguments(words: readonly string[]): readonly string[] {
  if (!words.some((word) => mayHoldAddress.test(word))) return words;
  return words.map((word, index) => maskedWord(word, words[index - 1] ?? ''));
}

/**
 * The words of any command line as they are kept as evidence: those of others are kept whole, of godo's own programs, whoever
 * starts them, the passwords are left out.
 */
export function withoutOwnSecrets(words: readonly string[]): readonly string[] {
  return words.some((word) => mayHoldAddress.test(word)) && words.some(namesOwnProgram)
    ? maskedArguments(words)
    : words;
}

/** Whether a word, or one within it, is called as one of godo's programs, or sets what they read. */
export function namesOwnProgram(text: string): boolean {
  return ownProgram.test(text);
}

/** Whether an address, with its scheme or without, has a password, or what else of its options must stay secret. */
export function holdsSecret(address: string): boolean {
  return maskedAddress(address) !== address;
}

/** One address, whatever characters it has. */
export function maskedAddress(address: string): string {
  const [, scheme = '', rest = ''] = /^(mongodb(?:\+srv)?:\/\/)?(.*)$/is.exec(address) ?? [];
  return scheme + maskedRest(rest);
}

/** Options of a MongoDB URI whose values are keys and tokens. */
const secretOption = /((?:password|token|secret|authMechanismProperties)[a-z]{0,32}=)[^&]*/gi;

const ownProgram =
  /(?:^|[\s/"'=;&|(`])(?:(?:godo|godo-filter|godo-viewer|filter|viewer)(?:\.js)?(?=$|[\s"';&|)`])|GODO_DB=)/;

const mayHoldAddress = /mongo/i;

/** A word that is an address, or an option with one, is that to its end, blanks and quotes too. */
function maskedWord(word: string, before: string): string {
  if (before === '--mongo' || before === '-mongo') return maskedAddress(word);
  const [, option, address] = /^(--?mongo=|(?:--?[\w-]+=|\w+=)?(?=mongodb(?:\+srv)?:\/\/))(.*)$/is.exec(word) ?? [];
  if (option === undefined || address === undefined) return withoutSecrets(word);
  return option + maskedAddress(address);
}

/** The last @ ends a password: an unescaped one belongs to it more likely than to a host. */
function maskedRest(rest: string): string {
  const hidden = rest.includes('@') ? rest.replace(/^([^:@]*:).*@/s, `$1${mask}@`) : maskedWithoutHost(rest);
  return hidden.replace(secretOption, `$1${mask}`);
}

/** Where the @ was forgotten, what should be a port is none. */
function maskedWithoutHost(rest: string): string {
  return rest.replace(/^([^:[\]/?]+:)(?!\d{0,5}(?:[,/?]|$)).+$/s, `$1${mask}`);
}
