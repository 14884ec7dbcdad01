/**
 * Shares equal values between processes: most processes of a host run few programs under few users, but each document
 * brings its own copies. Bounded: when it is full it starts anew, which costs sharing and nothing else.
 */
export interface Interner {
  text(value: string): string;
  /**
   * The value that was first made under this name. The name must say all of the value, and its kind; values must never
   * be changed.
   */
  value<T extends object>(name: string, make: () => T): T;
}

const longest = 512;

export function createInterner(limit = 50_000): Interner {
  const texts = new Map<string, string>();
  const values = new Map<string, object>();

  function keep<T>(known: Map<string, T>, name: string, value: T): T {
    if (known.size >= limit) known.clear();
    known.set(name, value);
    return value;
  }

  return {
    text(value) {
      if (value.length > longest) return value;
      return texts.get(value) ?? keep(texts, value, value);
    },
    value<T extends object>(name: string, make: () => T): T {
      if (name.length > longest) return make();
      const known = values.get(name) as T | undefined;
      if (known !== undefined) return known;
      const made = make();
      keep<object>(values, name, made);
      return made;
    },
  };
}
