/**
 * Shares equal texts and argument lists between processes: most processes of a host run few programs, but each
 * document brings its own copy. Bounded: when it is full it starts anew, which costs sharing and nothing else.
 */
export interface Interner {
  text(value: string): string;
  list(value: readonly string[]): readonly string[];
}

const longest = 512;

export function createInterner(limit = 50_000): Interner {
  const texts = new Map<string, string>();
  const lists = new Map<string, readonly string[]>();

  function shared<T>(known: Map<string, T>, name: string, value: T): T {
    if (name.length > longest) return value;
    const before = known.get(name);
    if (before !== undefined) return before;
    if (known.size >= limit) known.clear();
    known.set(name, value);
    return value;
  }

  return {
    text: (value) => shared(texts, value, value),
    list: (value) => shared(lists, `${value.length}\0${value.join('\0')}`, value),
  };
}
