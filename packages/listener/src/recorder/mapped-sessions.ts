/**
 * File sessions that were mapped into memory: stores go into the file without a call. A mapping outlives the descriptor, and
 * is gone at the latest when those who had it have ended or executed something else; that it was unmapped before is not
 * told. So such a session is written down when both are over, and the file has been looked at: by somebody else, who is
 * asked here and whose answer is an event. Pure.
 */

import type { Instant, ProcessKey } from '@godo/evidence';
import type { BinaryString, FileLookEvent } from '../events.ts';
import { type KnownChange, whetherWritten } from './mapped-verdict.ts';
import type { ProcessState } from './process-table.ts';
import type { TrackedSession } from './tracked-session.ts';

/** A file to be looked at. */
export interface FileQuestion {
  readonly fileSessionId: string;
  /** As the process saw it. */
  readonly path: BinaryString;
  /** Only a file with these is the one that is meant. */
  readonly dev: string;
  readonly inode: string;
  /** Processes that have, or had, the root that the path begins at; then paths of it on the host. */
  readonly tgids: readonly number[];
  readonly roots: readonly BinaryString[];
}

export type AskForFile = (question: FileQuestion) => void;

export interface MappedSessionsOptions {
  /** null: nobody will ever answer. */
  readonly ask: AskForFile | null;
  /** Nothing more is to be found out about a session that has ended. */
  settled(session: TrackedSession): void;
  /** Something was found out about one that has not. */
  changed(session: TrackedSession): void;
}

/** A file that is mapped, by one session or several. */
interface MappedFile extends KnownChange {
  /** As they were known when it was mapped: an unnamed file gets its inode by a link. */
  readonly dev: string | null;
  readonly inode: string | null;
  /** Where it is now if it was renamed. */
  path: BinaryString | null;
  users: number;
}

/** What is known of a mapped session beside what is written down. */
export interface MappedSession {
  readonly session: TrackedSession;
  readonly file: MappedFile;
  readonly tgids: Set<number>;
  readonly roots: Set<BinaryString>;
  /** Who has it mapped, as far as is known. */
  readonly holders: Set<ProcessState>;
  ended: boolean;
  /** When it is looked at next while it is open, and how long after the look before. */
  nextLookMs: number;
  pauseMs: number;
  /** A look that has not been answered; final: nobody had it mapped any more when it was asked for. */
  asked: 'no' | 'early' | 'final';
}

/** So many that have ended wait for those who have them mapped. */
const mostEnded = 4_096;
const mostKeys = 256;
/**
 * A daemon may have a file open and mapped as long as it runs: such a session is looked at after this long, and then again each
 * time that it is twice as old, until it is seen to have been written.
 */
const firstLookMs = 10_000;
/** Processes whose root is tried. */
const mostTgids = 8;

const stillThere = 'it was still open or mapped when this was written down';

export class MappedSessions {
  readonly #options: MappedSessionsOptions;
  readonly #mapped = new Map<TrackedSession, MappedSession>();
  readonly #ended = new Map<string, MappedSession>();
  /** Those that have not ended and are looked at. */
  readonly #openLooks = new Map<string, MappedSession>();
  /** Files that are mapped, by inode; of each device one. */
  readonly #files = new Map<string, MappedFile[]>();

  constructor(options: MappedSessionsOptions) {
    this.#options = options;
  }

  /** Whether anything is mapped at all. */
  get isEmpty(): boolean {
    return this.#mapped.size === 0;
  }

  map(process: ProcessState, session: TrackedSession, writable: boolean | null, ms: number): void {
    const at: Instant = { ms, ns: 0 };
    session.mapped ??= {
      ...{ count: 0, first: at, last: at, writable: false, keys: [] },
      ...{ written: null, unknownBecause: stillThere },
    };
    const { mapped } = session;
    mapped.count += 1;
    if (ms < mapped.first.ms) mapped.first = at;
    if (ms > mapped.last.ms) mapped.last = at;
    mapped.writable ||= writable !== false;
    hold(process, this.#knownOf(session, ms));
  }

  /** The memory of a process is gone: it ended, or executed something. */
  release(process: ProcessState): void {
    const { mapped } = process;
    if (mapped === null) return;
    process.mapped = null;
    for (const known of mapped) {
      known.holders.delete(process);
      if (known.ended) this.#goOn(known);
    }
  }

  /** Something was done that changes the time of change of a file; `sets`: to what somebody chose. */
  changed(dev: string | null, inode: string | null, ms: number, sets = false): void {
    for (const file of this.#filesOf(dev, inode)) {
      file.lastMs = Math.max(file.lastMs, ms);
      file.timesSet ||= sets;
    }
  }

  renamed(dev: string | null, inode: string | null, path: BinaryString): void {
    for (const file of this.#filesOf(dev, inode)) file.path = path;
  }

  /** Some time has passed. */
  checkpoint(nowMs: number): void {
    for (const known of this.#mapped.values()) {
      if (known.ended || known.nextLookMs > nowMs || known.session.mapped?.written === true) continue;
      known.nextLookMs = nowMs + known.pauseMs;
      known.pauseMs *= 2;
      if (known.asked === 'no' && this.#whyNot(known) === null) this.#ask(known);
    }
  }

  /** The last descriptor of a mapped session is gone. */
  end(session: TrackedSession): void {
    const known = this.#mapped.get(session);
    if (known === undefined) {
      this.#options.settled(session);
      return;
    }
    known.ended = true;
    this.#openLooks.delete(session.fileSessionId);
    this.#ended.set(session.fileSessionId, known);
    this.#goOn(known);
    if (this.#ended.size <= mostEnded) return;
    const [oldest] = this.#ended.values();
    if (oldest !== undefined) this.#settle(oldest, null, 'more files were mapped than can be watched');
  }

  looked(event: FileLookEvent): void {
    const known = this.#ended.get(event.fileSessionId) ?? this.#openLooks.get(event.fileSessionId);
    if (known === undefined || known.asked === 'no') return;
    const isFinal = known.asked === 'final';
    known.asked = 'no';
    const { written, because } = whetherWritten(known.session, known.file, event);
    // Who has it mapped may write yet, or have written what was not to be seen.
    if (!known.ended) {
      this.#openLooks.delete(event.fileSessionId);
      if (written === true) this.#found(known);
    } else if (written === true || isFinal) {
      this.#settle(known, written, because);
    } else if (known.holders.size === 0) {
      this.#goOn(known);
    }
  }

  /** Nothing more will be told. */
  finish(): void {
    for (const known of [...this.#ended.values()]) this.#settle(known, null, stillThere);
  }

  /** It is open, and was written. */
  #found({ session }: MappedSession): void {
    if (session.mapped === null) return;
    session.mapped.written = true;
    session.mapped.unknownBecause = null;
    this.#options.changed(session);
  }

  #filesOf(dev: string | null, inode: string | null): MappedFile[] {
    const same = inode === null ? [] : (this.#files.get(inode) ?? []);
    return same.filter((file) => file.dev === dev || file.dev === null || dev === null);
  }

  #knownOf(session: TrackedSession, ms: number): MappedSession {
    const known = this.#mapped.get(session);
    if (known !== undefined) return known;
    const made: MappedSession = {
      ...{ session, file: this.#fileOf(session), tgids: new Set<number>(), roots: new Set<BinaryString>() },
      ...{ holders: new Set<ProcessState>(), ended: false, asked: 'no' },
      ...{ nextLookMs: ms + firstLookMs, pauseMs: firstLookMs },
    };
    this.#mapped.set(session, made);
    return made;
  }

  #fileOf({ dev, inode }: TrackedSession): MappedFile {
    const unknown = { dev, inode, path: null, lastMs: Number.NEGATIVE_INFINITY, timesSet: false, users: 0 };
    if (inode === null) return unknown;
    const same = this.#files.get(inode) ?? [];
    this.#files.set(inode, same);
    let file = same.find((one) => one.dev === dev);
    if (file === undefined) {
      file = unknown;
      same.push(file);
    }
    file.users += 1;
    return file;
  }

  /** A session has ended, or somebody has it no longer mapped who had. */
  #goOn(known: MappedSession): void {
    if (known.asked !== 'no') return;
    const why = this.#whyNot(known);
    if (known.session.mapped?.written === true) this.#settle(known, true, null);
    else if (why !== null) this.#settle(known, null, why);
    else this.#ask(known);
  }

  /** Why the file cannot be looked at; null: it can. */
  #whyNot({ session }: MappedSession): string | null {
    const { path, pathResolved, dev, inode, fileType } = session;
    if (this.#options.ask === null) return 'it is known from a log alone';
    if (path === null || !pathResolved || dev === null || inode === null) return 'its path or inode is not known';
    return fileType === 'regular' || fileType === null ? null : 'it is no regular file';
  }

  #ask(known: MappedSession): void {
    const { session, file, ended } = known;
    const { fileSessionId, path, pathHex, dev, inode } = session;
    if (path === null || dev === null || inode === null) return;
    known.asked = ended && known.holders.size === 0 ? 'final' : 'early';
    if (!ended) this.#openLooks.set(fileSessionId, known);
    const bytes = file.path ?? Buffer.from(pathHex ?? path, pathHex === null ? 'utf8' : 'hex').toString('latin1');
    const where = { tgids: [...known.tgids], roots: [...known.roots] };
    this.#options.ask?.({ fileSessionId, path: bytes, dev, inode, ...where });
  }

  #settle(known: MappedSession, written: boolean | null, because: string | null): void {
    const { session } = known;
    this.#mapped.delete(session);
    this.#ended.delete(session.fileSessionId);
    for (const holder of known.holders) holder.mapped?.delete(known);
    known.holders.clear();
    this.#leave(known.file);
    if (session.mapped !== null) {
      session.mapped.written = written;
      session.mapped.unknownBecause = because;
    }
    this.#options.settled(session);
  }

  #leave(file: MappedFile): void {
    const same = file.inode === null ? undefined : this.#files.get(file.inode);
    if (file.inode === null || same === undefined) return;
    file.users -= 1;
    if (file.users > 0) return;
    same.splice(same.indexOf(file), 1);
    if (same.length === 0) this.#files.delete(file.inode);
  }
}

/** A child has what its parent has mapped. */
export function inheritMappings(parent: ProcessState, child: ProcessState): void {
  if (parent.mapped !== null) for (const known of parent.mapped) hold(child, known);
}

function hold(process: ProcessState, known: MappedSession): void {
  process.mapped ??= new Set();
  process.mapped.add(known);
  if (known.holders.has(process)) return;
  known.holders.add(process);
  for (const tgid of [process.tgid, process.parentTgid]) {
    if (tgid !== null && known.tgids.size < mostTgids) known.tgids.add(tgid);
  }
  if (process.rootfs !== null) known.roots.add(process.rootfs);
  else if (process.containerId == null) known.roots.add('/');
  addKey(known.session, process.key);
}

function addKey({ mapped }: TrackedSession, key: ProcessKey): void {
  if (mapped === null || mapped.keys.length >= mostKeys || mapped.keys.includes(key)) return;
  mapped.keys = [...mapped.keys, key];
}
