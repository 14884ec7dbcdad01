/** A file session while it is open: what travels to the store, and what keeps it open. */

import {
  type ClosedBy,
  type FileSession,
  fileSessionId,
  type Instant,
  type RunOrigin,
  type SessionChange,
  type SessionMapping,
  type SessionWriter,
  truncates,
  type WriteTotals,
} from '@godo/evidence';
import type { DescriptorTable } from './descriptor-table.ts';

/** What an open call, or the snapshot, told of a file. */
export interface Opened {
  readonly id: string | number;
  readonly path: string | null;
  readonly pathHex: string | null;
  readonly pathResolved: boolean;
  readonly dirfd: number | null;
  readonly dev: string | null;
  readonly inode: string | null;
  readonly fileType: FileSession['fileType'];
  readonly flags: number | null;
  readonly access: FileSession['access'];
  readonly created: boolean;
  readonly comm: string | null;
  readonly exe: string | null;
  readonly openedBefore: boolean;
  readonly opened: Instant;
  readonly warnings: readonly string[] | null;
  readonly foundMs?: number;
}

/** By whom, and under which number. */
export interface Opener {
  readonly origin: RunOrigin;
  readonly key: string;
  readonly tgid: number;
  readonly containerId: string | null;
  readonly fd: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One class for all of them, filled in one order: the store reads millions. */
export class TrackedSession implements FileSession {
  readonly origin: RunOrigin;
  readonly id: string | number;
  path: string | null;
  pathHex: string | null;
  pathResolved: boolean;
  dirfd: number | null;
  dev: string | null;
  inode: string | null;
  readonly fileType: FileSession['fileType'];
  readonly flags: number | null;
  readonly access: FileSession['access'];
  readonly created: boolean;
  readonly key: string;
  readonly pid: number;
  readonly tgid: number;
  readonly fd: number;
  readonly comm: string | null;
  readonly exe: string | null;
  readonly containerId: string | null;
  readonly openedBefore: boolean;
  readonly opened: Instant;
  closed: Instant | null = null;
  closedBy: ClosedBy | null = null;
  readonly writes: Mutable<WriteTotals> = { count: 0, bytes: 0, first: null, last: null };
  writers: Mutable<SessionWriter>[] | null = null;
  changes: Mutable<SessionChange>[] | null = null;
  mapped: Mutable<SessionMapping> | null = null;
  warnings: readonly string[] | null;
  readonly checkpoint = null;

  /** How many descriptors refer to it. */
  references = 0;
  /** ms at which /proc was found to show it; null: a call told of it, or the snapshot. */
  readonly foundMs: number | null;
  /** What /proc showed was not what had been written to. */
  refuted = false;
  /** In which turn (see OpenFileSessions) it changed first after it was written down last; 0: it has not since. */
  unwrittenSince = 0;
  /** Latest moment at which a descriptor of it was given up, how, and by which process's table. */
  released: Instant;
  releasedBy: ClosedBy | null = null;
  releasedFrom: DescriptorTable | null = null;

  constructor(what: Opened, who: Opener) {
    this.origin = who.origin;
    this.id = what.id;
    this.path = what.path;
    this.pathHex = what.pathHex;
    this.pathResolved = what.pathResolved;
    this.dirfd = what.dirfd;
    this.dev = what.dev;
    this.inode = what.inode;
    this.fileType = what.fileType;
    this.flags = what.flags;
    this.access = what.access;
    this.created = what.created;
    this.key = who.key;
    this.pid = who.tgid;
    this.tgid = who.tgid;
    this.fd = who.fd;
    this.comm = what.comm;
    this.exe = what.exe;
    this.containerId = who.containerId;
    this.openedBefore = what.openedBefore;
    this.opened = what.opened;
    this.warnings = what.warnings;
    this.released = what.opened;
    this.foundMs = what.foundMs ?? null;
  }

  countWrite(key: string, bytes: number, ms: number): void {
    if (this.writers === null && key !== this.key) {
      this.writers = this.writes.count === 0 ? [] : [{ key: this.key, ...this.writes }];
    }
    if (this.writers !== null) {
      let writer = this.writers.find((one) => one.key === key);
      if (writer === undefined) {
        writer = { key, count: 0, bytes: 0, first: null, last: null };
        this.writers.push(writer);
      }
      count(writer, bytes, ms);
    }
    count(this.writes, bytes, ms);
  }

  /** They were to something else. Returns how many, and how many bytes. */
  takeBackWrites(key: string): { readonly count: number; readonly bytes: number } {
    const writer = this.writers?.find((one) => one.key === key);
    if (this.writers === null || writer === undefined) return { count: 0, bytes: 0 };
    this.writers.splice(this.writers.indexOf(writer), 1);
    this.writes.count -= writer.count;
    this.writes.bytes -= writer.bytes;
    this.writes.first = this.writes.last = null;
    for (const { first, last } of this.writers) {
      if (first !== null && (this.writes.first === null || first.ms < this.writes.first.ms)) this.writes.first = first;
      if (last !== null && (this.writes.last === null || last.ms > this.writes.last.ms)) this.writes.last = last;
    }
    return writer;
  }

  /** False where it has the warning already. */
  warn(warning: string): boolean {
    if (this.warnings?.includes(warning)) return false;
    this.warnings = [...(this.warnings ?? []), warning];
    return true;
  }

  /** Something more exact is known. */
  replaceWarning(warning: string, other: string): void {
    this.warnings = this.warnings?.map((one) => (one === warning ? other : one)) ?? null;
  }

  /** The content was changed by another call than a write. */
  countChange(key: string, ms: number): void {
    const at = { ms, ns: 0 };
    this.changes ??= [];
    let change = this.changes.find((one) => one.key === key);
    if (change === undefined) {
      change = { key, count: 0, first: at, last: at };
      this.changes.push(change);
    }
    change.count += 1;
    if (ms > change.last.ms) change.last = at;
    if (ms < change.first.ms) change.first = at;
  }

  get fileSessionId(): string {
    return fileSessionId(this);
  }

  /** The open call emptied the file. */
  get truncates(): boolean {
    return truncates(this);
  }

  /** Its last descriptor is gone. */
  end(): void {
    this.closed = this.released;
    this.closedBy = this.releasedBy;
    this.releasedFrom = null;
  }

  /** What it is now, to be written down while it goes on. */
  stateAt(checkpoint: Instant): FileSession {
    const writers = this.writers?.map((writer) => ({ ...writer })) ?? null;
    const { references, released, releasedBy, releasedFrom, foundMs, refuted, unwrittenSince, ...session } = this;
    const changes = this.changes?.map((change) => ({ ...change })) ?? null;
    const mapped = this.mapped === null ? null : { ...this.mapped };
    return { ...session, writes: { ...this.writes }, writers, changes, mapped, checkpoint };
  }
}

function count(totals: Mutable<WriteTotals>, bytes: number, ms: number): void {
  totals.count += 1;
  totals.bytes += bytes;
  // Stamps come in order but for calls that ran at the same time.
  if (totals.last === null || ms > totals.last.ms) totals.last = { ms, ns: 0 };
  if (totals.first === null || ms < totals.first.ms) totals.first = { ms, ns: 0 };
}
