/** What the operator wants recorded: of which files also opens for reading, and of which processes. Pure. */

import { openFlag, openForWriteMask } from '../audit/syscalls.ts';
import type { BinaryString, OpenEvent, OperationEvent, SessionStartEvent } from '../events.ts';
import type { ProcessState } from './process-table.ts';
import type { TrackedSession } from './tracked-session.ts';

export class RecordingChoice {
  readonly #reads: boolean;
  readonly #sensitive: readonly BinaryString[];
  readonly #isScoped: boolean;
  /** Sessions that a process in a container opened or wrote to; kept only where others are left out. */
  readonly #inside = new WeakSet<TrackedSession>();
  /** Sessions and operations that were not stored because of the scope. */
  leftOut = 0;

  constructor({ reads, sensitive, scope }: Pick<SessionStartEvent, 'reads' | 'sensitive' | 'scope'>) {
    this.#reads = reads === true;
    this.#sensitive = (sensitive ?? []).map((path) => Buffer.from(path, 'utf8').toString('latin1'));
    this.#isScoped = scope === 'containers';
  }

  /** Whether the open call begins a session. Flags that are not known may be any. */
  isRecorded({ flags, fileType, watched, path }: OpenEvent): boolean {
    if (flags !== null && (flags & openFlag.path) !== 0) return false;
    const mayWrite = fileType !== 'directory' && (flags === null || (flags & openForWriteMask) !== 0);
    return mayWrite || this.#reads || this.#isSensitive(watched, path);
  }

  /** Of connections only those to sensitive sockets are told. */
  isRecordedOperation({ operation, watched, file }: OperationEvent): boolean {
    return operation !== 'connect' || this.#isSensitive(watched, file.path);
  }

  /** Others' rules may come before ours: then the path alone tells it. */
  #isSensitive(watched: true | undefined, path: BinaryString | null): boolean {
    if (watched === true) return true;
    if (path === null) return false;
    return this.#sensitive.some((one) => path === one || (path.startsWith(one) && path[one.length] === '/'));
  }

  /** A process has opened the session, or written to it. */
  uses(process: ProcessState, session: TrackedSession): void {
    // Of whom it is not known whether he is in a container, nothing is left out.
    if (this.#isScoped && process.containerId !== null) this.#inside.add(session);
  }

  /** Whether a session is stored. */
  isInScope(session: TrackedSession): boolean {
    return !this.#isScoped || this.#inside.has(session);
  }

  /** The same of a session that has ended; counts those that are not. */
  keeps(session: TrackedSession): boolean {
    if (this.isInScope(session)) return true;
    this.leftOut += 1;
    return false;
  }

  /** The same of what a process did. */
  keepsOperationOf(process: ProcessState): boolean {
    if (!this.#isScoped || process.containerId !== null) return true;
    this.leftOut += 1;
    return false;
  }

  counters(): Readonly<Record<string, number>> {
    return this.#isScoped ? { leftOut: this.leftOut } : {};
  }
}
