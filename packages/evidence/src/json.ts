/**
 * Documents as JSON and back without loss: a bigint, which only fields named `…Ns` hold, is a string of decimal digits
 * in JSON, for 64 bits do not fit the numbers of most readers.
 */

/**
 * One line of JSON, without a line end.
 *
 * @throws TypeError where a field not named `…Ns` holds a bigint: it would not be read back as one.
 */
export function documentToJson(document: object): string {
  // A replacer function would be called for every key; copying only what holds a bigint is twice as fast.
  return JSON.stringify(withDigits(document));
}

/**
 * The document that {@link documentToJson} wrote.
 *
 * @throws SyntaxError
 */
export function documentFromJson<D extends object = object>(text: string): D {
  const document: unknown = JSON.parse(text);
  if (typeof document !== 'object' || document === null) throw new SyntaxError('a document is a JSON object');
  restoreBigints(document);
  return document as D;
}

type Node = Record<string, unknown> | unknown[];

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

/** Whether a name ends in `Ns`. */
export function holdsBigint(name: string): boolean {
  const end = name.length - 1;
  return name.charCodeAt(end) === 0x73 && name.charCodeAt(end - 1) === 0x4e;
}

/**
 * The same object, or a copy with digits for bigints where it holds some.
 *
 * @throws TypeError as {@link documentToJson}.
 */
export function withDigits<T extends object>(value: T): T {
  if (Array.isArray(value)) {
    let list: unknown[] = value;
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index];
      if (typeof item === 'bigint') throw new TypeError('a list of a document holds a bigint');
      if (!isNode(item)) continue;
      const changed = withDigits(item);
      if (changed === item) continue;
      if (list === value) list = value.slice();
      list[index] = changed;
    }
    return list as T;
  }
  let copy = value as Record<string, unknown>;
  const original = copy;
  for (const name in original) {
    const item = original[name];
    let changed: unknown;
    if (typeof item === 'bigint') {
      if (!holdsBigint(name)) throw new TypeError(`field ${name} holds a bigint, and its name does not end in Ns`);
      changed = item.toString();
    } else if (isNode(item)) {
      changed = withDigits(item);
      if (changed === item) continue;
    } else {
      continue;
    }
    if (copy === original) copy = { ...original };
    copy[name] = changed;
  }
  return copy as T;
}

/** Many thousands of digits are no time, and take their time to be read. */
const decimal = /^-?\d{1,1000}$/;

/** Lists and objects within one another: none of ours comes near it, and whoever walks them has a stack. */
const deepest = 100;

/**
 * Makes bigints of the digits that {@link withDigits} left, in the object itself.
 *
 * @throws SyntaxError where lists and objects are nested deeper than any document's.
 */
export function restoreBigints(value: object): void {
  restoreIn(value as Node, deepest);
}

function restoreIn(value: Node, left: number): void {
  if (left === 0) throw new SyntaxError('it is nested too deeply');
  if (Array.isArray(value)) {
    for (const item of value) if (isNode(item)) restoreIn(item, left - 1);
    return;
  }
  for (const name in value) {
    const item = value[name];
    if (typeof item === 'string') {
      if (holdsBigint(name) && decimal.test(item)) value[name] = BigInt(item);
    } else if (isNode(item)) {
      restoreIn(item, left - 1);
    }
  }
}
