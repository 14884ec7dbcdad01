/** The two stores that keep evidence, behind one interface each. MongoDB and SQLite implement both. */

import type { CookedCollection, CookedDocuments, CookedEntry, ProcessDocument } from './cooked-documents.ts';
import type { FileSession } from './file-session.ts';
import type {
  EventDocument,
  LossDocument,
  OperationDocument,
  ProcessKey,
  RawCollection,
  RawEntry,
  SessionDocument,
  TaskObservation,
} from './raw-documents.ts';

export interface InsertResult {
  /** Documents that were new. */
  readonly inserted: number;
  /** Documents whose `_id` was there already; nothing was changed. */
  readonly duplicates: number;
}

/** Raw evidence: only ever added to. */
export interface RawStore {
  /** For people: where it is, without password. */
  readonly location: string;
  /**
   * Adds what is not there yet, all or nothing where the database can; resolves once it is durable as the database promises.
   *
   * @throws StoreError: DOCUMENT_REFUSED where the documents are the reason; with others it may succeed later.
   */
  insert(entries: readonly RawEntry[]): Promise<InsertResult>;
  close(): Promise<void>;
}

/** A batch of some hundred. */
export interface FileSessions {
  readonly sessions: readonly FileSession[];
  /** Documents met meanwhile that are no file sessions, whoever wrote them. */
  readonly unusable: number;
}

/** Raw evidence opened for reading only: the database is not changed by it, not even its files. */
export interface RawReader {
  readonly location: string;
  count(collection: RawCollection): Promise<number>;
  /**
   * Ordered by (key, timeNs, _id), so that the observations of one process come together; in batches of some hundred.
   */
  tasks(): AsyncIterable<readonly TaskObservation[]>;
  /** Ended file sessions, ordered by (opened, _id). */
  closedFiles(): AsyncIterable<FileSessions>;
  /** The latest checkpoint of every file session that has no document in `files`, ordered by (opened, _id). */
  openFiles(): AsyncIterable<FileSessions>;
  /** Ordered by (timeNs, _id). Evidence of before there were operations has none. */
  operations(): AsyncIterable<OperationDocument>;
  /** Ordered by (timeNs, _id). */
  events(): AsyncIterable<EventDocument>;
  losses(): AsyncIterable<LossDocument>;
  sessions(): AsyncIterable<SessionDocument>;
  close(): Promise<void>;
}

/** Documents as the database has them. */
export interface StoredDocuments {
  readonly entries: readonly RawEntry[];
  /** Those that no listener writes so, by `_id`; null: that is not known. */
  readonly changed: readonly (string | null)[];
}

/** Raw evidence opened to be checked: everything that is there, whoever wrote it. */
export interface RawVerifier {
  readonly location: string;
  /** What is wrong with the database itself, a few of them. */
  faults(): Promise<readonly string[]>;
  /** In batches; `files` by their opening, all others but `pids` and `fds` by time. */
  stored(collection: RawCollection): AsyncIterable<StoredDocuments>;
  close(): Promise<void>;
}

/** Writes a whole new set of cooked evidence, which replaces the old set at `commit` and leaves it alone on `abort`. */
export interface CookedWriter {
  readonly location: string;
  insert(entries: readonly CookedEntry[]): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** An opener of the tree: its sessions are in this container, also where they do not say so themselves; null: in none. */
export interface FileVerdict {
  readonly containerId: string | null;
}

/** Says of the opener of file sessions, and the container that it names, whether it is of the tree; null: it is not. */
export type JudgeOpener = (key: ProcessKey, containerId: string | null) => FileVerdict | null;

/** Closed file sessions of raw evidence, some of which are in cooked evidence already. */
export interface PassedFiles extends FileSessions {
  /** Those that are left to be decided one by one: others wrote to the file than its opener, or its end is not known. */
  readonly sessions: readonly FileSession[];
  /** Documents that were met, of whatever fate. */
  readonly seen: number;
  /** Sessions of openers of the tree: they are written, with what was said of their openers. */
  readonly passed: number;
  /** Of sessions that were written, those that changed their file, by container; told once, at the end. */
  readonly changed: readonly { readonly bootId: string; readonly containerId: string; readonly count: number }[];
}

/** A short way from raw into cooked evidence for what becomes no other by it. */
export interface FilePassage {
  /**
   * Instead of {@link RawReader.closedFiles}: takes over what can be taken over as it is. Insertions may go on
   * meanwhile. May be called once.
   */
  closedFiles(judge: JudgeOpener): AsyncIterable<PassedFiles>;
}

/** All given conditions hold together. */
export interface CookedQuery {
  /** Prefix of the container id. */
  readonly container?: string;
  /** Process id (tgid) in the host's pid namespace. */
  readonly pid?: number;
  /** Processes alive, files open, events at or after this moment. */
  readonly sinceNs?: bigint;
  /** … and not begun after this one. */
  readonly untilNs?: bigint;
  readonly exe?: string;
  readonly sessionId?: string;
}

/** Reads cooked evidence, never changes it. */
export interface CookedReader {
  readonly location: string;
  count(collection: CookedCollection): Promise<number>;
  /** Every document of a collection in the order it is shown in: processes by (startNs, _id), files by (openedNs, _id), operations, events and losses by (timeNs, _id), containers by (firstNs, _id), runs by (startNs, _id). */
  find<C extends CookedCollection>(collection: C, query: CookedQuery): AsyncIterable<CookedDocuments[C]>;
  /** The named processes; those that are not there are left out. */
  processes(keys: readonly string[]): Promise<ProcessDocument[]>;
  close(): Promise<void>;
}
