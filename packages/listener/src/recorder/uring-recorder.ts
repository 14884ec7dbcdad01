/**
 * What is known of processes that use io_uring. Audit tells of few of its operations, and of those little: that it is used
 * is a document of its own, and what it makes unsure of file sessions is a warning in them.
 */

import { type EventDocument, moment, type RawEntry, type RunOrigin, textOf } from '@godo/evidence';
import { accessMode } from '../audit/opened-file.ts';
import { openFlag } from '../audit/syscalls.ts';
import type {
  OperationEvent,
  UringChangeEvent,
  UringCloseEvent,
  UringDescriptor,
  UringFile,
  UringFoundEvent,
  UringOpenEvent,
  UringSetupEvent,
} from '../events.ts';
import { LastCaller } from './caller-texts.ts';
import { auditId, nanosecondsPerMs } from './documents.ts';
import type { FileRecorder } from './file-recorder.ts';
import type { ProcessState } from './process-table.ts';
import { TrackedSession } from './tracked-session.ts';

const writesUnseen = 'its process used io_uring, whose writes audit does not tell: there may be more than are counted';
const closesUnseen =
  'its process closed a file by io_uring, audit does not tell which: it may have ended before, and what was written since been another file';

const foundOpen =
  'opened by io_uring, which does not tell how: descriptor, path and flags are what /proc showed a moment later';

/** No descriptor of the process, or one that is not known. */
const noDescriptor = -1;

export type UringEvent = UringSetupEvent | UringOpenEvent | UringCloseEvent | UringChangeEvent;

export class UringRecorder {
  readonly #origin: RunOrigin;
  readonly #files: FileRecorder;
  readonly #emit: (entry: RawEntry) => void;
  readonly #lastCaller = new LastCaller();
  /** What /proc showed for the event that comes next. */
  #found: UringFoundEvent | null = null;
  /** Processes of which it was said. */
  readonly #told = new WeakSet<ProcessState>();

  constructor(origin: RunOrigin, files: FileRecorder, emit: (entry: RawEntry) => void) {
    this.#origin = origin;
    this.#files = files;
    this.#emit = emit;
  }

  apply(process: ProcessState, event: UringEvent): void {
    const timeNs = BigInt(event.ms) * nanosecondsPerMs;
    this.#uses(process, timeNs, event.kind === 'uring-setup' ? 'setup' : 'operation');
    if (event.kind === 'uring-open') this.#open(process, event);
    else if (event.kind === 'uring-close') this.#files.closedAny(process, closesUnseen);
    else if (event.kind === 'uring-change') {
      const { operation } = event;
      this.#document(process, auditId(this.#origin.bootId, event), timeNs, { operation });
    }
  }

  /** Its document is made like any other's. */
  operation(process: ProcessState, event: OperationEvent): void {
    this.#uses(process, BigInt(event.ms) * nanosecondsPerMs, 'operation');
  }

  /** It had a ring when /proc was looked through. */
  found(process: ProcessState, timeNs: bigint): void {
    this.#uses(process, timeNs, 'snapshot');
  }

  #uses(process: ProcessState, timeNs: bigint, seen: 'setup' | 'operation' | 'snapshot'): void {
    if (process.descriptors.warning === null) {
      process.descriptors.warning = writesUnseen;
      this.#files.warn(process, writesUnseen);
    }
    if (this.#told.has(process)) return;
    this.#told.add(process);
    this.#document(process, `${process.key}:io-uring`, timeNs, { seen });
  }

  #document(process: ProcessState, id: string, timeNs: bigint, data: EventDocument['data']): void {
    const { key, tgid, containerId = null } = process;
    const document = { _id: id, ...this.#origin, ...moment(timeNs), kind: 'io-uring', key, tgid, containerId, data };
    this.#emit({ collection: 'events', document });
  }

  /** Of the event that comes next. */
  tell(event: UringFoundEvent): void {
    this.#found = event;
  }

  #open(process: ProcessState, event: UringOpenEvent): void {
    const found = this.#found;
    this.#found = null;
    const descriptors = found !== null && isLifeOf(process, found) ? found.descriptors : [];
    event.files.forEach((file, place) => {
      // One event may tell of several files.
      const id = place === 0 ? event.serial : `${auditId(this.#origin.bootId, event)}.${place}`;
      const own = descriptors.filter(({ dev, inode }) => dev === file.dev && inode === file.inode);
      const [descriptor, ...others] = own.filter(({ fd }) => !this.#isKnown(process, fd, file));
      // One that is open for writing, and of which nothing has told, is the one that io_uring opened.
      if (descriptor !== undefined && others.length === 0 && canWrite(descriptor.flags)) {
        this.#openAt(process, event, file, descriptor, id);
      } else {
        this.#openAnywhere(process, event, this.#files.place(process, event.ms, placed(file, own)), id);
      }
    });
  }

  #isKnown(process: ProcessState, fd: number, { dev, inode }: UringFile): boolean {
    const session = process.descriptors.get(fd)?.session;
    return session !== undefined && session.dev === dev && session.inode === inode;
  }

  #openAt(
    process: ProcessState,
    { ms, serial, caller }: UringOpenEvent,
    file: UringFile,
    { fd, path, flags }: UringDescriptor,
    id: string | number,
  ): void {
    const how = {
      ...{ fd, flags, access: accessMode(flags), closeOnExec: (flags & openFlag.closeOnExec) !== 0 },
      ...{ path, pathResolved: true, dirfd: null, truncates: false },
    };
    const warnings = [foundOpen];
    this.#files.open(process, { ...file, ...how, kind: 'open', ms, serial, caller, warnings }, id);
  }

  /**
   * Which descriptor the file got is not known, so nothing is ever heard of its session again: it ends where it begins, and
   * says so.
   */
  #openAnywhere(process: ProcessState, event: UringOpenEvent, file: UringFile, id: string | number): void {
    const path = file.path === null ? null : textOf(file.path);
    const session = new TrackedSession(
      {
        id,
        path: path?.text ?? null,
        pathHex: path?.hex ?? null,
        pathResolved: file.pathResolved,
        dirfd: null,
        dev: file.dev,
        inode: file.inode,
        fileType: file.fileType,
        flags: null,
        access: 'unknown',
        created: file.created,
        ...this.#lastCaller.textsOf(process, event.caller),
        openedBefore: false,
        opened: { ms: event.ms, ns: 0 },
        warnings: event.warnings ?? null,
      },
      {
        origin: this.#origin,
        key: process.key,
        tgid: process.tgid,
        containerId: process.containerId ?? null,
        fd: noDescriptor,
      },
    );
    session.releasedBy = 'unseen';
    session.end();
    this.#emit({ collection: 'files', session });
  }
}

/** The start that a fork told and the one that /proc shows differ by a tick at most. */
function isLifeOf({ tgid, startTicks }: ProcessState, found: UringFoundEvent): boolean {
  return tgid === found.tgid && startTicks !== null && Math.abs(startTicks - found.startTicks) <= 1;
}

function canWrite(flags: number): boolean {
  const access = accessMode(flags);
  return access === 'write' || access === 'readwrite';
}

/** With the path that /proc shows, if that is one. */
function placed(file: UringFile, descriptors: readonly UringDescriptor[]): UringFile {
  const [path, ...others] = new Set(descriptors.map((descriptor) => descriptor.path));
  return file.pathResolved || path === undefined || others.length > 0 ? file : { ...file, path, pathResolved: true };
}
