/** What changed the content of a session's file beside writes: other calls, and stores through shared mappings. */

import { type Instant, instantOfNs, nsOfInstant } from './instant.ts';
import { isoTime } from './moment.ts';
import type { ContentChange, ProcessKey, SharedMapping } from './raw-documents.ts';

/** Fields as in {@link ContentChange}. */
export interface SessionChange {
  readonly key: ProcessKey;
  readonly count: number;
  readonly first: Instant;
  readonly last: Instant;
}

/** Fields as in {@link SharedMapping}. */
export interface SessionMapping {
  readonly count: number;
  readonly first: Instant;
  readonly last: Instant;
  readonly writable: boolean;
  readonly keys: readonly ProcessKey[];
  readonly written: boolean | null;
  readonly unknownBecause: string | null;
}

interface Used {
  readonly key: ProcessKey;
  readonly writers: readonly { readonly key: ProcessKey }[] | null;
  readonly changes?: readonly { readonly key: ProcessKey }[] | null;
  readonly mapped?: { readonly keys: readonly ProcessKey[] } | null;
}

/** Who used the file of a session beside its opener: wrote to it, changed it in another way, or mapped it. Each once. */
export function usersBesideOpener({ key, writers, changes, mapped }: Used): readonly ProcessKey[] {
  if (writers === null && changes == null && mapped == null) return [];
  const users = new Set<ProcessKey>();
  for (const writer of writers ?? []) users.add(writer.key);
  for (const change of changes ?? []) users.add(change.key);
  for (const mapper of mapped?.keys ?? []) users.add(mapper);
  users.delete(key);
  return [...users];
}

export function contentChange({ key, count, first, last }: SessionChange): ContentChange {
  return { key, count, ...spanOf(first, last) };
}

export function sharedMapping(mapping: SessionMapping): SharedMapping {
  const { count, first, last, writable, keys, written, unknownBecause } = mapping;
  const reason = unknownBecause === null ? {} : { unknownBecause };
  return { count, ...spanOf(first, last), writable, keys, written, ...reason };
}

function spanOf(first: Instant, last: Instant) {
  const [firstNs, lastNs] = [nsOfInstant(first), nsOfInstant(last)];
  return { firstNs, first: isoTime(firstNs), lastNs, last: isoTime(lastNs) };
}

/** The reverse of {@link contentChange}. */
export function sessionChange({ key, count, firstNs, lastNs }: ContentChange): SessionChange {
  return { key, count, first: instantOfNs(firstNs), last: instantOfNs(lastNs) };
}

/** The reverse of {@link sharedMapping}. */
export function sessionMapping(mapping: SharedMapping): SessionMapping {
  const { count, firstNs, lastNs, writable, keys, written, unknownBecause = null } = mapping;
  return { count, first: instantOfNs(firstNs), last: instantOfNs(lastNs), writable, keys, written, unknownBecause };
}

type Unknown<T> = { readonly [K in keyof T]?: unknown };

/** The content of a database is not trusted. */
export function areContentChanges(value: unknown): value is readonly ContentChange[] {
  return (
    Array.isArray(value) && value.every((one) => isSpan(one) && typeof (one as { key?: unknown }).key === 'string')
  );
}

export function isSharedMapping(value: unknown): value is SharedMapping {
  if (!isSpan(value)) return false;
  const { writable, keys, written, unknownBecause } = value as Unknown<SharedMapping>;
  return (
    typeof writable === 'boolean' &&
    Array.isArray(keys) &&
    keys.every((key) => typeof key === 'string') &&
    (written === null || typeof written === 'boolean') &&
    (unknownBecause === undefined || typeof unknownBecause === 'string')
  );
}

function isSpan(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { count, firstNs, lastNs } = value as Unknown<ContentChange>;
  return Number.isSafeInteger(count) && isTime(firstNs) && isTime(lastNs);
}

/** Up to the year 2262, where 64 bits end. */
export function isTime(value: unknown): value is bigint {
  return typeof value === 'bigint' && value >= 0n && value < 1n << 63n;
}
