/**
 * Reads fields of documents that may not be what their types say: the database is open to others. A field of another
 * type counts as unknown.
 */

export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** A finite number; bigints and other types are unknown. */
export function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A moment in ns since the Unix epoch. */
export function ns(value: unknown): bigint | null {
  return typeof value === 'bigint' ? value : null;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
