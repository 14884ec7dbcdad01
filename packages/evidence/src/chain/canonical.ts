/**
 * The digest of a document: SHA-256 over what every store, and the spool, gives back, in one form. Texts stand with their
 * length before them, so that no two documents have one form; what a document only repeats (ISO times, the opener as
 * its own writer) is not in it.
 */

import { hash } from 'node:crypto';
import { holdsBigint } from '../json.ts';
import { isoTime } from '../moment.ts';
import type { RawEntry } from '../raw-documents.ts';
import { type Digest, sessionDigest } from './session-digest.ts';

export function digestOf(entry: RawEntry): Digest {
  if ('session' in entry) return sessionDigest(entry.session, entry.collection);
  return hash('sha256', canonicalText(entry), 'binary');
}

function canonicalText(entry: Exclude<RawEntry, { session: unknown }>): string {
  if ('observation' in entry) return `pids${canonicalDocument(entry.observation)}`;
  const { collection, document } = entry;
  return collection + canonicalDocument(collection === 'pids' ? withoutIso(document) : document);
}

export function hexOf(digest: Digest): string {
  return Buffer.from(digest, 'latin1').toString('hex');
}

/** A document with its fields in the order of their names; those without a value are left out. */
export function canonicalDocument(document: object): string {
  return fieldsText(document as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsText(fields: Fields): string {
  let result = '{';
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name];
    if (value !== undefined) result += `${name.length}:${name}${valueText(value, holdsBigint(name))}`;
  }
  return `${result}}`;
}

const decimal = /^-?\d+$/;

/** @param isTime a text of digits is a time there: stores that keep JSON give a bigint for it. */
function valueText(value: unknown, isTime: boolean): string {
  switch (typeof value) {
    case 'string':
      return isTime && decimal.test(value) ? `b${BigInt(value)};` : `s${value.length}:${value}`;
    case 'bigint':
      return `b${value};`;
    case 'number':
      return Number.isFinite(value) ? `n${value};` : 'z';
    case 'boolean':
      return value ? 't' : 'f';
    case 'object':
      if (value === null) return 'z';
      if (!Array.isArray(value)) return fieldsText(value as Fields);
      return `[${value.map((item) => valueText(item, false)).join('')}]`;
    default:
      return 'z';
  }
}

const isoFields = [
  ['timeNs', 'time'],
  ['startNs', 'start'],
] as const;

/** An observation of a task: the same without the ISO texts, where these say what they should. */
function withoutIso(document: object): object {
  const copy: Record<string, unknown> = { ...document };
  for (const [ns, iso] of isoFields) {
    const timeNs = copy[ns];
    const expected = typeof timeNs === 'bigint' ? (timeNs < 0n ? undefined : isoTime(timeNs)) : timeNs;
    if (copy[iso] === expected) delete copy[iso];
  }
  return copy;
}
