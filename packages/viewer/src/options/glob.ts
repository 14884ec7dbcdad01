import { baseName } from '../base-name.ts';

/** A compiled pattern. Matching takes time proportional to pattern length × text length, whatever the pattern is. */
export interface Pattern {
  readonly source: string;
  /** True: without any special character, so that a store can look it up: a path, or a base name. */
  readonly exact: boolean;
  matches(text: string): boolean;
}

type Token =
  | { readonly kind: 'one'; accepts(character: string): boolean }
  | { readonly kind: 'star'; accepts(character: string): boolean }
  | { readonly kind: 'directories' };

const notSlash = (character: string) => character !== '/';
const anything = () => true;

/**
 * Shell-like pattern: `*` and `?` stay within a path segment, `**` crosses segments (and `**` followed by a slash also
 * stands for no segment at all), `[a-z]` and `[!a-z]` are sets, `\` takes the next character literally. A leading dot is
 * an ordinary character. A pattern without `/` is compared with the base name.
 */
export function compileGlob(source: string): Pattern {
  const tokens = tokenize([...source]);
  const onBaseName = !source.includes('/');
  return {
    source,
    exact: !/[*?[\\]/.test(source),
    matches: (text) => run(tokens, onBaseName ? baseName(text) : text),
  };
}

function tokenize(source: readonly string[]): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at] as string;
    const set = character === '[' ? readSet(source, at) : null;
    if (character === '*' && source[at + 1] === '*') {
      while (source[at + 1] === '*') at += 1;
      const startsSegment = tokens.length === 0 || endsWithSlash(tokens);
      if (startsSegment && source[at + 1] === '/') {
        at += 1;
        tokens.push({ kind: 'directories' });
      } else tokens.push({ kind: 'star', accepts: anything });
    } else if (character === '*') tokens.push({ kind: 'star', accepts: notSlash });
    else if (character === '?') tokens.push({ kind: 'one', accepts: notSlash });
    else if (set) {
      tokens.push({ kind: 'one', accepts: set.accepts });
      at = set.end;
    } else {
      if (character === '\\' && at + 1 < source.length) at += 1;
      const literal = source[at] as string;
      tokens.push({ kind: 'one', accepts: (other) => other === literal });
    }
  }
  return tokens;
}

function endsWithSlash(tokens: readonly Token[]): boolean {
  const last = tokens.at(-1);
  return last?.kind === 'directories' || (last?.kind === 'one' && last.accepts('/'));
}

/** Reads `[…]` that begins at `start`; null when it is not closed, and `[` is then an ordinary character. */
function readSet(
  source: readonly string[],
  start: number,
): { accepts(character: string): boolean; end: number } | null {
  const negated = source[start + 1] === '!' || source[start + 1] === '^';
  const first = start + (negated ? 2 : 1);
  const end = source.indexOf(']', first + 1);
  if (end < 0) return null;
  const ranges: [string, string][] = [];
  for (let at = first; at < end; at += 1) {
    const from = source[at] as string;
    const isRange = source[at + 1] === '-' && at + 2 < end;
    ranges.push([from, isRange ? (source[at + 2] as string) : from]);
    if (isRange) at += 2;
  }
  const within = (c: string) => ranges.some(([from, to]) => order(from) <= order(c) && order(c) <= order(to));
  return { accepts: (character) => character !== '/' && within(character) !== negated, end };
}

const order = (character: string) => character.codePointAt(0) ?? -1;

/** Follows all positions of the pattern at once, so that there is nothing to go back to. */
function run(tokens: readonly Token[], text: string): boolean {
  let positions = new Set<number>();
  const enter = (into: Set<number>, position: number) => {
    for (let at = position; ; at += 1) {
      into.add(at);
      const kind = tokens[at]?.kind;
      if (kind === undefined || kind === 'one') return;
    }
  };
  enter(positions, 0);
  for (const character of text) {
    const next = new Set<number>();
    for (const position of positions) {
      const token = tokens[position];
      if (!token) continue;
      if (token.kind === 'directories') {
        // Stays inside; what follows may begin only behind a slash.
        next.add(position);
        if (character === '/') enter(next, position + 1);
      } else if (token.accepts(character)) {
        if (token.kind === 'star') enter(next, position);
        else enter(next, position + 1);
      }
    }
    if (next.size === 0) return false;
    positions = next;
  }
  return positions.has(tokens.length);
}
