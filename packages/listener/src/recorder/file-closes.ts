/** What gives descriptors up, and so ends file sessions: closes, an exec, and the end of a process. */

import { instantOfNs } from '@godo/evidence';
import type { CloseEvent, CloseRangeEvent } from '../events.ts';
import { type DescriptorNumbers, isOlderThanSnapshot, stampOf } from './descriptor-numbers.ts';
import { type Descriptor, DescriptorTable } from './descriptor-table.ts';
import { msOf } from './found-descriptors.ts';
import type { NameResolver } from './name-resolver.ts';
import type { OpenFileSessions } from './open-file-sessions.ts';
import type { ProcessState } from './process-table.ts';

export class FileCloses {
  readonly #sessions: OpenFileSessions;
  readonly #numbers: DescriptorNumbers;
  readonly #names: NameResolver;

  constructor(numbers: DescriptorNumbers, names: NameResolver) {
    this.#sessions = numbers.sessions;
    this.#numbers = numbers;
    this.#names = names;
  }

  close(process: ProcessState, event: CloseEvent): void {
    this.#names.close(process, event);
    const held = process.descriptors.get(event.fd);
    if (held !== undefined && isOlderThanSnapshot(process, held, event.ms)) return;
    if (held === undefined || held.looked !== null) this.#numbers.found.correct(process, event.fd, event.ms);
    this.#numbers.giveUp(process, event.fd, held, stampOf(event), 'close');
  }

  closeRange(process: ProcessState, event: CloseRangeEvent): void {
    if (event.unshares) {
      // The others of its threads keep what it closes.
      if (process.threaded) return;
      process.descriptors = process.descriptors.apart();
    }
    this.#names.closeRange(process, event);
    // Numbers are compared unsigned: ~0 is the usual end of the range.
    const isMeant = (fd: number) => fd >>> 0 >= event.first && fd >>> 0 <= event.last;
    for (const [fd, what] of process.descriptors.elsewheres()) {
      if (!isMeant(fd)) continue;
      this.#numbers.found.correct(process, fd, event.ms);
      if (event.onExec) what.closeOnExec = true;
      else process.descriptors.forgetElsewhere(fd);
    }
    for (const fd of process.descriptors.numbers()) {
      if (!isMeant(fd)) continue;
      if (!event.onExec) this.#numbers.found.correct(process, fd, event.ms);
      const held = process.descriptors.get(fd);
      if (held === undefined || isOlderThanSnapshot(process, held, event.ms)) continue;
      if (event.onExec) held.closeOnExec = true;
      else this.#numbers.giveUp(process, fd, held, stampOf(event), 'close');
    }
  }

  exec(process: ProcessState, ms: number): void {
    process.executed = true;
    process.descriptors = process.descriptors.apart();
    this.#names.exec(process, ms);
    this.#sessions.mapped.release(process);
    // A number that an exec has closed may be another file's now.
    for (const [fd] of process.descriptors.elsewheres()) this.#numbers.found.correct(process, fd, ms);
    for (const [fd, { looked }] of process.descriptors.entries()) {
      if (looked !== null) this.#numbers.found.correct(process, fd, ms);
    }
    this.#numbers.unsure.leavingAll(process, ms, isClosedOnExec);
    process.descriptors.releaseOnExec(
      { ms, ns: 0 },
      (descriptor) => !isOlderThanSnapshot(process, descriptor, ms),
      this.#sessions.ended,
    );
  }

  exit(process: ProcessState, timeNs: bigint): void {
    this.#sessions.mapped.release(process);
    const { descriptors } = process;
    if (descriptors.isShared) {
      descriptors.leave();
      process.descriptors = new DescriptorTable();
      return;
    }
    descriptors.directories.clear();
    this.#numbers.unsure.leavingAll(process, msOf(timeNs));
    if (descriptors.size > 0) descriptors.releaseAll(instantOfNs(timeNs), 'exit', this.#sessions.ended);
  }
}

const isClosedOnExec = ({ closeOnExec }: Descriptor) => closeOnExec;
