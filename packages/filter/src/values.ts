/**
 * What a field of a raw document may be trusted to be. Raw evidence comes from a database that others can write to:
 * a field of the wrong type counts as absent, and never ends the filter.
 */

/** The lowest number of 64 bits is taken by columns.ts. */
const lowestNs = -(2n ** 63n) + 1n;
const highestNs = 2n ** 63n - 1n;

/** Coarse stamps (audit's) lie up to one jiffy before the moment itself; the longest jiffy is 10 ms. */
export const coarseNs = 10_000_000n;

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A count, an id or a status: a whole number that is not negative. */
export function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** A moment in ns since the epoch that fits 64 bits, as every store keeps it and ISO text can show it. */
export function nsOf(value: unknown): bigint | null {
  return typeof value === 'bigint' && value >= lowestNs && value <= highestNs ? value : null;
}

export function textListOf(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  for (const item of value) if (typeof item !== 'string') return null;
  return value;
}

/** Exact bytes beside a list of texts: same length, null where the text says it all. */
export function hexListOf(value: unknown, length: number): readonly (string | null)[] | null {
  if (!Array.isArray(value) || value.length !== length) return null;
  for (const item of value) if (item !== null && typeof item !== 'string') return null;
  return value;
}

const deepest = 100;

/**
 * Whether a value of a document that passes through unchanged is one that every store keeps: a bigint is of 64 bits and
 * stands in a field named `…Ns`, as in all documents, and nothing is nested without end.
 */
export function isStorable(value: unknown, name = '', left = deepest): boolean {
  if (typeof value === 'bigint') return name.endsWith('Ns') && nsOf(value) !== null;
  if (typeof value !== 'object' || value === null) return true;
  if (left === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isStorable(item, '', left - 1));
  for (const key in value) if (!isStorable((value as Record<string, unknown>)[key], key, left - 1)) return false;
  return true;
}
