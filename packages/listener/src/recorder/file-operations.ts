/** Operations on files, and what they change of file sessions. */

import { type OperationDocument, type RunOrigin, textOf } from '@godo/evidence';
import type { OperationEvent } from '../events.ts';
import type { LastCaller } from './caller-texts.ts';
import { linkedDescriptor } from './descriptor-link.ts';
import { type DescriptorNumbers, isOlderThanSnapshot } from './descriptor-numbers.ts';
import type { KnownFile } from './directory-descriptors.ts';
import { isUnnamed } from './found-file.ts';
import type { NameResolver } from './name-resolver.ts';
import type { OpenFileSessions } from './open-file-sessions.ts';
import { changesContent, type DescribedFile, operationDocument } from './operation-document.ts';
import type { ProcessState } from './process-table.ts';
import { TrackedSession } from './tracked-session.ts';

export class FileOperations {
  readonly #origin: RunOrigin;
  readonly #sessions: OpenFileSessions;
  readonly #numbers: DescriptorNumbers;
  readonly #names: NameResolver;
  readonly #callers: LastCaller;

  constructor(origin: RunOrigin, numbers: DescriptorNumbers, names: NameResolver, callers: LastCaller) {
    this.#origin = origin;
    this.#sessions = numbers.sessions;
    this.#numbers = numbers;
    this.#names = names;
    this.#callers = callers;
  }

  /** Its document: of an operation on a descriptor, the path is that of its session. `all`: the processes that live. */
  document(process: ProcessState, given: OperationEvent, all: () => Iterable<ProcessState>): OperationDocument {
    const isLinked = given.fd === null && given.inode !== null && given.operation !== 'link';
    const linked = isLinked ? linkedDescriptor(given.file.path, process) : null;
    const event = this.#names.operation(process, linked === null ? given : { ...given, fd: linked }, all);
    const caller = this.#callers.textsOf(process, event.caller);
    const file = this.#operatedOn(process, event);
    this.#noteChange(process, event, file instanceof TrackedSession ? file : undefined);
    const from = event.content?.fromFd ?? null;
    const source = from === null ? undefined : this.#numbers.settled(process, from, event.ms)?.session;
    const document = operationDocument(this.#origin, process, event, caller, file, source);
    // A file without a name has one from now on; when it was linked it had none.
    if (event.operation === 'link' && event.success) this.#named(process, event);
    return document;
  }

  #noteChange(process: ProcessState, event: OperationEvent, session: TrackedSession | undefined): void {
    const { operation, success, to } = event;
    if (operation === 'rename' && success && to?.pathResolved && to.path !== null) {
      this.#numbers.unsure.renamed(event.inode, to.path);
      if (!this.#sessions.mapped.isEmpty) this.#sessions.mapped.renamed(event.dev, event.inode, to.path);
    }
    const sets = event.operation === 'utimes';
    if (!event.success || !(sets || changesContent(event))) return;
    if (session !== undefined && event.fd !== null && !sets) {
      session.countChange(process.key, event.ms);
      this.#sessions.changed(session);
    }
    const { dev, inode } = event.inode === null && session !== undefined ? session : event;
    if (!this.#sessions.mapped.isEmpty) this.#sessions.mapped.changed(dev, inode, event.ms, sets);
  }

  /** What the descriptor of an operation refers to; it is looked up where nothing told of it. */
  #operatedOn(process: ProcessState, event: OperationEvent): DescribedFile | undefined {
    const { fd, ms, success } = event;
    if (fd === null) return undefined;
    const { descriptors } = process;
    const held = this.#numbers.settled(process, fd, ms);
    if (held !== undefined && !isOlderThanSnapshot(process, held, ms)) return held.session;
    const directory = described(this.#names.operatedOn(process, event));
    if (directory !== undefined || held !== undefined) return directory;
    if (success && descriptors.elsewhere(fd) === undefined) this.#numbers.found.lookUp(process, fd);
    return descriptors.get(fd)?.session ?? descriptors.elsewhere(fd)?.file ?? undefined;
  }

  /** An unnamed file (O_TMPFILE) gets its name by a link: it is the one of its session from then on. */
  #named(process: ProcessState, { to, inode, dev, fd, file, ms }: OperationEvent): void {
    const linked = fd ?? linkedDescriptor(file.path, process);
    const held = linked === null ? undefined : this.#numbers.settled(process, linked, ms);
    if (held === undefined || to === null || to.path === null || !isUnnamed(held.session.flags)) return;
    const { session } = held;
    // Another name of it is none of its own.
    if (session.path !== null) return;
    const { text, hex } = textOf(to.path);
    // What the call tells of it counts, whatever /proc showed since.
    held.looked = null;
    session.path = text;
    session.pathHex = hex ?? null;
    session.pathResolved = to.pathResolved;
    session.dirfd = to.dirfd;
    session.inode = inode;
    session.dev = dev ?? session.dev;
    session.warn('it was written under no name until it was linked under this one');
    this.#sessions.changed(session);
  }
}

function described(file: KnownFile | undefined): DescribedFile | undefined {
  if (file === undefined || file.path === null) return undefined;
  const { text, hex } = textOf(file.path);
  const { dev, inode, fileType } = file;
  return { path: text, pathHex: hex ?? null, pathResolved: true, dirfd: null, dev, inode, fileType };
}
