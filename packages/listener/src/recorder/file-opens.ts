/** What begins file sessions: opens, other calls that make descriptors, and what was open when the listener started. */

import { instantOfNs, type RunOrigin, textOf } from '@godo/evidence';
import { accessMode } from '../audit/opened-file.ts';
import type { DescriptorFoundEvent, MadeEvent, OpenEvent, PipeEvent, SnapshotEvent } from '../events.ts';
import type { LastCaller } from './caller-texts.ts';
import { linkedDescriptor } from './descriptor-link.ts';
import { type DescriptorNumbers, isOlderThanSnapshot, stampOf } from './descriptor-numbers.ts';
import type { Looked } from './descriptor-table.ts';
import { textOrNull } from './document-text.ts';
import { msOf } from './found-descriptors.ts';
import { isForWriting, isMadeBy, isUnnamed, knownFile, madeWarnings, unidentified, unknownFile } from './found-file.ts';
import type { NameResolver } from './name-resolver.ts';
import type { OpenFileSessions } from './open-file-sessions.ts';
import type { ProcessState } from './process-table.ts';
import type { Opened, TrackedSession } from './tracked-session.ts';

/** A call told what the descriptor refers to: nothing takes that back. */
const told = Number.NEGATIVE_INFINITY;

export class FileOpens {
  readonly #runId: string;
  readonly #sessions: OpenFileSessions;
  readonly #numbers: DescriptorNumbers;
  readonly #names: NameResolver;
  readonly #callers: LastCaller;

  constructor({ sessionId }: RunOrigin, numbers: DescriptorNumbers, names: NameResolver, callers: LastCaller) {
    this.#runId = sessionId;
    this.#sessions = numbers.sessions;
    this.#numbers = numbers;
    this.#names = names;
    this.#callers = callers;
  }

  /** `id`: of its session, as in FileSession. */
  open(process: ProcessState, opening: OpenEvent, id: string | number = opening.serial): void {
    const event = this.#names.open(process, opening);
    this.#numbers.giveOut(process, event.fd, event);
    if (event.truncates && !this.#sessions.mapped.isEmpty)
      this.#sessions.mapped.changed(event.dev, event.inode, event.ms);
    if (!this.#sessions.choice.isRecorded(event)) return;
    const path = event.path === null ? null : textOf(event.path);
    const again = this.#reopened(process, event);
    const caller = this.#callers.textsOf(process, event.caller);
    const found = isUnnamed(event.flags) ? this.#numbers.found.unnamedFile(process, event) : null;
    const looked: Looked | null = found === null ? null : { ms: msOf(found.timeNs), told: 'file' };
    const opened: Opened = {
      id,
      path: again === null ? (path?.text ?? null) : again.path,
      pathHex: again === null ? (path?.hex ?? null) : again.pathHex,
      pathResolved: again === null ? event.pathResolved : again.pathResolved,
      dirfd: again === null ? event.dirfd : again.dirfd,
      dev: event.dev,
      inode: event.inode ?? found?.file?.inode ?? null,
      fileType: event.fileType,
      flags: event.flags,
      access: event.access,
      created: event.created,
      comm: caller.comm,
      exe: caller.exe,
      openedBefore: false,
      opened: stampOf(event),
      warnings: event.warnings ?? null,
      ...(looked !== null && { foundMs: looked.ms }),
    };
    this.#sessions.begin(process, event.fd, event.closeOnExec, opened, looked);
  }

  /** A descriptor of which the call does not tell what it refers to: /proc is asked at once. */
  made(process: ProcessState, event: MadeEvent): void {
    this.#numbers.giveOut(process, event.fd, event);
    process.descriptors.directories.delete(event.fd);
    const found = this.#numbers.found.find(process, event.fd);
    const file = found?.file ?? null;
    const isIt = file !== null && isMadeBy(event, file);
    if (event.by === 'pidfd_getfd') {
      // Whatever it is, it was opened before, by somebody else.
      if (found !== null) this.#numbers.found.learn(process, event.fd, found);
      return;
    }
    if (isIt && !isForWriting(file)) {
      this.#numbers.found.learn(process, event.fd, found as DescriptorFoundEvent);
      return;
    }
    const caller = this.#callers.textsOf(process, event.caller);
    const known = isIt ? knownFile(file) : unknownFile;
    const looked: Looked | null = isIt ? { ms: msOf((found as DescriptorFoundEvent).timeNs), told: 'file' } : null;
    const warnings = [...(isIt ? madeWarnings[event.by] : [unidentified]), ...(event.warnings ?? [])];
    const isMemory = event.by === 'memfd_create';
    const flags = (isIt ? file.flags : event.flags) ?? null;
    const opened: Opened = {
      id: event.serial,
      ...known,
      fileType: isMemory ? 'regular' : known.fileType,
      flags,
      access: isMemory ? 'readwrite' : accessMode(flags),
      created: isMemory,
      ...caller,
      openedBefore: false,
      opened: stampOf(event),
      warnings: warnings.length === 0 ? null : warnings,
      ...(looked !== null && { foundMs: looked.ms }),
    };
    this.#sessions.begin(process, event.fd, event.closeOnExec, opened, looked);
  }

  /** What is written to a pipe is in no file, of whoever inherits it either. */
  pipe(process: ProcessState, event: PipeEvent): void {
    for (const fd of event.fds) {
      this.#numbers.giveOut(process, fd, event);
      process.descriptors.directories.delete(fd);
      const { closeOnExec } = event;
      process.descriptors.setElsewhere(fd, {
        closeOnExec,
        lost: false,
        foundMs: told,
        file: null,
        writes: 0,
        bytes: 0,
      });
    }
  }

  /** Files that were open for writing when the listener started. */
  adopt(process: ProcessState, event: SnapshotEvent): void {
    this.#names.adopt(process, event);
    const opened = instantOfNs(event.timeNs);
    for (const file of event.files) {
      this.#sessions.begin(process, file.fd, file.closeOnExec, {
        id: `${this.#runId}:open:${process.tgid}.${process.startTicks}.${file.fd}`,
        ...knownFile(file),
        flags: file.flags,
        access: file.access,
        created: false,
        comm: textOrNull(process.comm),
        exe: textOrNull(process.exe),
        openedBefore: true,
        opened,
        warnings: null,
      });
    }
    const foundMs = msOf(event.timeNs);
    for (const { fd, closeOnExec } of event.others ?? []) {
      process.descriptors.setElsewhere(fd, { closeOnExec, lost: false, foundMs, file: null, writes: 0, bytes: 0 });
    }
  }

  /** What is opened anew by the name that its descriptor has in /proc has the name by which it was opened first. */
  #reopened(process: ProcessState, { path, ms, dev, inode }: OpenEvent): TrackedSession | null {
    const fd = linkedDescriptor(path, process);
    const held = fd === null ? undefined : process.descriptors.get(fd);
    if (held === undefined || inode === null || isOlderThanSnapshot(process, held, ms)) return null;
    const { session } = held;
    return session.path !== null && session.dev === dev && session.inode === inode ? session : null;
  }
}
