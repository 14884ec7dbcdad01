/**
 * Field names that come from the evidence (in `data`, `labels` and `counters`) as MongoDB can keep them. Dots and dollar
 * signs mean something in field names there, and FerretDB refuses dots: `%`, `.`, `$` and U+0000 are written as `%25`,
 * `%2E`, `%24` and `%00`, and read back. Numbers that are not finite become null, as in JSON.
 */

type Fields = Readonly<Record<string, unknown>>;

const openFields = ['data', 'labels', 'counters'] as const;

/** The document with its names written so; the same object where nothing had to be. */
export function withStorableNames<D extends object>(document: D): D {
  return mapOpenFields(document, storable);
}

/** The document with the names that {@link withStorableNames} was given. Changes the object. */
export function withOriginalNames<D extends object>(document: D): D {
  return mapOpenFields(document, original);
}

function mapOpenFields<D extends object>(document: D, map: (value: unknown) => unknown): D {
  let result = document as Fields;
  for (const field of openFields) {
    const value = result[field];
    if (typeof value !== 'object' || value === null) continue;
    const mapped = map(value);
    if (mapped !== value) result = { ...result, [field]: mapped };
  }
  return result as D;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: U+0000 ends a name in BSON
const special = /[%.$\u0000]/g;

function storable(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return mapNode(value, storable, (name) =>
    name.replace(special, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`),
  );
}

function original(value: unknown): unknown {
  return mapNode(value, original, (name) =>
    name.includes('%')
      ? name.replace(/%(25|2E|24|00)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
      : name,
  );
}

const plain = { enumerable: true, configurable: true, writable: true } as const;

function mapNode(value: unknown, mapValue: (value: unknown) => unknown, mapName: (name: string) => string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map(mapValue);
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  let changed = false;
  const fields: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const newName = mapName(name);
    const newItem = mapValue(item);
    if (newName !== name || newItem !== item) changed = true;
    // An assignment to this one would make it the prototype.
    if (newName === '__proto__') Object.defineProperty(fields, newName, { ...plain, value: newItem });
    else fields[newName] = newItem;
  }
  return changed ? fields : value;
}
