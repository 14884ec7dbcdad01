import { type Inside, type Namespaces, namespaceKinds, type TaskObservation } from '@godo/evidence';
import { coarseNs, countOf } from './values.ts';

/** What was observed of a process in namespaces that are not the host's. */
export interface ObservedInside {
  readonly innerPid: number | null;
  readonly pids: readonly number[] | null;
  /** In order of time. */
  readonly changes: readonly NamespaceChange[];
}

interface NamespaceChange {
  readonly timeNs: bigint;
  /** null: a call changed them, to what is not known. */
  readonly namespaces: Namespaces | null;
}

const mostChanges = 100;

/** Takes the observations of one process in order of time. */
export class InsideLog {
  #innerPid: number | null = null;
  #pids: readonly number[] | null = null;
  readonly #changes: NamespaceChange[] = [];

  observe(task: TaskObservation): void {
    if (task.pid !== task.tgid) return;
    if (task.innerPid !== undefined) this.#innerPid = countOf(task.innerPid) ?? this.#innerPid;
    if (task.pids !== undefined) this.#pids = countsOf(task.pids) ?? this.#pids;
    if (task.namespaces === undefined) return;
    const { timeNs } = task;
    const namespaces = task.namespaces === null ? null : namespacesOf(task.namespaces);
    const last = this.#changes.at(-1);
    // A reading right behind the coarse stamp of a call may be older than the call.
    if (last !== undefined && last.namespaces === null && timeNs < last.timeNs + coarseNs) return;
    if (last !== undefined && nameOf(last.namespaces) === nameOf(namespaces)) return;
    if (this.#changes.length === mostChanges) this.#changes.pop();
    this.#changes.push({ timeNs, namespaces });
  }

  /** null where nothing was observed: so it is for all that is on the host. */
  finish(): ObservedInside | null {
    if (this.#innerPid === null && this.#pids === null && this.#changes.length === 0) return null;
    return { innerPid: this.#innerPid, pids: this.#pids, changes: this.#changes };
  }
}

/**
 * The namespaces of a process at a moment.
 *
 * @param timeNs - null: at the end.
 * @returns undefined where nothing was observed by then.
 */
export function namespacesAt(inside: ObservedInside | null, timeNs: bigint | null): Namespaces | null | undefined {
  return inside?.changes.findLast((change) => timeNs === null || change.timeNs <= timeNs)?.namespaces;
}

/** As documents have it. */
export function insideFields(inside: ObservedInside | null, namespaces: Namespaces | null | undefined): Inside {
  return {
    ...(inside?.innerPid != null && { innerPid: inside.innerPid }),
    ...(inside?.pids != null && { pids: inside.pids }),
    ...(namespaces !== undefined && { namespaces }),
  };
}

function countsOf(value: unknown): readonly number[] | null {
  if (!Array.isArray(value)) return null;
  return value.every((item) => countOf(item) !== null) ? value : null;
}

/** What is no namespace's inode is left out. */
function namespacesOf(value: unknown): Namespaces | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    namespaceKinds.flatMap((kind) => (countOf(fields[kind]) === null ? [] : [[kind, fields[kind]]])),
  );
}

function nameOf(namespaces: Namespaces | null): string {
  return namespaces === null ? '' : namespaceKinds.map((kind) => namespaces[kind] ?? '').join(' ');
}
