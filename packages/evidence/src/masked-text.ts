/**
 * Passwords in the addresses of databases, made unreadable wherever a text is kept or shown that may quote ours: command
 * lines above all. Pure, and without imports: the programs do this before anything else is loaded.
 */

const mask = '***';

/**
 * `mongodb://ann:secret@db/?proxyPassword=x` → `mongodb://ann:***@db/?proxyPassword=***`, anywhere in a text. An address ends
 * at a blank or a quote, but not before its @: passwords may hold quotes.
 */
export function withoutSecrets(text: string): string {
  if (!mayHoldAddress.test(text)) return text;
  return text
    .replace(
      /(mongodb(?:\+srv)?:\/{1,2})((?:\S{1,1024}@)?[^\s"'`<>]*)/gi,
      (_whole, scheme: string, rest: string) => scheme + maskedRest(rest),
    )
    .replace(
      /((?<![\w-])--?mongo[=\s]\s?)((?:\S{1,1024}@)?[^\s"'`<>]*)/g,
      (_whole, option: string, address: string) => option + maskedAddress(address),
    );
}

/** The words of a command line of ours. What is no address of a database, or has no password, stays as it is. */
export function maskedArguments(words: readonly string[]): readonly string[] {
  if (!words.some((word) => mayHoldAddress.test(word))) return words;
  return words.map((word, index) => maskedWord(word, words[index - 1] ?? ''));
}

/**
 * The words of any command line as they are kept as evidence, to the same array where nothing is left out: those of others
 * are kept whole, of godo's own programs the passwords are left out.
 */
export function withoutOwnSecrets(words: readonly string[]): readonly string[] {
  if (!words.some((word) => mayHoldAddress.test(word)) || !isOwnCommand(words)) return words;
  const masked = maskedArguments(words);
  return masked.every((word, index) => word === words[index]) ? words : masked;
}

/** Whether node runs one of our programs: what others call themselves hides nothing that a shell of theirs would do. */
export function isOwnCommand(words: readonly string[]): boolean {
  const [node = '', script = ''] = baseName(words[0] ?? '') === 'env' ? words.slice(1) : words;
  return baseName(node) === 'node' && ownProgram.test(script);
}

/** As a folder of programs, or the project itself, has them. */
const ownProgram = /(?:^|\/)(?:godo|(?:godo-)?(?:filter|viewer))(?:\.js)?$/;

const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1);

/** Whether an address, with its scheme or without, has a password, or what else of its options must stay secret. */
export function holdsSecret(address: string): boolean {
  return maskedAddress(address) !== address;
}

/** One address, whatever characters it has. */
export function maskedAddress(address: string): string {
  const [, scheme = '', rest = ''] = /^(mongodb(?:\+srv)?:\/{1,2})?(.*)$/is.exec(address) ?? [];
  return scheme + maskedRest(rest);
}

/** Options of a MongoDB URI whose values are keys and tokens. */
const secretOption = /((?:password|token|secret|authMechanismProperties)[a-z]{0,32}=)[^&]*/gi;

const mayHoldAddress = /mongo/i;

/** A word that is an address, or an option with one, is that to its end, blanks and quotes too. */
function maskedWord(word: string, before: string): string {
  if (before === '--mongo' || before === '-mongo') return maskedAddress(word);
  const [, option, address] = /^(--?mongo=|(?:--?[\w-]+=|\w+=)?(?=mongodb(?:\+srv)?:\/{1,2}))(.*)$/is.exec(word) ?? [];
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
