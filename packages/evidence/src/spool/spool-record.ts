/**
 * Batches of raw evidence as bytes of a file that is only appended to, with a checksum each: what was cut off or damaged
 * is noticed, and what stands behind it is found again.
 *
 * Little-endian: 4 bytes mark, u32 documents, u32 bytes of the payload, 32 bytes SHA-256 of the two numbers and the payload,
 * the payload: lines of JSON, deflated.
 */

import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { fileSessionDocument, fileSessionOf, type ShareOrigin } from '../file-session.ts';
import { documentFromJson, documentToJson } from '../json.ts';
import {
  type FileSessionDocument,
  type RawCollection,
  type RawEntry,
  rawCollections,
  type TaskObservation,
} from '../raw-documents.ts';
import { originSharer } from '../session-batch.ts';

const mark = Buffer.from('gdsp', 'latin1');
const at = { documents: 4, bytes: 8, checksum: 12, payload: 44 } as const;
/** More than the largest batch of the largest documents; a damaged length must not take memory. */
const mostBytes = 256 * 1024 * 1024;

/** Speed before size: this runs while the database is away and the host is busy. */
const level = 1;

export function spoolRecord(entries: readonly RawEntry[]): Buffer {
  const lines = entries.map((entry) => `${entry.collection}\t${documentToJson(contentOf(entry))}\n`).join('');
  const payload = deflateRawSync(lines, { level });
  const record = Buffer.alloc(at.payload + payload.length);
  mark.copy(record);
  record.writeUInt32LE(entries.length, at.documents);
  record.writeUInt32LE(payload.length, at.bytes);
  payload.copy(record, at.payload);
  checksum(record).copy(record, at.checksum);
  return record;
}

export interface SpooledBatch {
  readonly kind: 'batch';
  readonly entries: readonly RawEntry[];
  /** Lines of it that are no raw evidence. */
  readonly unusable: number;
  /** Where the next one begins. */
  readonly end: number;
}

/** Bytes that are no record of ours, up to the next one, or to the end. */
export interface SpoolDamage {
  readonly kind: 'damage';
  readonly end: number;
}

/**
 * What one segment may cost beside what is whole in it. Each head that only looks like one has as much hashed as it says:
 * where somebody wrote a segment full of them, that would take hours.
 */
export class SpoolSearch {
  /** Bytes that may still be hashed for nothing. Then nothing more is found. */
  left = 1024 * 1024 * 1024;
}

/** What stands at `start`; null at the end. Documents of one run share its origin, as those of `share` do. */
export function readSpool(
  bytes: Buffer,
  start: number,
  search: SpoolSearch = new SpoolSearch(),
  share: ShareOrigin = originSharer(),
): SpooledBatch | SpoolDamage | null {
  if (start >= bytes.length) return null;
  const length = recordLength(bytes, start, search);
  const batch = length === null ? null : batchOf(bytes.subarray(start, start + length), share);
  if (length !== null && batch !== null) return { kind: 'batch', ...batch, end: start + length };
  let next = bytes.indexOf(mark, start + 1);
  while (next >= 0 && recordLength(bytes, next, search) === null) next = bytes.indexOf(mark, next + 1);
  return { kind: 'damage', end: next < 0 ? bytes.length : next };
}

/** null: no whole record with the right checksum begins there. */
function recordLength(bytes: Buffer, start: number, search: SpoolSearch): number | null {
  if (bytes.length - start < at.payload || bytes.compare(mark, 0, mark.length, start, start + mark.length) !== 0) {
    return null;
  }
  const length = bytes.readUInt32LE(start + at.bytes);
  if (length > bytes.length - start - at.payload || search.left < 0) return null;
  const record = bytes.subarray(start, start + at.payload + length);
  if (checksum(record).equals(record.subarray(at.checksum, at.payload))) return record.length;
  search.left -= record.length;
  return null;
}

function checksum(record: Buffer): Buffer {
  return createHash('sha256')
    .update(record.subarray(at.documents, at.checksum))
    .update(record.subarray(at.payload))
    .digest();
}

function batchOf(record: Buffer, share: ShareOrigin): Pick<SpooledBatch, 'entries' | 'unusable'> | null {
  let text: string;
  try {
    text = inflateRawSync(record.subarray(at.payload), { maxOutputLength: mostBytes }).toString('utf8');
  } catch {
    return null;
  }
  const entries: RawEntry[] = [];
  let unusable = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const entry = entryOf(line, share);
    if (entry === null) unusable += 1;
    else entries.push(entry);
  }
  return { entries, unusable };
}

function contentOf(entry: RawEntry): object {
  if ('session' in entry) return fileSessionDocument(entry.session);
  return 'observation' in entry ? entry.observation : entry.document;
}

const collections: ReadonlySet<string> = new Set(rawCollections);

function entryOf(line: string, share: ShareOrigin): RawEntry | null {
  const tab = line.indexOf('\t');
  const collection = line.slice(0, Math.max(tab, 0)) as RawCollection;
  if (!collections.has(collection)) return null;
  let content: object;
  try {
    content = documentFromJson(line.slice(tab + 1));
  } catch {
    return null;
  }
  if (collection === 'files' || collection === 'fds') {
    const session = fileSessionOf(content as FileSessionDocument, share);
    return session === null ? null : { collection, session };
  }
  if (typeof (content as { _id?: unknown })._id !== 'string') return null;
  if (collection === 'pids') return { collection, observation: content as TaskObservation };
  return { collection, document: content } as RawEntry;
}
