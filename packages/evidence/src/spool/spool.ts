/**
 * A folder of segments in which batches of raw evidence wait for a database that is slow or away, in their order, also from
 * one run of the listener to the next. A segment is removed when the database has taken all of it.
 *
 * Durability: what `append` has taken outlives the end of the process, however it comes. It is flushed to the disk once a
 * second, and when a segment is full: a power failure takes a second of it at most.
 */

import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { RawEntry } from '../raw-documents.ts';
import { makeDirectory } from '../sqlite/files.ts';
import { reasonOf } from '../store-error.ts';
import { readSegment, removeSegment, type SegmentContent } from './segment-file.ts';
import { readSpool, type SpooledBatch, SpoolSearch, spoolRecord } from './spool-record.ts';

/** A segment is closed when it has so many bytes. */
const segmentBytes = 8 * 1024 * 1024;
const flushMs = 1_000;

/** Sessions of files that were opened for reading alone go first where there is no room for all. */
const kinds = ['main', 'read'] as const;
type Kind = (typeof kinds)[number];

interface Segment {
  readonly kind: Kind;
  readonly number: number;
  readonly path: string;
  bytes: number;
  /** null: of an earlier run, not read yet. */
  documents: number | null;
}

interface Reading extends SegmentContent {
  readonly segment: Segment;
  readonly search: SpoolSearch;
  at: number;
}

export interface SpoolOptions {
  readonly directory: string;
  /** Bytes that all segments may have together. */
  readonly mostBytes: number;
  /** A whole segment was removed because there was no room: so many documents (null: not known) are lost. */
  readonly dropped: (documents: number | null) => void;
  /** So many bytes of a segment could not be read: what they held is lost. */
  readonly damaged: (path: string, bytes: number) => void;
  /** A segment could not be read at all. It is left where it is, for the next run to try again. */
  readonly unreadable: (path: string, reason: string) => void;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #segments: Record<Kind, Segment[]> = { main: [], read: [] };
  /** The last segment of each kind, while it is written to. */
  readonly #writing: Partial<Record<Kind, number>> = {};
  /** The segment that is read, and how far it was taken. */
  #reading: Reading | null = null;
  /** Where a batch was read. */
  readonly #given = new WeakMap<SpooledBatch, Reading>();
  #next = 1;
  #flushing: NodeJS.Timeout | null = null;

  /** The folder (0700) is made when it is needed. What an earlier run left in it waits already. */
  constructor(options: SpoolOptions) {
    this.#options = options;
    for (const name of existsSync(options.directory) ? readdirSync(options.directory) : []) {
      const match = /^(main|read)-(\d{12,15})\.spool$/.exec(name);
      if (match === null) continue;
      const path = join(options.directory, name);
      const { size, blocks } = lstatSync(path);
      // A size that takes no room must not drive out what does.
      const segment = { kind: match[1] as Kind, number: Number(match[2]), path, bytes: Math.min(size, blocks * 512) };
      this.#segments[segment.kind].push({ ...segment, documents: null });
      this.#next = Math.max(this.#next, segment.number + 1);
    }
    for (const kind of kinds) this.#segments[kind].sort((left, right) => left.number - right.number);
  }

  get isEmpty(): boolean {
    return kinds.every((kind) => this.#segments[kind].length === 0);
  }

  get bytes(): number {
    return kinds.reduce((sum, kind) => sum + this.#segments[kind].reduce((all, { bytes }) => all + bytes, 0), 0);
  }

  /**
   * Takes a batch, all or nothing.
   *
   * @throws the file system's error where it has no room, after what can go has gone.
   */
  append(entries: readonly RawEntry[]): void {
    const isRead = (entry: RawEntry) => 'session' in entry && entry.session.access === 'read';
    const reads = entries.filter(isRead);
    if (reads.length === 0 || reads.length === entries.length) {
      this.#append(reads.length === 0 ? 'main' : 'read', entries);
      return;
    }
    // Should the second fail, the caller gives both again: documents are taken once, by their ids.
    this.#append(
      'main',
      entries.filter((entry) => !isRead(entry)),
    );
    this.#append('read', reads);
  }

  /** The batch that waits longest, until {@link taken} is called; null: nothing waits. */
  oldest(): SpooledBatch | null {
    for (;;) {
      const reading = this.#reading ?? this.#open();
      if (reading === null) return null;
      const found = readSpool(reading.bytes, reading.at, reading.search);
      if (found?.kind === 'batch') {
        this.#given.set(found, reading);
        return found;
      }
      if (found === null) {
        if (reading.beyond > 0) this.#options.damaged(reading.segment.path, reading.beyond);
        this.#remove(reading.segment);
        continue;
      }
      this.#options.damaged(reading.segment.path, found.end - reading.at);
      reading.at = found.end;
    }
  }

  /** The database has taken the batch that {@link oldest} gave. */
  taken(batch: SpooledBatch): void {
    const reading = this.#reading;
    // Its segment may have been dropped meanwhile: then the end is none of the next one's.
    if (reading === null || this.#given.get(batch) !== reading) return;
    reading.at = batch.end;
    if (reading.at >= reading.bytes.length && reading.beyond === 0) this.#remove(reading.segment);
  }

  /** Flushes everything to the disk. */
  close(): void {
    if (this.#flushing !== null) clearTimeout(this.#flushing);
    this.#flushing = null;
    for (const kind of kinds) this.#closeWriting(kind);
  }

  #append(kind: Kind, entries: readonly RawEntry[]): void {
    const record = spoolRecord(entries);
    while (this.bytes + record.length > this.#options.mostBytes && this.#drop());
    for (;;) {
      try {
        this.#write(kind, record, entries.length);
        return;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if ((code !== 'ENOSPC' && code !== 'EDQUOT') || !this.#drop('read')) throw error;
      }
    }
  }

  #write(kind: Kind, record: Buffer, documents: number): void {
    const segment = this.#segmentToWrite(kind);
    const fd = this.#writing[kind] as number;
    let written = 0;
    try {
      while (written < record.length) {
        written += writeSync(fd, record, written, record.length - written, segment.bytes + written);
      }
    } catch (error) {
      // Half a record is none: what comes next must not stand behind it.
      ftruncateSync(fd, segment.bytes);
      if (segment.bytes === 0) this.#remove(segment);
      throw error;
    }
    segment.bytes += record.length;
    segment.documents = (segment.documents ?? 0) + documents;
    if (segment.bytes >= segmentBytes) this.#closeWriting(kind);
    else this.#flushing ??= setTimeout(() => this.#flush(), flushMs).unref();
  }

  #segmentToWrite(kind: Kind): Segment {
    const last = this.#segments[kind].at(-1);
    if (this.#writing[kind] !== undefined && last !== undefined) return last;
    makeDirectory(this.#options.directory);
    const number = this.#next;
    const path = join(this.#options.directory, `${kind}-${String(number).padStart(12, '0')}.spool`);
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    this.#writing[kind] = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    this.#next += 1;
    const segment = { kind, number, path, bytes: 0, documents: 0 };
    this.#segments[kind].push(segment);
    return segment;
  }

  /** Main evidence first; a segment that is still written to is closed for it. */
  #open(): Reading | null {
    for (const kind of kinds) {
      for (;;) {
        const [segment] = this.#segments[kind];
        if (segment === undefined) break;
        try {
          if (this.#segments[kind].length === 1) this.#closeWriting(kind);
          this.#reading = { ...readSegment(segment.path), segment, search: new SpoolSearch(), at: 0 };
          return this.#reading;
        } catch (error) {
          this.#forget(segment);
          this.#options.unreadable(segment.path, reasonOf(error));
        }
      }
    }
    return null;
  }

  /** Removes the segment that can be missed most. False where there is none, or none of this kind. */
  #drop(only?: Kind): boolean {
    const segment = this.#segments.read[0] ?? (only === 'read' ? undefined : this.#segments.main[0]);
    if (segment === undefined) return false;
    this.#remove(segment);
    this.#options.dropped(segment.documents);
    return true;
  }

  #remove(segment: Segment): void {
    if (this.#segments[segment.kind].at(-1) === segment) this.#closeWriting(segment.kind);
    this.#forget(segment);
    removeSegment(segment.path);
  }

  #forget(segment: Segment): void {
    const segments = this.#segments[segment.kind];
    segments.splice(segments.indexOf(segment), 1);
    if (this.#reading?.segment === segment) this.#reading = null;
  }

  #closeWriting(kind: Kind): void {
    const fd = this.#writing[kind];
    if (fd === undefined) return;
    delete this.#writing[kind];
    try {
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Not waited for: a disk that hangs must not hold who writes. */
  #flush(): void {
    this.#flushing = null;
    for (const kind of kinds) {
      const fd = this.#writing[kind];
      if (fd !== undefined) fdatasync(fd, () => undefined);
    }
  }
}
